import { Type } from 'typebox';
import type { Static } from 'typebox';

import { FAMILIES } from './constants.ts';

/**
 * The protocol parameters that scores depend on. Their RFC 8785 form is hashed (`paramsHash`), the hash stands on chain
 * for every epoch, and the file itself is published: nobody has to take a gateway's word for a weight.
 */
const Bps = Type.Integer({ minimum: 0, maximum: 10_000 });
const Reference = Type.Integer({ minimum: 1, maximum: 4_294_967_295 });
const SizeClasses = Type.Tuple([Reference, Reference, Reference, Reference]);
const Weights = Type.Object({ accuracy: Bps, consistency: Bps, format: Bps }, { additionalProperties: false });

export const FamilyParams = Type.Object(
  {
    /** Dimension weights, and those for requests with flag 16. Only their ratio counts. */
    weights: Weights,
    constrainedWeights: Weights,
    /** Fixed references of the cost dimension per size class: units < 500, < 2,000, < 8,000, more. */
    priceRef: SizeClasses,
    msRef: SizeClasses,
  },
  { additionalProperties: false },
);

export const ProtocolParams = Type.Object(
  {
    version: Type.Literal(1),
    minQualityBps: Bps,
    betaBps: Bps,
    floorRateBps: Bps,
    /** Share of drawn receipts that is replayed to other nodes, and how many other nodes then answer. */
    replayRateBps: Bps,
    replayPeers: Type.Integer({ minimum: 2, maximum: 8 }),
    committeeSize: Type.Integer({ minimum: 4, maximum: 5 }),
    escalatedSize: Type.Integer({ minimum: 5, maximum: 9 }),
    escalationSpreadBps: Bps,
    goldWindowEpochs: Type.Integer({ minimum: 1, maximum: 64 }),
    families: Type.Object(
      Object.fromEntries(FAMILIES.map((family) => [family, FamilyParams])) as Record<
        (typeof FAMILIES)[number],
        typeof FamilyParams
      >,
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

export type ProtocolParams = Readonly<Static<typeof ProtocolParams>>;
export type FamilyParams = Readonly<Static<typeof FamilyParams>>;

const SIZE_CLASS_LIMITS = [500n, 2_000n, 8_000n] as const;

/** Size class 0…3 of an answer's work units. */
export function sizeClass(units: bigint): 0 | 1 | 2 | 3 {
  const index = SIZE_CLASS_LIMITS.findIndex((limit) => units < limit);
  return (index === -1 ? 3 : index) as 0 | 1 | 2 | 3;
}
