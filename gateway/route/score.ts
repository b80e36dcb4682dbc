import type { Eligible } from './eligibility.ts';
import { expectedCost } from './eligibility.ts';
import type { Preset } from './preferences.ts';
import type { TaskProfile } from './task-profile.ts';

/** A candidate's weight in the draw, with what it was made of. Integers: they are part of the decision record. */
export type Scored = Eligible & {
  readonly weight: number;
  readonly costMicroUsd: number;
  readonly latencyMs: number;
};

type Exponents = { readonly quality: number; readonly price: number; readonly latency: number };

const EXPONENTS: Readonly<Record<Preset, Exponents>> = {
  balanced: { quality: 3, price: 1, latency: 0.5 },
  quality: { quality: 8, price: 0.25, latency: 0.25 },
  cheap: { quality: 2, price: 3, latency: 0.25 },
  fast: { quality: 2, price: 0.25, latency: 2 },
};

const SCALE = 1_000_000;
/** Until a node has answered anything: neither an advantage nor a handicap worth gaming. */
const UNKNOWN_FIRST_TOKEN_MS = 500;
const UNKNOWN_MS_PER_TOKEN = 15;
const MAX_STAKE_BONUS = 0.1;

/** quality × price × latency × success × stake, each relative to the best of the field, to the preset's powers. */
export function scoreEligible(eligible: readonly Eligible[], profile: TaskProfile, preset: Preset): Scored[] {
  const costs = eligible.map((entry) => expectedCost(entry.candidate, profile));
  const latencies = eligible.map((entry) => expectedLatency(entry, profile));
  const stakes = eligible.map(({ candidate }) => Number(candidate.node.stake));
  const leastCost = least(costs);
  const leastLatency = least(latencies);
  const mostStake = stakes.reduce((a, b) => Math.max(a, b), 1);
  const powers = EXPONENTS[preset];
  return eligible.map(({ candidate, live }, index) => {
    const costMicroUsd = costs[index] ?? 0;
    const latencyMs = latencies[index] ?? 0;
    const quality = (Math.max(live.qualityBps, 1) / 10_000) ** powers.quality;
    const price = ((leastCost + 1) / (costMicroUsd + 1)) ** powers.price;
    const latency = ((leastLatency + 1) / (latencyMs + 1)) ** powers.latency;
    const success = (live.successBps / 10_000) ** 2;
    const stake = 1 + MAX_STAKE_BONUS * ((stakes[index] ?? 0) / mostStake);
    const weight = Math.max(1, Math.round(SCALE * quality * price * latency * success * stake));
    return { candidate, live, weight, costMicroUsd, latencyMs };
  });
}

const least = (values: readonly number[]): number => values.reduce((a, b) => (b < a ? b : a), Infinity);

function expectedLatency({ live }: Eligible, profile: TaskProfile): number {
  const firstToken = live.firstTokenMs ?? UNKNOWN_FIRST_TOKEN_MS;
  const perToken = live.msPerToken ?? UNKNOWN_MS_PER_TOKEN;
  const idle = firstToken + perToken * profile.expectedTokens;
  return Math.round(idle * (1 + live.inFlight / 4));
}
