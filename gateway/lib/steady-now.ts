/**
 * Milliseconds since 1970 as the machine's clock had them when the process began, and as they have passed since. Whoever
 * sets that clock, or a server of time that corrects it, moves nothing that waits or is due here.
 */
export const steadyNow = (): number => Math.floor(performance.timeOrigin + performance.now());
