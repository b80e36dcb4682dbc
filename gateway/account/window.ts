/**
 * What happened in the last minute, to the second. In no sixty seconds, wherever they begin, is more let through than the
 * limit: a bucket that refills would allow twice as much around the moment it was full.
 */
export type MinuteWindow = {
  readonly used: (nowMs: number) => bigint;
  /** Adds to the second of `atMs`; a correction (negative) of what has already left the window is forgotten. */
  readonly add: (atMs: number, amount: bigint, nowMs: number) => void;
  /** How long until `amount`, which is no more than `limit`, fits under it. */
  readonly waitMs: (amount: bigint, limit: bigint, nowMs: number) => number;
  /** How long until the window is empty. */
  readonly resetMs: (nowMs: number) => number;
};

const SECONDS = 60;

export function createMinuteWindow(): MinuteWindow {
  /** Seconds that hold anything; never many more than sixty. */
  const slots = new Map<number, bigint>();
  /** A second that is still far away is of a clock that was put back. */
  const isOut = (second: number, nowMs: number): boolean => {
    const now = Math.floor(nowMs / 1_000);
    return second <= now - SECONDS || second > now + SECONDS;
  };

  const prune = (nowMs: number): void => {
    for (const second of slots.keys()) if (isOut(second, nowMs)) slots.delete(second);
  };
  const used = (nowMs: number): bigint => {
    prune(nowMs);
    let sum = 0n;
    for (const amount of slots.values()) sum += amount;
    return sum;
  };
  /** When a second's amount has left the window. */
  const leavesInMs = (second: number, nowMs: number): number => (second + SECONDS) * 1_000 - nowMs;

  return {
    used,
    add(atMs, amount, nowMs) {
      prune(nowMs);
      const second = Math.floor(atMs / 1_000);
      if (isOut(second, nowMs)) return;
      const next = (slots.get(second) ?? 0n) + amount;
      if (next > 0n) slots.set(second, next);
      else slots.delete(second);
    },
    waitMs(amount, limit, nowMs) {
      let over = used(nowMs) + amount - limit;
      if (over <= 0n) return 0;
      for (const [second, held] of [...slots].toSorted(([a], [b]) => a - b)) {
        over -= held;
        if (over <= 0n) return Math.max(1, leavesInMs(second, nowMs));
      }
      return SECONDS * 1_000;
    },
    resetMs(nowMs) {
      prune(nowMs);
      return slots.size === 0 ? 0 : Math.max(1, leavesInMs(Math.max(...slots.keys()), nowMs));
    },
  };
}
