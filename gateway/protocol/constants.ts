/** Numbers that are part of the protocol and never configured. */

export const BPS = 10_000;

export const Role = { inference: 0, evaluator: 1, gateway: 2 } as const;
export type Role = (typeof Role)[keyof typeof Role];
export const ROLE_NAMES = ['inference', 'evaluator', 'gateway'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

/** Receipt flags, fixed before anchoring. */
export const Flag = {
  pinned: 1,
  cached: 2,
  gold: 4,
  private: 8,
  formatConstrained: 16,
  replay: 32,
  unattested: 64,
} as const;

/** A receipt with one of these is never drawn for examination. */
export const NEVER_DRAWN = Flag.private | Flag.replay | Flag.unattested;

/** A receipt with one of these carries no volume. */
export const NO_VOLUME = Flag.pinned | Flag.cached | Flag.gold | Flag.private | Flag.replay | Flag.unattested;

/** Task families; the number in a leaf is the position here. */
export const FAMILIES = [
  'chat',
  'code',
  'maths',
  'reasoning',
  'reading',
  'knowledge',
  'summary',
  'extraction',
  'classification',
  'translation',
  'creative',
  'other',
] as const;
export type FamilyName = (typeof FAMILIES)[number];
export const FAMILY_ANY = 255;

export const RecordStatus = { unexamined: 0, scored: 1, unscored: 2 } as const;

/** Dimension bits of `activeMask`. */
export const Dimension = { accuracy: 1, consistency: 2, format: 4 } as const;

export const TableKind = { trust: 0, rate: 1, active: 2 } as const;

/** Values in force when the table says nothing: trust, sampling rate and the dimension mask (accuracy and format). */
export const TABLE_DEFAULTS = { trust: 1_000, rate: 10_000, mask: Dimension.accuracy | Dimension.format } as const;

export const MAX_ATTESTED_ANSWERS = 256;
export const MAX_COMPLETION_TOKENS = 4_096;
export const NEUTRAL = 10_000;
