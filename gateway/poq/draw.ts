import { writeWord } from '../protocol/bytes.ts';
import { keccakBytes, keccakText } from '../protocol/keccak.ts';
import type { Address, Hex } from '../protocol/types.ts';

/** Domain tags: one seed serves three lotteries, and no outcome of one says anything about another. */
export const SAMPLE_TAG = keccakText('DGrid.sample.v1');
export const REPLAY_TAG = keccakText('DGrid.replay.v1');
export const COMMITTEE_TAG = keccakText('DGrid.committee.v1');

export type Ticket = { readonly tag: Hex; readonly seed: Hex; readonly receiptLeaf: Hex; readonly account?: Address };

/** keccak256(abi.encode(tag, seed, receiptLeaf[, account])) */
export function ticketHash({ tag, seed, receiptLeaf, account }: Ticket): Buffer {
  const bytes = new Uint8Array(account === undefined ? 96 : 128);
  writeWord(bytes, 0, 'bytes32', tag);
  writeWord(bytes, 32, 'bytes32', seed);
  writeWord(bytes, 64, 'bytes32', receiptLeaf);
  if (account !== undefined) writeWord(bytes, 96, 'address', account);
  return keccakBytes(bytes);
}
