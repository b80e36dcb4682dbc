import { DgridError } from '../../errors.ts';

/** @throws DgridError when a path names no epoch. */
export function epochOf(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new DgridError('DGRID_UNKNOWN_EPOCH', 'An epoch is a number from 0 on.');
  return BigInt(text);
}
