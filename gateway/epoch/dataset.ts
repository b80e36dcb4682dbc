import { canonicalJson } from '../protocol/canonical-json.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import { encodeStruct } from '../protocol/struct-json.ts';
import type { RewardLeaf, TableLeaf } from '../protocol/types.ts';
import type { StoredCommitSet } from '../evaluate/ports.ts';
import type { EpochBatch, EpochContext, EpochFacts, EpochGold, EpochReceipt } from './ports.ts';

/** Version of the line format; a reader refuses what it does not know. */
export const DATASET_VERSION = 1;

export type DatasetResult = { readonly leaves: readonly RewardLeaf[]; readonly tableLeaves: readonly TableLeaf[] };

/**
 * The epoch as canonical JSON lines, in a fixed order: context, batches, receipts with their records, golds, table,
 * reward leaves. `dataHash` is the sha256 of the whole text, whose every line ends in a line feed.
 */
export function datasetText(facts: EpochFacts, result: DatasetResult): string {
  const lines: JsonValue[] = [
    contextLine(facts.context),
    ...facts.batches.map(batchLine),
    ...facts.receipts.map(receiptLine),
    ...facts.golds.map(goldLine),
    ...result.tableLeaves.map((leaf) => ({ type: 'table', leaf: encodeStruct('table', leaf) })),
    ...result.leaves.map((leaf) => ({ type: 'reward', leaf: encodeStruct('reward', leaf) })),
  ];
  return lines.map((line) => `${canonicalJson(line)}\n`).join('');
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
