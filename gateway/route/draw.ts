import type { Eligible } from './eligibility.ts';
import type { Weights } from './score.ts';

/** Uniform 32-bit numbers, drawn by the caller: the decision itself has no chance in it and can be replayed. */
export type Draw = {
  readonly explore: number;
  readonly pick: number;
  /** A second pick: of two, whoever has fewer requests in flight. Without it the first one stands. */
  readonly second?: number;
};

/** Those that are drawn among: all that are eligible, or those that serve one model of a list. */
export type Pool = {
  readonly eligible: readonly Eligible[];
  readonly weights: Weights;
  readonly only: string | undefined;
};

const UINT32 = 2 ** 32;
/** A newcomer that others were preferred to so often is asked before anybody else. */
const PATIENCE = 40;
/** Of more newcomers than this, all at their limit, a share of requests takes care one by one. */
const AT_ONCE = 10;
const CROWD_BPS = 1_000;
/** How much less an unlikely candidate is explored: one that is .1 of quality behind the best, by two thirds. */
const EXPLORE_SHARPNESS = 10;
/** Nobody is so unlikely that nothing is ever tried: circumstances change. */
const LEAST_SHARE = 0.02;
const RARITY = 1_000_000;

const isIn = ({ only }: Pool, { candidate }: Eligible): boolean => only === undefined || candidate.model.id === only;

/** Those of the newcomers that could have been drawn. */
export const newcomersIn = (pool: Pool, newcomers: readonly number[]): readonly number[] =>
  pool.only === undefined
    ? newcomers
    : newcomers.filter((index) => pool.eligible[index]?.candidate.model.id === pool.only);

export const sizeOf = (pool: Pool): number =>
  pool.only === undefined ? pool.eligible.length : pool.eligible.filter((entry) => isIn(pool, entry)).length;

/** By weight, and of two so drawn the one that is less busy. */
export function drawByWeight(pool: Pool, { pick, second }: Draw): number {
  const { weight } = pool.weights;
  const total = pool.only === undefined ? pool.weights.total : sumOf(pool, weight);
  const one = placeIn(pool, weight, Math.floor((pick / UINT32) * total));
  if (second === undefined) return one;
  const other = placeIn(pool, weight, Math.floor((second / UINT32) * total));
  const inFlight = (index: number): number => pool.eligible[index]?.live.inFlight ?? 0;
  return inFlight(other) < inFlight(one) ? other : one;
}

/** Who is to be tried now, if anybody: newcomers first, the longest waiting before others; then whoever is known least. */
export function drawToExplore(
  pool: Pool,
  newcomers: readonly number[],
  draw: Draw,
  exploreBps: number,
): number | undefined {
  const waited = (index: number): number => pool.eligible[index]?.live.waited ?? 0;
  const overdue = newcomers.filter((index) => waited(index) >= PATIENCE).length;
  const forcedBps = overdue === 0 ? 0 : overdue <= AT_ONCE ? 10_000 : CROWD_BPS;
  if (draw.explore * 10_000 >= Math.max(exploreBps === 0 ? 0 : forcedBps, exploreBps) * UINT32) return undefined;
  const [first] = newcomers;
  if (first === undefined) return drawRare(pool, draw.pick);
  let longest = first;
  for (const index of newcomers) if (waited(index) > waited(longest)) longest = index;
  return longest;
}

function rarity({ eligible, weights }: Pool, index: number): number {
  const live = eligible[index]?.live;
  const likely = Math.exp(-EXPLORE_SHARPNESS * (weights.behind[index] ?? 0));
  return Math.max(1, Math.round((RARITY * Math.max(LEAST_SHARE, likely)) / (1 + (live?.known ?? live?.samples ?? 0))));
}

function drawRare(pool: Pool, pick: number): number {
  const shares = new Float64Array(pool.eligible.length);
  for (let index = 0; index < shares.length; index += 1) shares[index] = rarity(pool, index);
  return placeIn(pool, shares, Math.floor((pick / UINT32) * sumOf(pool, shares)));
}

function sumOf({ eligible, only }: Pool, shares: Float64Array): number {
  let total = 0;
  for (let index = 0; index < eligible.length; index += 1)
    if (only === undefined || eligible[index]?.candidate.model.id === only) total += shares[index] ?? 0;
  return total;
}

/** Whose share the point `left` of all shares laid end to end falls into. */
function placeIn({ eligible, only }: Pool, shares: Float64Array, left: number): number {
  let last = -1;
  for (let index = 0; index < shares.length; index += 1) {
    if (only !== undefined && eligible[index]?.candidate.model.id !== only) continue;
    last = index;
    left -= shares[index] ?? 0;
    if (left < 0) return index;
  }
  return last;
}

/** One who is as good as the best, nearly, and always the same for the same key while that holds. */
export function drawSticky(pool: Pool, key: number): number {
  const NEAR = 0.02;
  let [best, most] = [-1, -1];
  for (let index = 0; index < pool.eligible.length; index += 1) {
    const entry = pool.eligible[index];
    if (entry === undefined || !isIn(pool, entry) || (pool.weights.behind[index] ?? 0) > NEAR) continue;
    const rank = mix(key, `${entry.candidate.node.account}/${entry.candidate.model.id}`);
    if (rank > most) [best, most] = [index, rank];
  }
  return best;
}

/** FNV-1a from a start that stands for the key (rendezvous hashing: who leaves moves nobody else's choice). */
function mix(key: number, name: string): number {
  let hash = key;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) ^ (hash >>> 12)) >>> 0;
}

export function keyOf(text: string): number {
  return mix(0x811c9dc5, text);
}
