import { signRecoverable } from 'tiny-secp256k1';

import { drawReceipts } from '../../../gateway/anchor/draw-receipts.ts';
import { buildRecords } from '../../../gateway/batch/build-records.ts';
import { sealBatch } from '../../../gateway/batch/close-batch.ts';
import type { ReceiptAttestation } from '../../../gateway/receipt/ports.ts';
import type { ReadyReceipt } from '../../../gateway/batch/close-batch.ts';
import type { ClosedBatch, ExaminedReceipt } from '../../../gateway/batch/ports.ts';
import { datasetHead, datasetTail } from '../../../gateway/epoch/dataset.ts';
import { distribute } from '../../../gateway/epoch/distribute.ts';
import { tableRootOf } from '../../../gateway/epoch/fold-epoch.ts';
import type { DatasetFiles, EpochBatch, EpochContext, EpochReceipt } from '../../../gateway/epoch/ports.ts';
import { committeeSize, rankCommittee } from '../../../gateway/poq/committee.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { isDrawn, isExaminable, isReplayed } from '../../../gateway/poq/sampling.ts';
import { scoreReceipt } from '../../../gateway/poq/score.ts';
import { createTable } from '../../../gateway/poq/table.ts';
import { buildBatchTree } from '../../../gateway/protocol/batch-tree.ts';
import { commitmentsHash } from '../../../gateway/protocol/commitments.ts';
import { commitSetDigest, evaluationDigest, nodeAttestationDigest } from '../../../gateway/protocol/eip712.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { answerLeaf } from '../../../gateway/protocol/leaf.ts';
import { createSigner } from '../../../gateway/protocol/signature.ts';
import type { Signer } from '../../../gateway/protocol/signature.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Address, EvaluationEntry, Hex, Receipt, TableLeaf } from '../../../gateway/protocol/types.ts';
import { workUnits } from '../../../gateway/protocol/units.ts';
import type { StoredCommitSet } from '../../../gateway/evaluate/ports.ts';

/**
 * An epoch of any size as a gateway publishes it: signed, attested, drawn, judged and folded by the gateway's own code,
 * a batch at a time. It stands for traffic that nobody has had yet; the same seed gives the same epoch.
 */
export type MadeEpochOptions = {
  readonly files: Pick<DatasetFiles, 'create'>;
  readonly receipts: number;
  readonly batchSize: number;
  readonly nodes: number;
  readonly evaluators: number;
  /** How many of 10,000 receipts are drawn, by the table that the epoch works with. */
  readonly rateBps: number;
};

export type MadeEpoch = {
  readonly dataHash: Hex;
  /** Dataset of the epoch before the one before: it holds the table. */
  readonly tableDataHash: Hex;
};

const CHAIN = { chainId: 31_337n, nodeStaking: account(0xa1), proofRegistry: account(0xa2) } as const;
const DISTRIBUTOR = account(0xa3);
const LEAF_DOMAIN = { chainId: CHAIN.chainId, contract: CHAIN.proofRegistry };
const SIGNING_DOMAIN = { chainId: CHAIN.chainId, verifyingContract: CHAIN.nodeStaking };
const CLOCK = { genesis: 1_000n, epochDuration: 86_400n };
const EPOCH = 2n;
const NOON = CLOCK.genesis + EPOCH * CLOCK.epochDuration + 43_200n;
const GATEWAY = account(0x900);
const KEY = signerOf(9);
const MODEL = keccakText('org/model');

function hash(kind: string, index: number | string): Hex {
  return keccakText(`${kind} ${index}`);
}

function account(index: number): Address {
  return `0x${index.toString(16).padStart(40, '0')}`;
}

/** Signs without randomness: a batch that is made again is the same. */
function signerOf(index: number): Signer {
  const key = Buffer.from(index.toString(16).padStart(64, '0'), 'hex');
  const { address } = createSigner(`0x${key.toString('hex')}`);
  return {
    address,
    sign(digest) {
      const { signature, recoveryId } = signRecoverable(Buffer.from(digest.slice(2), 'hex'), key);
      return `0x${Buffer.from(signature).toString('hex')}${recoveryId === 0 ? '1b' : '1c'}`;
    },
  };
}

type Members = { readonly account: Address; readonly signer: Signer }[];
type World = { readonly nodes: Members; readonly evaluators: Members; readonly table: readonly TableLeaf[] };

function worldOf({ nodes, evaluators, rateBps }: MadeEpochOptions): World {
  const members = (from: number, count: number): Members =>
    Array.from({ length: count }, (_, index) => ({ account: account(from + index), signer: signerOf(from + index) }));
  const inference = members(0x10_000, nodes);
  return {
    nodes: inference,
    evaluators: members(0x20_000, evaluators),
    table: inference.map((node) => ({ kind: 1, account: node.account, family: 255, value: rateBps })),
  };
}

export async function makeEpoch(options: MadeEpochOptions): Promise<MadeEpoch> {
  const world = worldOf(options);
  const distributor = { chainId: CHAIN.chainId, contract: DISTRIBUTOR };
  const context: EpochContext = {
    ...{ epoch: EPOCH, ...CHAIN, rewardDistributor: DISTRIBUTOR, clock: CLOCK, params: DEFAULT_PARAMS },
    ...{ tableRoot: tableRootOf(world.table, distributor), tableEpoch: 0n },
    evaluators: world.evaluators.map((member) => member.account),
    nodes: world.nodes.map((member) => member.account),
  };
  const deps = { signer: KEY, signingDomain: SIGNING_DOMAIN, datasets: options.files };
  const batches = Array.from({ length: Math.ceil(options.receipts / options.batchSize) }, (_, index) =>
    madeBatch(world, index, options),
  );
  const facts = {
    context,
    batches: batches.map(({ line }) => line),
    golds: [],
    receiptsOf: ({ batchId }: EpochBatch) => pagesOf(batches[Number(batchId) - 1]?.seal),
  };
  const { distribution } = await distribute(facts, [], 0, deps);
  return { dataHash: distribution.dataHash, tableDataHash: await writeTable(context, world, options) };
}

/** The fold of an empty epoch has no such table, so its lines are written as they must read. */
async function writeTable(context: EpochContext, world: World, { files }: MadeEpochOptions): Promise<Hex> {
  const writer = await files.create();
  await writer.write(datasetHead({ context: { ...context, epoch: 0n, tableRoot: ZERO_HASH }, batches: [] }));
  await writer.write(datasetTail([], { leaves: [], tableLeaves: world.table }));
  return writer.end();
}

type Sealed = { readonly closed: ClosedBatch; readonly receipts: () => EpochReceipt[] };
type MadeBatch = { readonly line: EpochBatch; readonly seal: () => Sealed };

/** A batch is made twice, for its line and for its receipts, so that no more than one is ever held. */
function madeBatch(world: World, index: number, options: MadeEpochOptions): MadeBatch {
  const batchId = BigInt(index + 1);
  const seed = hash('seed', index);
  const seal = (): Sealed & { readonly recordsRoot: Hex; readonly recordsDataHash: Hex } => {
    const from = index * options.batchSize;
    const count = Math.min(options.batchSize, options.receipts - from);
    const deps = { signer: KEY, leafDomain: LEAF_DOMAIN, signingDomain: SIGNING_DOMAIN };
    const ready = readyReceipts(world, from, count);
    const closed = sealBatch(BigInt(from), ready, deps);
    const examined = examine(world, closed, seed);
    const built = buildRecords(closed.receipts, examined.results, {
      leafDomain: LEAF_DOMAIN,
      scoreOf: (receipt, examination) =>
        scoreReceipt({ receipt, examination, tableMask: 5, comparable: false, params: DEFAULT_PARAMS }),
    });
    const receipts = (): EpochReceipt[] =>
      closed.receipts.map(({ receipt, signature }, at) => {
        const [scored, attestation] = [built.records[at], ready[at]?.attestation];
        if (scored === undefined || attestation === undefined) throw new Error('a receipt without a record');
        const { record, entries } = scored;
        const commitSets = examined.commitSets.get(receipt.id) ?? [];
        return { batchId, receipt, signature, attestation, record, entries, commitSets, replays: [], payer: ZERO_HASH };
      });
    return { closed, receipts, recordsRoot: built.root, recordsDataHash: built.dataHash };
  };
  const { closed, recordsRoot, recordsDataHash } = seal();
  const { receipts: _receipts, ...range } = closed;
  const anchor = { anchorBlock: batchId, anchoredAt: NOON + 10n, seed };
  return { line: { batchId, gateway: GATEWAY, ...range, ...anchor, recordsRoot, recordsDataHash }, seal };
}

const PAGE = 500;

async function* pagesOf(seal: (() => Sealed) | undefined): AsyncGenerator<readonly EpochReceipt[]> {
  const receipts = seal?.().receipts() ?? [];
  for (let from = 0; from < receipts.length; from += PAGE) yield receipts.slice(from, from + PAGE);
}

function madeReceipt(serial: number, node: Address): Receipt {
  const tokens = { prompt: 50 + (serial % 900), completion: 20 + (serial % 300) };
  return {
    ...{ id: hash('receipt', serial), gateway: GATEWAY, node, serial: BigInt(serial), servedAt: NOON },
    ...{ requestHash: hash('request', serial), responseHash: hash('response', serial), model: MODEL },
    ...{ family: serial % 12, complexity: (serial * 37) % 10_001 },
    ...{ promptTokens: tokens.prompt, completionTokens: tokens.completion },
    ...{ firstTokenMs: 20 + (serial % 50), totalMs: 300 + (serial % 500), priceMicroUsd: BigInt(serial % 700) },
    ...{ units: workUnits(tokens), flags: 0, routeHash: hash('route', serial) },
  };
}

type AttestedReceipt = ReadyReceipt & { readonly attestation: ReceiptAttestation };

/** Each node attests its answers of the batch under one root. */
function readyReceipts({ nodes }: World, from: number, count: number): readonly AttestedReceipt[] {
  const ready: AttestedReceipt[] = [];
  nodes.forEach(({ account: node, signer }, offset) => {
    const serials = Array.from({ length: count }, (_, index) => from + index).filter(
      (serial) => serial % nodes.length === offset,
    );
    if (serials.length === 0) return;
    const receipts = serials.map((serial) => madeReceipt(serial, node));
    const answers = receipts.map(({ id: receiptId, ...rest }) => {
      const { gateway, requestHash, responseHash, model, promptTokens, completionTokens } = rest;
      return { receiptId, gateway, node, requestHash, responseHash, model, promptTokens, completionTokens };
    });
    const leaves = answers.map((answer) => answerLeaf(LEAF_DOMAIN, answer));
    const tree = buildBatchTree(leaves);
    const attestation = { node, gateway: GATEWAY, root: tree.root, count: answers.length, sequence: BigInt(from + 1) };
    const signature = signer.sign(nodeAttestationDigest(SIGNING_DOMAIN, attestation));
    receipts.forEach((receipt, index) => {
      const [answer, leaf] = [answers[index], leaves[index]];
      if (answer === undefined || leaf === undefined) return;
      ready.push({
        receipt,
        answer: leaf,
        attestation: { attestation, signature, answer, leaf, proof: tree.proofOf(index) },
      });
    });
  });
  return ready.toSorted((a, b) => (a.receipt.serial < b.receipt.serial ? -1 : 1));
}

function examine({ evaluators, table }: World, closed: ClosedBatch, seed: Hex) {
  const { rateOf } = createTable(table);
  const results = new Map<Hex, ExaminedReceipt>();
  const commitSets = new Map<Hex, readonly StoredCommitSet[]>();
  const rules = { isExaminable, isDrawn, isReplayed, rateOf, replayRateBps: 0 };
  const nodes = new Map(closed.receipts.map(({ receipt }) => [receipt.id, receipt.node]));
  const signers = new Map(evaluators.map(({ account: evaluator, signer }) => [evaluator, signer]));
  for (const { receiptId, receiptLeaf } of drawReceipts(seed, closed.receipts, rules)) {
    const eligible = evaluators.map((member) => member.account);
    const excluded = [GATEWAY, nodes.get(receiptId) ?? GATEWAY];
    const ranked = rankCommittee({ seed, receiptLeaf, evaluators: eligible, excluded });
    const members = ranked.slice(0, committeeSize(ranked.length, DEFAULT_PARAMS));
    const judged = members.map((evaluator) => judge(evaluator, { receiptLeaf, seed, signer: signers.get(evaluator) }));
    const commitments = judged.map(({ digest }) => digest);
    const commitSet = {
      receiptLeaf,
      seed,
      size: members.length,
      commitmentsHash: commitmentsHash(members, commitments),
    };
    const signature = KEY.sign(commitSetDigest(SIGNING_DOMAIN, commitSet));
    commitSets.set(receiptId, [{ commitSet, signature, evaluators: members, commitments }]);
    const entries = judged.map(({ entry }) => entry);
    results.set(receiptId, { committeeSize: members.length, entries, replays: 0 });
  }
  return { results, commitSets };
}

type Judgement = { readonly receiptLeaf: Hex; readonly seed: Hex; readonly signer: Signer | undefined };

function judge(evaluator: Address, { receiptLeaf, seed, signer }: Judgement): { entry: EvaluationEntry; digest: Hex } {
  if (signer === undefined) throw new Error(`no key of ${evaluator}`);
  const accuracy = 7_000 + (Number.parseInt(receiptLeaf.slice(2, 6), 16) % 3_000);
  const scores = { accuracy, consistency: 0, format: 9_000, scorerId: MODEL, salt: hash('salt', receiptLeaf) };
  const digest = evaluationDigest(SIGNING_DOMAIN, { receiptLeaf, seed, evaluator, ...scores });
  return { entry: { evaluator, ...scores, trust: 1_000, signature: signer.sign(digest) }, digest };
}
