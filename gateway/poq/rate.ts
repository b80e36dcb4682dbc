import type { Address } from '../protocol/types.ts';
import { getOrCreate } from './maps.ts';
import { isExaminable } from './sampling.ts';

/**
 * Counted receipts per node that a draw could have selected: what the next sampling rate is derived from. Receipts that
 * are never drawn stay out, or a node could buy itself a lower rate with private traffic.
 */
export function countExaminable(receipts: readonly { readonly node: Address; readonly flags: number }[]) {
  const counts = new Map<Address, number>();
  for (const { node, flags } of receipts) {
    if (isExaminable(flags)) counts.set(node, getOrCreate(counts, node, () => 0) + 1);
  }
  return counts;
}
