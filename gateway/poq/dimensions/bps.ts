import { BPS } from '../../protocol/constants.ts';

/** The one place where a scorer's float becomes the integer that is signed; whatever is not a number counts as 0. */
export function toBps(share: number): number {
  if (!Number.isFinite(share)) return 0;
  return Math.round(Math.min(1, Math.max(0, share)) * BPS);
}
