import type { MissedBook, MissedDecision } from '../registry/missed-book.ts';
import type { Candidate } from '../route/candidate.ts';
import type { Decision, Fates } from '../route/decide.ts';

type Entry = MissedDecision['entries'][number];

/** Up to this many candidates every decision is looked at, above that one in a hundred. */
const ALWAYS_UP_TO = 32;

export type Routed = {
  readonly candidates: readonly Candidate[];
  /** Uniform 32 bits. */
  readonly random: () => number;
};

/** Tells the book what kept every candidate out of a request that nobody could take. */
export function noteKeptOut(book: MissedBook, { reasonAt }: Pick<Fates, 'reasonAt'>, routed: Routed): void {
  if (isPassedBy(routed)) return;
  const entries = routed.candidates.flatMap(({ node: { account } }, index): Entry[] => {
    const outcome = reasonAt(index);
    return outcome === undefined ? [] : [{ account, outcome }];
  });
  book.note({ entries });
}

const isPassedBy = ({ candidates, random }: Routed): boolean =>
  candidates.length > ALWAYS_UP_TO && random() % 100 !== 0;

/** Tells the book what a decision meant for each candidate, in the words of the router's own filters. */
export function noteMissed(book: MissedBook, { order, fates }: Decision, routed: Routed): void {
  if (isPassedBy(routed)) return;
  const { candidates } = routed;
  const [first] = order;
  const shares = sharesOf(fates);
  const entries = candidates.map(({ node: { account } }, index): Entry => {
    const outcome = fates.reasonAt(index);
    if (outcome !== undefined) return { account, outcome };
    return { account, outcome: index === first?.index ? 'won' : 'lost', shareBps: shares.get(index) ?? 0 };
  });
  book.note({ entries });
}

/** What part of the draw each eligible candidate had, in bps, by its position in the list. */
function sharesOf({ eligible, weights }: Fates): ReadonlyMap<number, number> {
  const shareAt = (place: number): number => Math.floor((10_000 * (weights.weight[place] ?? 0)) / weights.total);
  return new Map(eligible.map(({ index }, place) => [index, shareAt(place)]));
}
