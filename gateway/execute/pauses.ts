/** Adds up the time in which a call stood still for its caller's sake: time that is not the node's. */
export type Pauses = {
  readonly begin: () => void;
  readonly end: () => void;
  /** With the pause that is under way. */
  readonly totalMs: () => number;
};

export function createPauses(nowMs: () => number): Pauses {
  let pastMs = 0;
  let sinceMs: number | undefined;
  const totalMs = (): number => pastMs + (sinceMs === undefined ? 0 : nowMs() - sinceMs);
  return {
    begin() {
      sinceMs ??= nowMs();
    },
    end() {
      pastMs = totalMs();
      sinceMs = undefined;
    },
    totalMs,
  };
}
