import type { LiveConditions } from './candidate.ts';
import type { Eligible } from './eligibility.ts';
import type { Preset } from './preferences.ts';
import type { TaskProfile } from './task-profile.ts';

/** A candidate's weight in the draw, with what it was made of. Integers: they are part of the decision record. */
export type Scored = Eligible & {
  readonly weight: number;
  readonly costMicroUsd: number;
  readonly latencyMs: number;
};

/** What one e-fold of price or of latency is worth in quality (0…1): the caller's taste. */
export type Taste = {
  readonly price: number;
  readonly latency: number;
  /** Micro-USD that a perfect answer is worth more than a useless one: price then counts in proportion to it. */
  readonly payMicroUsd?: number | undefined;
};

export const TASTES: Readonly<Record<Preset, Taste>> = {
  balanced: { price: 0.04, latency: 0.015 },
  quality: { price: 0.002, latency: 0.004 },
  cheap: { price: 0.08, latency: 0.005 },
  fast: { price: 0.005, latency: 0.05 },
};

/** How sharply the draw follows the utility: a hundredth of quality less halves a share, roughly. */
const SHARPNESS = 150;
const SCALE = 1_000_000;
/** Beyond this the weight is the least there is, and no exponential is needed to know it. */
const FAR = 16;
/** Until a node has answered anything: neither an advantage nor a handicap worth gaming. */
const UNKNOWN_FIRST_TOKEN_MS = 500;
const UNKNOWN_MS_PER_TOKEN = 15;
const MAX_STAKE_BONUS = 0.1;

/** The field, weighed: numbers parallel to the eligible candidates. */
export type Weights = {
  readonly weight: Float64Array;
  /** Utility less than the best one's, in quality (0…1). */
  readonly behind: Float64Array;
  readonly costMicroUsd: Float64Array;
  readonly latencyMs: Float64Array;
  readonly total: number;
};

/**
 * Utility = predicted quality × success − taste × ln(price) − taste × ln(latency); weight = e^(sharpness × utility) ×
 * stake. Prices and latencies count by their ratios, so neither a currency nor an absurd candidate moves the others.
 */
export function weighField(eligible: readonly Eligible[], profile: TaskProfile, taste: Taste): Weights {
  const size = eligible.length;
  const weight = new Float64Array(size);
  const behind = new Float64Array(size);
  const costMicroUsd = new Float64Array(size);
  const latencyMs = new Float64Array(size);
  const promptShare = profile.promptTokens / 1_000_000;
  const outputShare = profile.expectedTokens / 1_000_000;
  let best = -Infinity;
  let mostStake = 1;
  for (let index = 0; index < size; index += 1) {
    const entry = eligible[index];
    if (entry === undefined) continue;
    const cost = entry.inputPrice * promptShare + entry.outputPrice * outputShare;
    const latency = expectedLatency(entry.live, profile.expectedTokens);
    const utility = utilityOf(entry.live, cost, latency, taste);
    costMicroUsd[index] = cost;
    latencyMs[index] = latency;
    behind[index] = utility;
    if (utility > best) best = utility;
    if (entry.stake > mostStake) mostStake = entry.stake;
  }
  let total = 0;
  for (let index = 0; index < size; index += 1) {
    const gap = best - (behind[index] ?? 0);
    const share = finalShare(-SHARPNESS * gap, (eligible[index]?.stake ?? 0) / mostStake);
    behind[index] = gap;
    weight[index] = share;
    total += share;
  }
  return { weight, behind, costMicroUsd, latencyMs, total };
}

function utilityOf(live: LiveConditions, cost: number, latency: number, taste: Taste): number {
  const quality = live.qualityBps * live.successBps * 1e-8;
  const { payMicroUsd } = taste;
  const price = payMicroUsd === undefined ? taste.price * Math.log(cost + COST_FLOOR) : cost / payMicroUsd;
  return quality - price - taste.latency * Math.log(latency + 1);
}

/** A free model is cheap, not infinitely so. */
const COST_FLOOR = 0.01;

function finalShare(exponent: number, stakeShare: number): number {
  if (exponent < -FAR) return 1;
  return Math.max(1, Math.round(SCALE * Math.exp(exponent) * (1 + MAX_STAKE_BONUS * stakeShare)));
}

export const scoredAt = (eligible: readonly Eligible[], weights: Weights, index: number): Scored | undefined => {
  const entry = eligible[index];
  if (entry === undefined) return undefined;
  return {
    ...entry,
    weight: weights.weight[index] ?? 0,
    costMicroUsd: Math.ceil(weights.costMicroUsd[index] ?? 0),
    latencyMs: Math.round(weights.latencyMs[index] ?? 0),
  };
};

/** So many more in flight make an answer take one idle answer longer. */
const IN_FLIGHT_PER_STEP = 4;

/** What was measured, brought from the load it was measured under to the load of now. */
function expectedLatency(live: LiveConditions, expectedTokens: number): number {
  const firstToken = live.firstTokenMs ?? UNKNOWN_FIRST_TOKEN_MS;
  const perToken = live.msPerToken ?? UNKNOWN_MS_PER_TOKEN;
  const load = (IN_FLIGHT_PER_STEP + live.inFlight) / (IN_FLIGHT_PER_STEP + (live.usualInFlight ?? 0));
  return (firstToken + perToken * expectedTokens) * load;
}
