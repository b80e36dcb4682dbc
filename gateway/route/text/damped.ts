/** Frequent words count more than rare ones, but far less than in proportion. */
const DAMPED = Float64Array.from({ length: 64 }, (_, count) => 1 + Math.log(Math.max(1, count)));

export const damped = (count: number): number => DAMPED[Math.min(63, count)] ?? 1;
