import { textAgreement } from './agreement.ts';
import corroborationModel from './corroboration-model.json' with { type: 'json' };
import { chance } from './logistic.ts';
import { containment, sharedOfSmaller } from './statement.ts';
import type { Statement } from './statement.ts';

/**
 * How far independent others bear an answer out, without anybody knowing the right one. A word that many say counts more
 * than the same agreement spread over chance words, and others who contradict each other bear witness to little.
 */

/** The features with the sign that each must have; all lie in 0…1. */
export const CORROBORATION_FEATURES = {
  agreement: 1,
  nearest: 1,
  grams: 1,
  ofOthers: 1,
  support: 1,
  common: 1,
  numbers: 1,
  years: 1,
  othersAgree: 1,
  missed: -1,
} as const satisfies Readonly<Record<string, 1 | -1>>;
export type CorroborationFeature = keyof typeof CORROBORATION_FEATURES;

/** Statements of one voice: those of one account or model family, which count once together. */
export type Voice = readonly Statement[];

export function corroborationFeatures(
  own: Statement,
  voices: readonly Voice[],
): Readonly<Record<CorroborationFeature, number>> {
  const over = (compare: (other: Statement) => number): number[] => voices.map((voice) => mean(voice.map(compare)));
  const agreements = over((other) => textAgreement(own, other)).sort((a, b) => b - a);
  return {
    agreement: mean(agreements),
    nearest: mean(agreements.slice(0, 2)),
    grams: mean(over((other) => sharedOfSmaller(own.grams, other.grams, 0))),
    ofOthers: mean(over((other) => containment(other, own))),
    numbers: mean(over((other) => sharedOfSmaller(own.numbers, other.numbers, UNKNOWN))),
    years: mean(over((other) => (sharedOfSmaller(own.years, other.years, UNKNOWN) === 0 ? 0 : 1))),
    othersAgree: mean(pairsOf(voices).map(([one, other]) => voicesAgree(one, other))),
    ...ballot(own, voices),
  };
}

const UNKNOWN = 0.5;

const extreme = (sign: 1 | -1): number => {
  const entries = Object.entries(CORROBORATION_FEATURES).map(([name, own]): [string, number] => [
    name,
    +(own === sign),
  ]);
  return chance(corroborationModel, Object.fromEntries(entries));
};
const LEAST = extreme(-1);
const MOST = extreme(1);

/** Chance that an answer is right, by what at least two voices say, scaled so that no agreement at all is 0 and all is 1. */
export function corroboration(own: Statement, voices: readonly Voice[]): number {
  return (chance(corroborationModel, corroborationFeatures(own, voices)) - LEAST) / (MOST - LEAST);
}

/** Every voice votes for the words it says: what share of one's own was voted for, and how much of the vote one misses. */
function ballot(
  own: Statement,
  voices: readonly Voice[],
): Pick<Record<CorroborationFeature, number>, 'support' | 'common' | 'missed'> {
  const votes = countVotes(voices);
  let [held, all, missed] = [0, 0, 0];
  for (const [key, { vote, weight }] of votes) {
    all += vote * vote * weight;
    if (own.keys.has(key)) held += vote * vote * weight;
    else missed = Math.max(missed, vote * Math.min(1, weight));
  }
  let support = 0;
  for (const [key, weight] of own.keys) support += weight * (votes.get(key)?.vote ?? 0);
  return { support: share(support, own.total), common: share(held, all), missed };
}

type Tally = { vote: number; weight: number };

function countVotes(voices: readonly Voice[]): ReadonlyMap<string, Readonly<Tally>> {
  const votes = new Map<string, Tally>();
  for (const voice of voices) {
    for (const [key, weight] of voice.flatMap(({ keys }) => [...keys])) {
      const tally = votes.get(key) ?? { vote: 0, weight: 0 };
      tally.vote += 1 / (voices.length * voice.length);
      tally.weight = Math.max(tally.weight, weight);
      votes.set(key, tally);
    }
  }
  return votes;
}

function voicesAgree(one: Voice, other: Voice): number {
  return mean(one.flatMap((a) => other.map((b) => textAgreement(a, b))));
}

function pairsOf(voices: readonly Voice[]): [Voice, Voice][] {
  return voices.flatMap((one, index) => voices.slice(index + 1).map((other): [Voice, Voice] => [one, other]));
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
