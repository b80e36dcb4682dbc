import type { Vote } from './facts.ts';
import { isqrt } from './numbers.ts';

const NEUTRAL = 10_000n;
const HALF = 5_000n;
/** 1.96² in ten-thousandths. */
const Z = 38_416n;

/** What payers' words do to a node's weight: nothing, unless the 95 % interval of their good share leaves one half out. */
export function multiplierOf(good: bigint, all: bigint): bigint {
  if (all === 0n) return NEUTRAL;
  const mid = 2n * NEUTRAL * good + Z;
  const half = isqrt((Z * (Z * all + 4n * NEUTRAL * good * (all - good))) / all);
  const whole = 2n * (NEUTRAL * all + Z);
  const [low, high] = [(NEUTRAL * (mid - half)) / whole, (NEUTRAL * (mid + half)) / whole];
  if (low > HALF) return NEUTRAL + (low - HALF) / 5n;
  return high < HALF ? NEUTRAL - (HALF - high) / 5n : NEUTRAL;
}

export function feedbackOf(votes: Iterable<Vote>): (node: string) => bigint {
  const counts = new Map<string, { good: bigint; all: bigint }>();
  for (const { node, good } of votes) {
    const known = counts.get(node) ?? { good: 0n, all: 0n };
    counts.set(node, { good: known.good + (good ? 1n : 0n), all: known.all + 1n });
  }
  return (node) => {
    const { good, all } = counts.get(node) ?? { good: 0n, all: 0n };
    return multiplierOf(good, all);
  };
}
