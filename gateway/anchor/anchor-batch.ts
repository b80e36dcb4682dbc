import { buildRecords } from '../batch/build-records.ts';
import type { RecordBatch, RecordsDeps } from '../batch/build-records.ts';
import type { Handler, OutboxRow, StepOutcome } from '../outbox/outbox.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import { ZERO_HASH } from '../protocol/types.ts';
import type { Hex } from '../protocol/types.ts';
import type { PassedSerials } from './passed-serials.ts';
import type {
  AnchorChain,
  Anchored,
  AnchorLog,
  BatchState,
  DrawnReceipt,
  LeafedReceipt,
  Standing,
  StoredBatch,
} from './ports.ts';

/** The life of a batch on chain: its receipts' root, the seed that decides what is examined, its records' root. */
export type AnchorBatchDeps = {
  readonly chain: AnchorChain;
  readonly log: AnchorLog;
  /** What becomes of a batch whose serials the chain used for another, and of the one after it. */
  readonly passed: PassedSerials;
  readonly leafDomain: LeafDomain;
  /** Blocks, its own among them, after which an anchor counts. */
  readonly confirmations: bigint;
  /** Epoch clock: epoch of a chain time, undefined before genesis. */
  readonly epochAt: (time: bigint) => bigint | undefined;
  /** Whether this gateway could finish what it anchors in an epoch: it has the rules and the table in force there. */
  readonly ready: (epoch: bigint) => Promise<boolean>;
  /** Which receipts of an anchored batch the seed selects. */
  readonly draw: (epoch: bigint, seed: Hex, receipts: readonly LeafedReceipt[]) => Promise<readonly DrawnReceipt[]>;
  /** The epoch's scoring rule. */
  readonly scorer: (epoch: bigint) => Promise<RecordsDeps['scoreOf']>;
  /** Seconds before a batch's record window closes at which running examinations are given up. */
  readonly recordMargin: bigint;
  readonly pollMs: number;
  /** Called with what was just anchored, once. */
  readonly onRecorded: (receipts: readonly LeafedReceipt[], records: RecordBatch['records']) => void;
};

export type AnchorBatchHandlers = { readonly anchor: Handler; readonly seed: Handler; readonly records: Handler };

export function createAnchorBatch(deps: AnchorBatchDeps): AnchorBatchHandlers {
  return {
    anchor: (row) => anchorStep(deps, row),
    seed: (row) => seedStep(deps, row),
    records: (row) => recordsStep(deps, row),
  };
}

async function load(deps: AnchorBatchDeps, row: OutboxRow): Promise<StoredBatch> {
  const fromSerial = BigInt(row.payload['fromSerial'] ?? -1);
  const batch = await deps.log.batch(fromSerial);
  if (batch === undefined) throw new Error(`no batch from serial ${fromSerial}`);
  return batch;
}

async function loadAnchored(
  deps: AnchorBatchDeps,
  row: OutboxRow,
): Promise<StoredBatch & { readonly anchored: Anchored }> {
  const batch = await load(deps, row);
  if (batch.anchored === undefined) throw new Error(`batch from serial ${batch.fromSerial} is not anchored`);
  return { ...batch, anchored: batch.anchored };
}

/** @throws when the id stands for another batch: the anchor was undone, and whoever watches has yet to say so. */
async function batchOn(deps: AnchorBatchDeps, { batchId }: Anchored, root: Hex): Promise<BatchState> {
  const state = await deps.chain.batchOf(batchId);
  if (state.root !== root) throw new Error(`batch ${batchId} on chain has another root: its anchor was undone`);
  return state;
}

/** Serials make a second post revert, so what matters is to recognise a first one that a crash kept us from seeing. */
async function anchorStep(deps: AnchorBatchDeps, row: OutboxRow): Promise<StepOutcome> {
  const next = await deps.chain.nextSerial();
  const fromSerial = BigInt(row.payload['fromSerial'] ?? -1);
  if (next < fromSerial) return await deps.passed.early(fromSerial, next);
  const batch = await load(deps, row);
  if (next === batch.fromSerial) {
    const epoch = deps.epochAt(deps.chain.head().timestamp);
    if (epoch === undefined || (await deps.chain.nextEpochToOpen()) <= epoch) return { waitMs: deps.pollMs };
    if (!(await deps.ready(epoch))) return { waitMs: deps.pollMs };
    await deps.log.anchored(row.key, batch.fromSerial, await deps.chain.anchorReceipts(batch));
    return 'finished';
  }
  const anchored = await deps.chain.findAnchor(batch);
  if (anchored === undefined) return await deps.passed.passed(row.key, batch, next);
  if (deps.chain.head().number + 1n < anchored.block + deps.confirmations) return { waitMs: deps.pollMs };
  await deps.log.anchored(row.key, batch.fromSerial, anchored);
  return 'finished';
}

async function seedStep(deps: AnchorBatchDeps, row: OutboxRow): Promise<StepOutcome> {
  const { anchored, fromSerial, root } = await loadAnchored(deps, row);
  const on = { fromSerial, blockHash: anchored.blockHash };
  const now = deps.chain.head().timestamp;
  const { seed, recordBy } = await batchOn(deps, anchored, root);
  // A batch whose seed was never fixed, or that could not be drawn from in time, would keep its epoch open for ever.
  if (now >= recordBy) {
    await deps.log.abandoned(row.key, on);
    return 'finished';
  }
  // The seed is the hash of the block after the anchor; the contract can see it one block later.
  if (deps.chain.head().number < anchored.block + deps.confirmations) return { waitMs: deps.pollMs };
  if (seed === ZERO_HASH) {
    await deps.chain.fixSeed(anchored.batchId);
    return { waitMs: 0 };
  }
  const receipts = await deps.log.receipts(fromSerial);
  await deps.log.seeded(row.key, on, seed, await deps.draw(anchored.epoch, seed, receipts));
  return 'finished';
}

/** Every look asks the chain, and there are as many batches as blocks until a seed is settled. */
const LONG_WAIT = 10;

async function recordsStep(deps: AnchorBatchDeps, row: OutboxRow): Promise<StepOutcome> {
  const batch = await loadAnchored(deps, row);
  const { anchored, fromSerial, root } = batch;
  const on = { fromSerial, blockHash: anchored.blockHash };
  // The clock is read before the state: records that made it into the last block of their window are never missed.
  const now = deps.chain.head().timestamp;
  const state = await batchOn(deps, anchored, root);
  if (state.recordsRoot === ZERO_HASH) {
    if (now >= state.recordBy) {
      await deps.log.abandoned(row.key, on);
      return 'finished';
    }
    if (batch.seed === undefined) return { waitMs: deps.pollMs }; // undone by a reorganisation: it is drawn anew first
    const closing = now + deps.recordMargin >= state.recordBy;
    // Records that were sent are mined again after a reorganisation, whatever the seed is then: they wait until it is fixed.
    const running = await deps.log.unfinished(fromSerial);
    if (!closing && (!batch.seedSettled || running > 0)) return { waitMs: LONG_WAIT * deps.pollMs };
    if (running > 0) await deps.log.giveUp(fromSerial);
    await postRecords(deps, batch, on);
  } else if (state.recordsRoot !== batch.recordsRoot)
    throw new Error(`batch ${anchored.batchId} has records on chain that are not of its seed`);
  await deps.log.recorded(row.key, on);
  return 'finished';
}

async function postRecords(
  deps: AnchorBatchDeps,
  { anchored }: StoredBatch & { readonly anchored: Anchored },
  on: Standing,
): Promise<void> {
  const receipts = await deps.log.receipts(on.fromSerial);
  const examined = await deps.log.examined(on.fromSerial);
  const scoreOf = await deps.scorer(anchored.epoch);
  const built = buildRecords(receipts, examined, { leafDomain: deps.leafDomain, scoreOf });
  await deps.log.saveRecords(on, built);
  const { root, count, dataHash } = built;
  await deps.chain.anchorRecords({ batchId: anchored.batchId, root, count, dataHash });
  deps.onRecorded(receipts, built.records);
}
