import { canonicalJson } from '../protocol/canonical-json.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import { encodeStruct } from '../protocol/struct-json.ts';
import type { RewardLeaf, TableLeaf } from '../protocol/types.ts';
import type { StoredCommitSet } from '../evaluate/ports.ts';
import type { EpochBatch, EpochContext, EpochFrame, EpochGold, EpochReceipt } from './ports.ts';

/** Version of the line format; a reader refuses what it does not know. */
export const DATASET_VERSION = 1;

/**
 * The epoch as canonical JSON lines, in a fixed order: context, batches, receipts with their records, golds, table,
 * reward leaves. `dataHash` is the sha256 of the whole text, whose every line ends in a line feed.
 */
export function datasetHead({ context, batches }: Pick<EpochFrame, 'context' | 'batches'>): string {
  return linesText([contextLine(context), ...batches.map(batchLine)]);
}

export function receiptLines(receipts: readonly EpochReceipt[]): string {
  return linesText(receipts.map(receiptLine));
}

export type DatasetResult = { readonly leaves: readonly RewardLeaf[]; readonly tableLeaves: readonly TableLeaf[] };

export function datasetTail(golds: readonly EpochGold[], { leaves, tableLeaves }: DatasetResult): string {
  return linesText([
    ...golds.map(goldLine),
    ...tableLeaves.map((leaf) => ({ type: 'table', leaf: encodeStruct('table', leaf) })),
    ...leaves.map((leaf) => ({ type: 'reward', leaf: encodeStruct('reward', leaf) })),
  ]);
}

function linesText(lines: readonly JsonValue[]): string {
  return lines.map((line) => `${canonicalJson(line)}\n`).join('');
}

/** The two datasets of a batch alone, each with a digest of its own on chain. */
export const BATCH_PARTS = ['receipts', 'records'] as const;
export type BatchPart = (typeof BATCH_PARTS)[number];

/** What a receipt's line of the epoch's dataset contributes to one of its batch's. */
export function batchPartLine(line: string, part: BatchPart): string {
  const { receipt, signature, entries, record } = JSON.parse(line) as Readonly<Record<string, JsonValue>>;
  return canonicalJson(part === 'receipts' ? { receipt, signature } : { entries, record });
}

function contextLine(context: EpochContext): JsonValue {
  return {
    type: 'epoch',
    version: DATASET_VERSION,
    epoch: context.epoch.toString(),
    chainId: context.chainId.toString(),
    nodeStaking: context.nodeStaking,
    proofRegistry: context.proofRegistry,
    rewardDistributor: context.rewardDistributor,
    genesis: context.clock.genesis.toString(),
    epochDuration: context.clock.epochDuration.toString(),
    params: context.params,
    tableRoot: context.tableRoot,
    tableEpoch: context.tableEpoch.toString(),
    evaluators: context.evaluators,
    nodes: context.nodes,
  };
}

function batchLine(batch: EpochBatch): JsonValue {
  return {
    type: 'batch',
    batchId: batch.batchId.toString(),
    gateway: batch.gateway,
    fromSerial: batch.fromSerial.toString(),
    toSerial: batch.toSerial.toString(),
    root: batch.root,
    count: batch.count,
    units: batch.units.toString(),
    dataHash: batch.dataHash,
    anchorBlock: batch.anchorBlock.toString(),
    anchoredAt: batch.anchoredAt.toString(),
    seed: batch.seed,
    recordsRoot: batch.recordsRoot,
    recordsDataHash: batch.recordsDataHash,
  };
}

function receiptLine(entry: EpochReceipt): JsonValue {
  return {
    type: 'receipt',
    batchId: entry.batchId.toString(),
    receipt: encodeStruct('receipt', entry.receipt),
    signature: entry.signature,
    attestation:
      entry.attestation === undefined
        ? null
        : {
            attestation: encodeStruct('nodeAttestation', entry.attestation.attestation),
            signature: entry.attestation.signature,
            answer: encodeStruct('answer', entry.attestation.answer),
            leaf: entry.attestation.leaf,
            proof: entry.attestation.proof,
          },
    record: encodeStruct('record', entry.record),
    entries: entry.entries,
    commitSets: entry.commitSets.map(commitSetJson),
    replays: entry.replays,
    payer: entry.payer,
    ...(entry.vote === undefined ? {} : { vote: entry.vote }),
  };
}

function commitSetJson({ commitSet, signature, evaluators, commitments }: StoredCommitSet): JsonValue {
  return { commitSet: encodeStruct('commitSet', commitSet), signature, evaluators, commitments };
}

function goldLine({ leaf, task, used }: EpochGold): JsonValue {
  return {
    type: 'gold',
    leaf: encodeStruct('gold', leaf),
    task,
    used: used === undefined ? null : { receiptId: used.receiptId, truth: used.truth },
  };
}
