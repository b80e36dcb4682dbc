import { Dimension, Flag } from '../protocol/constants.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import { familyParams } from './cost.ts';

export type Dimensions = { readonly accuracy: number; readonly consistency: number; readonly format: number };

/** Weighted mean of the active dimensions, rounded down; undefined when nothing that is active has a weight. */
export function quality(dimensions: Dimensions, activeMask: number, weights: Dimensions): number | undefined {
  let sum = 0;
  let total = 0;
  for (const name of ['accuracy', 'consistency', 'format'] as const) {
    if ((activeMask & Dimension[name]) === 0) continue;
    sum += weights[name] * dimensions[name];
    total += weights[name];
  }
  return total === 0 ? undefined : Math.floor(sum / total);
}

/** The family's weights of the dimensions, or those of its format-constrained requests. */
export function weightsOf(
  receipt: { readonly family: number; readonly flags: number },
  params: ProtocolParams,
): Dimensions {
  const family = familyParams(params, receipt.family);
  return (receipt.flags & Flag.formatConstrained) === 0 ? family.weights : family.constrainedWeights;
}

/**
 * Dimensions that count for one receipt: the family's by the table, format only where the request constrains it, and
 * consistency only where there are answers of enough independent operators to compare with (see `isComparable`).
 */
export function effectiveMask(tableMask: number, flags: number, comparable: boolean): number {
  const format = (flags & Flag.formatConstrained) === 0 ? 0 : Dimension.format;
  const consistency = comparable ? Dimension.consistency : 0;
  return tableMask & (Dimension.accuracy | consistency | format);
}
