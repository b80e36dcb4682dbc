import type { Scorer } from './scorer.ts';

/** The same scorer; a score that takes longer is given up, so that no scorer can keep a place for ever. */
export function withDeadline(scorer: Scorer, deadlineMs: number): Scorer {
  return {
    id: scorer.id,
    async score(evaluand) {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error(`no score within ${deadlineMs} ms`)), deadlineMs);
      try {
        return await Promise.race([scorer.score(evaluand), late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
