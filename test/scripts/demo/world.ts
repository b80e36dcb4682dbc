import { Wallet } from 'ethers';

import { sha256Hex } from '../../../gateway/protocol/content.ts';
import { buildBatchTree } from '../../../gateway/protocol/batch-tree.ts';
import { batchesHash, distributionHash } from '../../../gateway/protocol/commitments.ts';
import { goldLeaf, receiptLeaf, recordLeaf, rewardLeaf, tableLeaf } from '../../../gateway/protocol/leaf.ts';
import { encodeStruct } from '../../../gateway/protocol/struct-json.ts';
import { buildSumTree } from '../../../gateway/protocol/sum-tree.ts';
import type {
  Address,
  GoldLeaf,
  Hex,
  PoqRecord,
  Receipt,
  RewardLeaf,
  TableLeaf,
} from '../../../gateway/protocol/types.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { ChainFacts, EpochInfo } from '../../../scripts/demo/chain-facts.ts';
import { parseDataset } from '../../../scripts/demo/dataset.ts';
import type { InvariantInput } from '../../../scripts/demo/invariants.ts';
import type { ReceiptView } from '../../../scripts/demo/late-receipts.ts';
import type { Members } from '../../../scripts/demo/members.ts';
import type { Sent } from '../../../scripts/demo/traffic.ts';
import type { Deployment } from '../../../scripts/lib/deployment.ts';

/** One epoch in which everything adds up, built with the gateway's encodings: the demo checks it with its own. */

const REGISTRY: Address = `0x${'0a'.repeat(20)}`;
const DISTRIBUTOR: Address = `0x${'0b'.repeat(20)}`;
const word = (byte: string): Hex => `0x${byte.repeat(32)}`;

const wallet = (index: number): Wallet => new Wallet(`0x${index.toString(16).padStart(64, '0')}`);
const accountOf = ({ address }: Wallet): Address => address.toLowerCase() as Address;
const seat = (name: string, index: number) => ({
  name,
  account: wallet(index),
  signer: wallet(index + 50),
  port: 1,
  url: '',
});
const backend = { name: 'x', backendUrl: 'http://x', model: 'm', price: { input: 1, output: 1 } };

export const members: Members = {
  nodes: [
    { ...seat('good', 1), role: 0, backend, profile: 'honest' },
    { ...seat('bad', 2), role: 0, backend, profile: 'lazy' },
  ],
  evaluators: [
    { ...seat('evaluator-1', 3), role: 1, lies: false },
    { ...seat('evaluator-2', 4), role: 1, lies: true },
  ],
  gateway: { ...seat('gateway', 5), role: 2 },
  judge: undefined,
};

const [GOOD, BAD, JUDGE, LIAR, GATEWAY] = [1, 2, 3, 4, 5].map((index) => accountOf(wallet(index))) as [
  Address,
  Address,
  Address,
  Address,
  Address,
];

function receiptOf(serial: bigint, node: Address): Receipt {
  return {
    ...{ id: word(`0${serial}`), gateway: GATEWAY, node, serial, servedAt: 100n, requestHash: word('11') },
    ...{
      responseHash: word('12'),
      model: word('13'),
      family: 2,
      complexity: 10,
      promptTokens: 20,
      completionTokens: 5,
    },
    ...{ firstTokenMs: 3, totalMs: 9, priceMicroUsd: 7n, units: 40n, flags: 0, routeHash: word('14') },
  };
}

function recordOf(receipt: Receipt, score: number): PoqRecord {
  return {
    ...{ receiptLeaf: receiptLeaf({ chainId: 31_337n, contract: REGISTRY }, receipt), gateway: GATEWAY },
    ...{
      serial: receipt.serial,
      status: 1,
      committeeSize: 5,
      activeMask: 1,
      accuracy: score,
      consistency: 0,
      format: 0,
    },
    ...{ cost: 9_000, quality: score, score, evaluationsHash: word('15') },
  };
}

const reward = (role: number, account: Address, quality: number, volume: bigint): RewardLeaf => ({
  ...{ epoch: 0n, role, account, quality, volume, difficulty: 10_000, feedback: 10_000 },
});

export type World = { readonly input: InvariantInput; readonly text: string };

export function createWorld(): World {
  const registry = { chainId: 31_337n, contract: REGISTRY };
  const distributor = { chainId: 31_337n, contract: DISTRIBUTOR };
  const receipts = [receiptOf(1n, GOOD), receiptOf(2n, BAD)];
  const records = [recordOf(receipts[0] ?? receiptOf(1n, GOOD), 9_000), recordOf(receipts[1] ?? receiptOf(2n, BAD), 0)];
  const golds: GoldLeaf[] = [
    {
      epoch: 0n,
      index: 0,
      contentHash: word('21'),
      referenceHash: word('22'),
      checkerId: word('23'),
      salt: word('24'),
    },
  ];
  const table: TableLeaf[] = [
    { kind: 0, account: JUDGE, family: 255, value: 1_500 },
    { kind: 0, account: LIAR, family: 255, value: 250 },
  ];
  const rewards = [reward(0, GOOD, 9_000, 40n), reward(1, JUDGE, 5_000, 2n), reward(2, GATEWAY, 4_500, 80n)];
  const root = buildBatchTree(receipts.map((item) => receiptLeaf(registry, item))).root;
  const recordsRoot = buildBatchTree(records.map((item) => recordLeaf(registry, item))).root;
  const lines: object[] = [
    { type: 'batch', batchId: '1', root, recordsRoot, count: 2, units: '80' },
    ...receipts.map((receipt, index) => ({
      ...{ type: 'receipt', batchId: '1', receipt: encodeStruct('receipt', receipt) },
      ...{
        record: encodeStruct('record', records[index] ?? recordOf(receipt, 0)),
        entries: [{ evaluator: JUDGE }, { evaluator: LIAR }],
      },
    })),
    ...golds.map((leaf) => ({ type: 'gold', leaf: encodeStruct('gold', leaf), used: null })),
    ...table.map((leaf) => ({ type: 'table', leaf: encodeStruct('table', leaf) })),
    ...rewards.map((leaf) => ({ type: 'reward', leaf: encodeStruct('reward', leaf) })),
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');

  const trees = [0, 1, 2].map((role) => {
    const own = rewards.filter((leaf) => leaf.role === role);
    const weight = (leaf: RewardLeaf): bigint => BigInt(leaf.quality) * leaf.volume * 10_000n * 10_000n;
    return buildSumTree(own.map((leaf) => ({ hash: rewardLeaf(distributor, leaf), sum: weight(leaf) })));
  });
  const of = <T>(pick: (tree: (typeof trees)[number]) => T): readonly [T, T, T] =>
    trees.map(pick) as unknown as readonly [T, T, T];
  const info: EpochInfo = {
    ...{
      state: 4n,
      round: 0n,
      pot: 1_000n,
      pools: [700n, 200n, 100n],
    },
    ...{
      roots: of(({ root: top }) => top),
      totals: of(({ total }) => total),
      counts: of(({ count }) => BigInt(count)),
    },
    ...{ paramsHash: word('31'), nextTableRoot: ZERO_HASH },
    distributionHash: distributionHash({
      ...{ epoch: 0n, round: 0, roots: of(({ root: top }) => top), totals: of(({ total }) => total) },
      ...{ counts: of(({ count }) => count), paramsHash: word('31') },
      tableRoot: buildBatchTree(table.map((leaf) => tableLeaf(distributor, leaf))).root,
      ...{ batchesHash: batchesHash([1n]), dataHash: sha256Hex(text) },
    }),
  };
  const claim = (account: Address, role: number, amount: bigint, returned: bigint) => ({
    ...{ account, role, epoch: 0n, payout: account, amount, returned },
  });
  const facts: ChainFacts = {
    epochs: [info],
    batches: [{ batchId: 1n, epoch: 0n, root, recordsRoot }],
    golds: [{ epoch: 0n, root: buildBatchTree(golds.map((leaf) => goldLeaf(registry, leaf))).root, count: 1n }],
    claims: [claim(GOOD, 0, 175n, 525n), claim(JUDGE, 1, 50n, 150n), claim(GATEWAY, 2, 25n, 75n)],
    balances: new Map([
      [GOOD, 175n],
      [JUDGE, 50n],
      [GATEWAY, 25n],
      [DISTRIBUTOR, 9_745n],
    ]),
    totalSupply: 9_995n,
    minted: 10_000n,
    burned: 5n,
    distributor: { balance: 9_745n, reserve: 9_745n },
  };
  return {
    text,
    input: { facts, datasets: [parseDataset(text)], deployment: deployment(), sent: sentOf(), late: new Map() },
  };
}

/** An answer of the last moment, and the batch of the epoch after in which it was anchored beside another. */
export function createLate(): {
  readonly id: string;
  readonly view: ReceiptView;
  readonly batch: ChainFacts['batches'][number];
} {
  const receipt = receiptOf(3n, GOOD);
  const leaves = [receipt, receiptOf(4n, BAD)].map((item) =>
    receiptLeaf({ chainId: 31_337n, contract: REGISTRY }, item),
  );
  const tree = buildBatchTree(leaves);
  const batch = { id: '2', proof: [leaves[1] ?? ''] };
  const view = { state: 'anchored', receipt: encodeStruct('receipt', receipt) as ReceiptView['receipt'], batch };
  return { id: receipt.id, view, batch: { batchId: 2n, epoch: 1n, root: tree.root, recordsRoot: ZERO_HASH } };
}

function deployment(): Deployment {
  const at = (address: string) => ({ path: '', address, constructorArguments: [], block: 1, transaction: '' });
  const other = (byte: string) => at(`0x${byte.repeat(20)}`);
  return {
    ...{ version: 1, chainId: '31337', commit: null, deployer: '', block: 1 },
    contracts: {
      ...{ DGAIToken: other('0c'), NodeStaking: other('0d'), EvidenceCourt: other('0e') },
      ...{ ProofRegistry: at(REGISTRY), RewardDistributor: at(DISTRIBUTOR) },
      ...{ AccessManager: other('0f'), TimelockController: other('10') },
    },
  };
}

function sentOf(): Sent[] {
  const task = { prompt: 'x', family: 'maths', references: ['1'] } as const;
  const base = { ok: true, text: 'x', attempts: 1, elapsedMs: 1, problem: undefined, epoch: 0, task, streamed: false };
  return [
    { ...base, receiptId: word('01'), node: GOOD, accuracyBps: 10_000 },
    { ...base, receiptId: word('02'), node: BAD, accuracyBps: 0 },
    { ...base, ok: false, receiptId: undefined, node: undefined, accuracyBps: undefined, problem: '503 no_node' },
  ];
}
