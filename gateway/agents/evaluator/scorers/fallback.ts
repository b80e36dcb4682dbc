import { keccakText } from '../../../protocol/keccak.ts';
import type { Hex } from '../../../protocol/types.ts';
import { DIMENSION_NAMES } from './scorer.ts';
import type { DimensionName, Evaluand, Scorer } from './scorer.ts';

export type Fault = { readonly dimensions: readonly DimensionName[]; readonly reason: unknown };

/**
 * A scorer that fails costs the dimensions that it did not score, never the evaluation: those are the fallback's, and what
 * that cannot score either is 0, as a drawn receipt that nobody scores is. The id says that another one judged.
 */
export function withFallback(scorer: Scorer, fallback: Scorer, onFault: (fault: Fault) => void): Scorer {
  return {
    id: scorer.id,
    async score(evaluand) {
      const { scores, reason } = await attempt(scorer, evaluand);
      const dimensions = DIMENSION_NAMES.filter((name) => !isScore(scores[name]));
      if (dimensions.length > 0) onFault({ dimensions, reason });
      const spare = dimensions.length > 0 ? (await attempt(fallback, evaluand)).scores : {};
      const of = (name: DimensionName): number => [scores[name], spare[name]].find(isScore) ?? 0;
      const filled = { accuracy: of('accuracy'), consistency: of('consistency'), format: of('format') };
      return dimensions.length === 0 ? filled : { ...filled, scorerId: idOf(scorer, fallback, dimensions) };
    },
  };
}

type Attempt = { readonly scores: Partial<Record<DimensionName, number>>; readonly reason: unknown };

async function attempt(scorer: Scorer, evaluand: Evaluand): Promise<Attempt> {
  try {
    const scores = (await scorer.score(evaluand)) as Attempt['scores'] | null | undefined;
    return { scores: scores ?? {}, reason: 'scores are integers from 0 to 10,000' };
  } catch (reason) {
    return { scores: {}, reason };
  }
}

function isScore(value: number | undefined): value is number {
  return Number.isInteger(value) && value !== undefined && value >= 0 && value <= 10_000;
}

/** The fallback's own where it did everything, one that only this mixture has where each did a part. */
function idOf(scorer: Scorer, fallback: Scorer, dimensions: readonly DimensionName[]): Hex {
  if (dimensions.length === DIMENSION_NAMES.length) return fallback.id;
  return keccakText(`dgrid.fallback:${scorer.id}:${fallback.id}:${dimensions.join()}`);
}
