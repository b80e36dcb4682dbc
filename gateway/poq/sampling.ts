import { BPS, NEVER_DRAWN } from '../protocol/constants.ts';
import type { Hex } from '../protocol/types.ts';
import { REPLAY_TAG, SAMPLE_TAG, ticketHash } from './draw.ts';

/** Drawn receipts that a node should have per epoch: with fewer, golds take too long to tell evaluators apart. */
const DRAWN_GOAL = 100;

function drawBps(tag: Hex, seed: Hex, receiptLeaf: Hex): number {
  const hash = ticketHash({ tag, seed, receiptLeaf });
  return Number(BigInt(`0x${hash.toString('hex')}`) % BigInt(BPS));
}

/** Whether a receipt with these flags can be examined at all: private, replayed and unattested ones cannot. */
export function isExaminable(flags: number): boolean {
  return (flags & NEVER_DRAWN) === 0;
}

/** Whether the seed selects the receipt for examination. Flags are the caller's business: see `isExaminable`. */
export function isDrawn(seed: Hex, receiptLeaf: Hex, rateBps: number): boolean {
  return drawBps(SAMPLE_TAG, seed, receiptLeaf) < rateBps;
}

/** Whether a drawn receipt is also replayed to other nodes, so that their answers can be compared. */
export function isReplayed(seed: Hex, receiptLeaf: Hex, replayRateBps: number): boolean {
  return drawBps(REPLAY_TAG, seed, receiptLeaf) < replayRateBps;
}

/**
 * A node's sampling rate in the epochs that use this table: about a hundred drawn receipts, never below the floor.
 * @param countedReceipts the node's counted receipts in the table's epoch
 */
export function samplingRate(floorBps: number, countedReceipts: number): number {
  const goal = Math.ceil((DRAWN_GOAL * BPS) / Math.max(DRAWN_GOAL, countedReceipts));
  return Math.max(floorBps, goal);
}
