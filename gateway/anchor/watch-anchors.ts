import type { Hex } from '../protocol/types.ts';
import { ZERO_HASH } from '../protocol/types.ts';
import type { AnchorChain, AnchorLog, Standing, Unsettled } from './ports.ts';

/** What a reorganisation of the chain can take from a batch. */
export type Undone = 'anchor' | 'seed' | 'records';

export type WatchAnchorsDeps = {
  readonly chain: Pick<AnchorChain, 'head' | 'blockHash' | 'batchOf'>;
  readonly log: Pick<AnchorLog, 'unsettled' | 'unanchored' | 'unseeded' | 'unrecorded' | 'settle'>;
  /** Blocks after which nothing is expected to be undone any more. */
  readonly finalityBlocks: bigint;
  readonly onUndone: (what: Undone, batch: Unsettled) => void;
  /** Outbox rows became due. */
  readonly onChange: () => void;
};

/** Batches looked at in one pass; the oldest are the first to settle and to make room. */
const MAX_WATCHED = 1_000;

/**
 * @returns a task for `repeat`: compares every anchored batch with the chain as it is now, by the hash of its block, until
 * the chain is `finalityBlocks` longer. A batch whose anchor vanished is posted again; one that stands in another block is
 * found there, with another seed. Nothing is concluded from a height where no block is known.
 */
export function createAnchorWatch(deps: WatchAnchorsDeps): () => Promise<void> {
  /** Height at which a batch's records were first seen: from there they count. */
  const recordsSeen = new Map<bigint, bigint>();
  let lastHead = '';
  return async () => {
    const { number, timestamp } = deps.chain.head();
    const head = `${number}:${timestamp}`;
    if (head === lastHead) return;
    const pass = { ...deps, number, recordsSeen, hashAt: remembered(deps.chain.blockHash) };
    let changed = false;
    for (const batch of await deps.log.unsettled(MAX_WATCHED)) changed = (await watch(pass, batch)) || changed;
    lastHead = head;
    if (changed) deps.onChange();
  };
}

type Pass = WatchAnchorsDeps & {
  readonly number: bigint;
  readonly recordsSeen: Map<bigint, bigint>;
  readonly hashAt: AnchorChain['blockHash'];
};

function remembered(hashOf: AnchorChain['blockHash']): AnchorChain['blockHash'] {
  const known = new Map<bigint, Promise<Hex | undefined>>();
  return (block) => {
    const hash = known.get(block) ?? hashOf(block);
    known.set(block, hash);
    return hash;
  };
}

/** @returns whether the batch lost something. */
async function watch(pass: Pass, batch: Unsettled): Promise<boolean> {
  const undone = await undoneOf(pass, batch);
  if (undone === undefined) return false;
  if (undone === 'nothing') {
    await settle(pass, batch);
    return false;
  }
  pass.onUndone(undone, batch);
  pass.recordsSeen.delete(batch.fromSerial);
  const on: Standing = { fromSerial: batch.fromSerial, blockHash: batch.anchored.blockHash };
  if (undone === 'anchor') await pass.log.unanchored(on);
  else if (undone === 'seed') await pass.log.unseeded(on);
  else await pass.log.unrecorded(on);
  return true;
}

/** @returns undefined when the chain does not say: it is shorter than it was, or an RPC server is behind. */
async function undoneOf(
  { chain, hashAt }: Pass,
  { anchored, seed, recorded }: Unsettled,
): Promise<Undone | 'nothing' | undefined> {
  const hash = await hashAt(anchored.block);
  if (hash === undefined) return undefined;
  if (hash !== anchored.blockHash) return 'anchor';
  if (seed === undefined) return 'nothing';
  const next = await hashAt(anchored.block + 1n);
  if (next === undefined) return undefined;
  if (next !== seed) return 'seed';
  if (recorded && (await chain.batchOf(anchored.batchId)).recordsRoot === ZERO_HASH) return 'records';
  return 'nothing';
}

async function settle({ log, number, finalityBlocks, recordsSeen }: Pass, batch: Unsettled): Promise<void> {
  const { fromSerial, anchored, seed, recorded, abandoned, settled } = batch;
  const on: Standing = { fromSerial, blockHash: anchored.blockHash };
  if (recorded && !recordsSeen.has(fromSerial)) recordsSeen.set(fromSerial, number);
  if (number < anchored.block + 1n + finalityBlocks) return;
  const since = recordsSeen.get(fromSerial);
  const isOver = abandoned || (recorded && since !== undefined && number >= since + finalityBlocks);
  if (isOver) {
    await log.settle(on, 2);
    recordsSeen.delete(fromSerial);
  } else if (settled === 0 && seed !== undefined) await log.settle(on, 1);
}
