import { datasetHead, datasetTail, receiptLines } from '../../../gateway/epoch/dataset.ts';
import type { DatasetResult } from '../../../gateway/epoch/dataset.ts';
import { createFold } from '../../../gateway/epoch/fold-epoch.ts';
import type { EpochFold } from '../../../gateway/epoch/fold-epoch.ts';
import type {
  DatasetWriter,
  EpochBatch,
  EpochFacts,
  EpochFrame,
  EpochGold,
  EpochReceipt,
  GoldOutcome,
} from '../../../gateway/epoch/ports.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { scoreReceipt } from '../../../gateway/poq/score.ts';
import { Dimension, Flag } from '../../../gateway/protocol/constants.ts';
import { evaluationsHash } from '../../../gateway/protocol/commitments.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import { sha256Hex } from '../../../gateway/protocol/content.ts';
import type { Address, EvaluationEntry, Hex, Receipt } from '../../../gateway/protocol/types.ts';
import { GATEWAY, address, entry, hash, leafOf, receipt } from '../background.fixtures.ts';

export const CLOCK = { genesis: 1_000n, epochDuration: 100n };
export const EPOCH = 3n; // 1,300 … 1,399
export const NODES = [1, 2, 3, 4].map((index) => address(0x100 + index));
export const EVALUATORS = [1, 2, 3, 4, 5].map((index) => address(0x200 + index));
export const DISTRIBUTOR = { chainId: 31_337n, contract: address(0xc3) } as const;

export function batch(id: number, fields: Partial<EpochBatch> = {}): EpochBatch {
  return {
    batchId: BigInt(id),
    gateway: GATEWAY,
    fromSerial: BigInt(100 * id),
    toSerial: BigInt(100 * (id + 1)),
    root: hash(0xa000 + id),
    count: 1,
    units: 300n,
    dataHash: hash(0xd000 + id),
    anchorBlock: 50n,
    anchoredAt: 1_350n,
    seed: hash(0x5eed + id),
    recordsRoot: hash(0xe000 + id),
    recordsDataHash: hash(0xf000 + id),
    ...fields,
  };
}

/** What the committee said of a receipt: an accuracy per evaluator. Undefined: it was not drawn. */
export type Word = readonly number[] | undefined;

export function scored(
  serial: number,
  word: Word,
  fields: Partial<Receipt> = {},
  more: Partial<EpochReceipt> = {},
): EpochReceipt {
  const value = receipt(serial, { servedAt: 1_340n, node: NODES[0] as Address, ...fields });
  const entries = (word ?? []).map((accuracy, index): EvaluationEntry =>
    entry({ evaluator: EVALUATORS[index] as Address, accuracy }),
  );
  const score = scoreReceipt({
    receipt: value,
    examination: word === undefined ? undefined : { committeeSize: 5, entries },
    tableMask: Dimension.accuracy | Dimension.format,
    comparable: false,
    params: DEFAULT_PARAMS,
  });
  return {
    batchId: 1n,
    receipt: value,
    signature: `0x${'55'.repeat(65)}`,
    record: {
      receiptLeaf: leafOf(value),
      gateway: value.gateway,
      serial: value.serial,
      ...score,
      evaluationsHash: evaluationsHash(entries),
    },
    entries,
    commitSets: [],
    replays: [],
    payer: hash(0xbeef),
    ...more,
  };
}

export const gold = (index: number, used?: EpochGold['used']): EpochGold => ({
  leaf: { epoch: EPOCH, index, contentHash: hash(1), referenceHash: hash(2), checkerId: hash(3), salt: hash(4) },
  task: { family: 'maths', body: { messages: [] }, reference: { kind: 'number', value: 7 } },
  ...(used === undefined ? {} : { used }),
});

/** A gold receipt with its truth: `serial` doubles as the gold's index. */
export function goldOf(serial: number, truth: number, word: Word, fields: Partial<Receipt> = {}) {
  const value = scored(serial, word, { flags: Flag.gold, ...fields });
  return { receipt: value, gold: gold(serial, { receiptId: value.receipt.id, truth }) };
}

/** An epoch that is small enough to hold. */
export type WholeFacts = EpochFrame & { readonly receipts: readonly EpochReceipt[] };

export function factsOf(
  receipts: readonly EpochReceipt[],
  golds: readonly EpochGold[] = [],
  batches: readonly EpochBatch[] = [batch(1)],
): WholeFacts {
  return {
    context: {
      epoch: EPOCH,
      chainId: 31_337n,
      nodeStaking: address(0xc2),
      proofRegistry: address(0xc1),
      rewardDistributor: DISTRIBUTOR.contract,
      clock: CLOCK,
      params: DEFAULT_PARAMS,
      tableRoot: ZERO_HASH,
      tableEpoch: 0n,
      evaluators: EVALUATORS,
      nodes: NODES,
    },
    batches,
    receipts,
    golds,
  };
}

export function foldEpoch(facts: WholeFacts, history: readonly GoldOutcome[]): EpochFold {
  const fold = createFold(facts);
  for (const receipt of facts.receipts) fold.add(receipt);
  return fold.end(history);
}

export function datasetText(facts: WholeFacts, result: DatasetResult): string {
  return `${datasetHead(facts)}${receiptLines(facts.receipts)}${datasetTail(facts.golds, result)}`;
}

/** The same facts as a store gives them: two receipts at a time. */
export function streamed({ receipts, ...frame }: WholeFacts): EpochFacts {
  return {
    ...frame,
    async *receiptsOf({ batchId }) {
      const own = receipts.filter((receipt) => receipt.batchId === batchId);
      for (let from = 0; from < own.length; from += 2) yield own.slice(from, from + 2);
    },
  };
}

/** Datasets as texts. */
export function memoryDatasets() {
  const texts = new Map<Hex, string>();
  const discarded: string[] = [];
  const create = (): Promise<DatasetWriter> => {
    let text = '';
    return Promise.resolve({
      write: (more) => {
        text += more;
        return Promise.resolve();
      },
      cut: () => Promise.resolve(text.length),
      end: () => {
        texts.set(sha256Hex(text), text);
        return Promise.resolve(sha256Hex(text));
      },
      discard: () => {
        discarded.push(text);
        return Promise.resolve();
      },
    });
  };
  return { texts, discarded, create };
}
