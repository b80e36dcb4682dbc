import type { ArithmeticLevel } from './arithmetic.ts';
import type { ClassificationLevel } from './classification.ts';
import type { ExtractionLevel } from './extraction.ts';
import type { ReadingLevel } from './reading.ts';
import type { SummaryLevel } from './summary.ts';

/** How well a backend works: the same jobs with better or worse methods, never with answers it was given. */
export type Quality = {
  readonly reading: ReadingLevel;
  readonly extraction: ExtractionLevel;
  readonly arithmetic: ArithmeticLevel;
  readonly summary: SummaryLevel;
  readonly classification: ClassificationLevel;
};

export const QUALITIES = {
  careful: {
    reading: { retrieval: 'weighted', span: 'typed' },
    extraction: { normalise: true, context: 'nearest', dropShare: 0, bare: true },
    arithmetic: 'full',
    summary: { choice: 'central', obeysLimits: true },
    classification: { evidence: 'full', bare: true },
  },
  middling: {
    reading: { retrieval: 'overlap', span: 'sentence' },
    extraction: { normalise: false, context: 'nearest', dropShare: 0.15, bare: true },
    arithmetic: 'signs',
    summary: { choice: 'lead', obeysLimits: true },
    classification: { evidence: 'no-negation', bare: true },
  },
  careless: {
    reading: { retrieval: 'first', span: 'head' },
    extraction: { normalise: false, context: 'none', dropShare: 0.4, bare: false },
    arithmetic: 'sum',
    summary: { choice: 'last', obeysLimits: false },
    classification: { evidence: 'literal', bare: false },
  },
  /** The evaluators' model: methods that no node uses, so that agreeing with it is no agreement with a copy. */
  independent: {
    reading: { retrieval: 'saturated', span: 'last-typed' },
    extraction: { normalise: true, context: 'clause', dropShare: 0, bare: true },
    arithmetic: 'ledger',
    summary: { choice: 'frequent', obeysLimits: true },
    classification: { evidence: 'distinct', bare: true },
  },
} as const satisfies Readonly<Record<string, Quality>>;

export type Fault = 'error' | 'cut' | 'stall' | 'garbage';

export type Profile = {
  readonly quality: Quality;
  /** Time to the first token and between tokens. */
  readonly firstTokenMs: number;
  readonly msPerToken: number;
  /** Says the same vague sentence to everything. */
  readonly lazy: boolean;
  /** After so many answers the work turns careless, more and more often. */
  readonly degradesAfter: number | undefined;
  /** Share of requests that go wrong, and the ways in which they do. */
  readonly faultShare: number;
  readonly faults: readonly Fault[];
};

const STEADY = { lazy: false, degradesAfter: undefined, faultShare: 0, faults: [] } as const;

export const PROFILES = {
  honest: { ...STEADY, quality: QUALITIES.careful, firstTokenMs: 12, msPerToken: 0.4 },
  slow: { ...STEADY, quality: QUALITIES.careful, firstTokenMs: 160, msPerToken: 4 },
  cheap: { ...STEADY, quality: QUALITIES.middling, firstTokenMs: 10, msPerToken: 0.3 },
  degraded: { ...STEADY, quality: QUALITIES.careful, firstTokenMs: 15, msPerToken: 0.5, degradesAfter: 15 },
  lazy: { ...STEADY, quality: QUALITIES.careless, firstTokenMs: 5, msPerToken: 0.2, lazy: true },
  flaky: {
    ...STEADY,
    quality: QUALITIES.careful,
    firstTokenMs: 15,
    msPerToken: 0.5,
    faultShare: 0.3,
    faults: ['error', 'cut', 'stall', 'garbage'],
  },
  /** Stands behind no node. */
  judge: { ...STEADY, quality: QUALITIES.independent, firstTokenMs: 12, msPerToken: 0.4 },
} as const satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof PROFILES;

export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}
