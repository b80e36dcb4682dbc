import { integer, list, object } from './shapes.ts';
import type { Shape } from './shapes.ts';
import { wrong } from './wrong.ts';

/** The protocol parameters that an epoch's numbers depend on, as its first line carries them. */

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

export type Dimensions = { readonly accuracy: bigint; readonly consistency: bigint; readonly format: bigint };

export type FamilyParams = {
  readonly weights: Dimensions;
  readonly constrainedWeights: Dimensions;
  readonly priceRef: readonly bigint[];
  readonly msRef: readonly bigint[];
};

export type Params = {
  readonly [
    Name in
      | 'version'
      | 'minQualityBps'
      | 'betaBps'
      | 'floorRateBps'
      | 'replayRateBps'
      | 'replayPeers'
      | 'committeeSize'
      | 'escalatedSize'
      | 'escalationSpreadBps'
      | 'goldWindowEpochs'
  ]: bigint;
} & { readonly families: Readonly<Record<(typeof FAMILIES)[number], FamilyParams>> };

const SIZE_CLASSES = 4;
const number = integer(32);
const dimensions = object<Dimensions>({ accuracy: number, consistency: number, format: number });

/** One reference per size class, none of them zero: they are divided by. */
const references: Shape<readonly bigint[]> = (at, value) => {
  const values = list(number)(at, value);
  return values.length === SIZE_CLASSES && values.every((item) => item > 0n)
    ? values
    : wrong(at, `must be ${SIZE_CLASSES} numbers of at least 1`);
};

const family = object<FamilyParams>({
  weights: dimensions,
  constrainedWeights: dimensions,
  priceRef: references,
  msRef: references,
});

export const paramsShape = object<Params>({
  version: number,
  minQualityBps: number,
  betaBps: number,
  floorRateBps: number,
  replayRateBps: number,
  replayPeers: number,
  committeeSize: number,
  escalatedSize: number,
  escalationSpreadBps: number,
  goldWindowEpochs: number,
  families: object<Params['families']>(
    Object.fromEntries(FAMILIES.map((name) => [name, family])) as Record<(typeof FAMILIES)[number], typeof family>,
  ),
});

/** Parameters of a receipt's family; an unknown one is undefined. */
export function familyParams(params: Params, number: bigint): FamilyParams | undefined {
  const name = FAMILIES[Number(number)];
  return name === undefined ? undefined : params.families[name];
}

export function sizeClass(units: bigint): number {
  return [500n, 2_000n, 8_000n].filter((limit) => units >= limit).length;
}
