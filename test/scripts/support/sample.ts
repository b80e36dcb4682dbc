import { createHash } from 'node:crypto';

import { SigningKey, Wallet, computeAddress, concat, hexlify, id, toUtf8Bytes } from 'ethers';

import { batchProof, batchRoot } from '../../../scripts/lib/protocol/batch-tree.ts';
import { leafHash } from '../../../scripts/lib/protocol/leaf.ts';
import { evaluationsHash } from '../../../scripts/lib/protocol/lists.ts';
import type { Fields } from '../../../scripts/lib/protocol/schema.ts';
import { digestOf, signingDomain } from '../../../scripts/lib/protocol/typed-data.ts';
import { consensusOf } from '../../../scripts/lib/verify/consensus.ts';
import { committeeRank } from '../../../scripts/lib/verify/record.ts';

/** A small network's worth of keys, one examined receipt among five, and its record: everything signed and provable. */
export type Operator = { readonly account: Wallet; readonly signer: Wallet };

export function operator(name: string): Operator {
  return { account: new Wallet(id(`${name} account`)), signer: new Wallet(id(`${name} signer`)) };
}

export const gateway = operator('gateway');
export const node = operator('node');
export const evaluators = [1, 2, 3, 4, 5].map((index) => operator(`evaluator ${index}`));

export type Domain = {
  readonly chainId: string;
  readonly nodeStaking: string;
  readonly proofRegistry: string;
  readonly rewardDistributor: string;
};

export const OFFLINE_DOMAIN: Domain = {
  chainId: '31337',
  nodeStaking: computeAddress(id('NodeStaking')).toLowerCase(),
  proofRegistry: computeAddress(id('ProofRegistry')).toLowerCase(),
  rewardDistributor: computeAddress(id('RewardDistributor')).toLowerCase(),
};

export const MODEL = 'span-extractor';
const SALT = '0x00112233445566778899aabbccddeeff';
const REQUEST = '{"messages":[{"content":"How many moons has Mars?","role":"user"}],"model":"span-extractor"}';
const RESPONSE =
  '{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"Two.","role":"assistant"}}],"model":"span-extractor"}';

function contentHash(text: string): string {
  const bytes = Buffer.from(concat([SALT, toUtf8Bytes(text)]).slice(2), 'hex');
  return hexlify(createHash('sha256').update(bytes).digest());
}

export function receiptOf(serial: number, servedAt: bigint): Fields {
  return {
    id: id(`receipt ${serial}`),
    gateway: gateway.account.address.toLowerCase(),
    node: node.account.address.toLowerCase(),
    serial: `${serial}`,
    servedAt: servedAt.toString(),
    requestHash: contentHash(REQUEST),
    responseHash: contentHash(RESPONSE),
    model: id(MODEL),
    family: 4,
    complexity: 1_200,
    promptTokens: 14,
    completionTokens: 2,
    firstTokenMs: 40,
    totalMs: 55,
    priceMicroUsd: '3',
    units: '22',
    flags: 0,
    routeHash: id('route'),
  };
}

export type Sample = {
  readonly receipts: readonly Fields[];
  readonly leaves: readonly string[];
  readonly root: string;
  readonly units: bigint;
};

/** Five receipts of serials 0…4. */
export function sampleBatch(domain: Domain, servedAt: bigint): Sample {
  const at = { chainId: domain.chainId, contract: domain.proofRegistry };
  const receipts = [0, 1, 2, 3, 4].map((serial) => receiptOf(serial, servedAt));
  const leaves = receipts.map((receipt) => leafHash('Receipt', at, receipt));
  return { receipts, leaves, root: batchRoot(leaves), units: 22n * 5n };
}

function sign(
  type: 'Receipt' | 'NodeAttestation' | 'Evaluation',
  domain: Domain,
  value: Fields,
  wallet: Wallet,
): string {
  const digest = digestOf(type, signingDomain(domain.chainId, domain.nodeStaking), value);
  return new SigningKey(wallet.privateKey).sign(digest).serialized;
}

export type SampleRecords = {
  readonly records: readonly Fields[];
  readonly leaves: readonly string[];
  readonly root: string;
  readonly evaluations: readonly Fields[];
};

/** Records of the five receipts: the third was examined, the others were not. */
export function sampleRecords(domain: Domain, batch: Sample, seed: string): SampleRecords {
  const evaluations = sampleEvaluations(domain, batch.leaves[2] ?? '', seed);
  const records = batch.receipts.map((receipt, index) =>
    recordOf(receipt, batch.leaves[index] ?? '', index === 2 ? evaluations : []),
  );
  const at = { chainId: domain.chainId, contract: domain.proofRegistry };
  const leaves = records.map((record) => leafHash('RecordLeaf', at, record));
  return { records, leaves, root: batchRoot(leaves), evaluations };
}

function sampleEvaluations(domain: Domain, receiptLeaf: string, seed: string): readonly Fields[] {
  const accuracies = [9_000, 8_800, 9_100, 8_900, 2_000];
  return evaluators
    .map(({ account, signer }, index) => {
      const evaluator = account.address.toLowerCase();
      const scores = { accuracy: accuracies[index] ?? 0, consistency: 0, format: 10_000 };
      const salt = id(`salt ${index}`);
      const value = { receiptLeaf, seed, evaluator, ...scores, scorerId: id('scorer'), salt };
      const signature = sign('Evaluation', domain, value, signer);
      return { evaluator, ...scores, trust: 1_000, scorerId: id('scorer'), salt, signature };
    })
    .toSorted((a, b) => {
      const [left, right] = [a, b].map(({ evaluator }) => committeeRank(seed, receiptLeaf, evaluator));
      return (left ?? '') < (right ?? '') ? -1 : 1;
    });
}

function recordOf(receipt: Fields, receiptLeaf: string, evaluations: readonly Fields[]): Fields {
  const scored = evaluations.length > 0;
  const accuracy = scored
    ? consensusOf(
        evaluations.map(({ accuracy: score, trust }) => ({ score: BigInt(score ?? 0), trust: BigInt(trust ?? 0) })),
      )
    : 0n;
  return {
    receiptLeaf,
    gateway: receipt['gateway'] ?? '',
    serial: receipt['serial'] ?? '',
    status: scored ? 1 : 0,
    committeeSize: evaluations.length,
    activeMask: scored ? 5 : 0,
    accuracy: Number(accuracy),
    consistency: 0,
    format: scored ? 10_000 : 0,
    cost: 9_500,
    quality: scored ? Number(accuracy) : 0,
    score: scored ? Number(accuracy) - 150 : 0,
    evaluationsHash: evaluationsHash(evaluations).hash,
  };
}

/** The examined receipt as `GET /v1/receipts/:id` shows it once it is recorded. */
export function sampleDocument(
  domain: Domain,
  { batch, batchId, seed, records }: { batch: Sample; batchId: string; seed: string; records: SampleRecords },
) {
  const index = 2;
  const receipt = batch.receipts[index];
  const record = records.records[index];
  if (receipt === undefined || record === undefined) throw new RangeError('the sample has five receipts');
  return {
    id: receipt['id'],
    object: 'dgrid.receipt',
    state: 'recorded',
    model: MODEL,
    domain,
    receipt,
    signature: sign('Receipt', domain, receipt, gateway.signer),
    signer: gateway.signer.address,
    salt: SALT,
    content: { request: REQUEST, response: RESPONSE },
    attestation: sampleAttestation(domain, receipt),
    batch: { id: batchId, root: batch.root, leaf: batch.leaves[index], proof: batchProof(batch.leaves, index), seed },
    record: {
      record,
      root: records.root,
      leaf: records.leaves[index],
      proof: batchProof(records.leaves, index),
      evaluations: records.evaluations,
    },
  };
}

function sampleAttestation(domain: Domain, receipt: Fields) {
  const {
    id: receiptId = '',
    gateway: by = '',
    node: of = '',
    requestHash = '',
    responseHash = '',
    model = '',
  } = receipt;
  // The node counted one completion token more than the gateway: its counts are a claim.
  const answer = {
    receiptId,
    gateway: by,
    node: of,
    requestHash,
    responseHash,
    model,
    promptTokens: 14,
    completionTokens: 3,
  };
  const at = { chainId: domain.chainId, contract: domain.proofRegistry };
  const leaves = [id('another answer'), leafHash('AnswerLeaf', at, answer), id('a third')];
  const attestation = { node: of, gateway: by, root: batchRoot(leaves), count: 3, sequence: '7' };
  const signature = sign('NodeAttestation', domain, attestation, node.signer);
  return {
    attestation,
    signature,
    signer: node.signer.address,
    answer,
    leaf: leaves[1],
    proof: batchProof(leaves, 1),
  };
}

export function offlineSample() {
  const batch = sampleBatch(OFFLINE_DOMAIN, 1_800_000_300n);
  const seed = id('seed');
  const records = sampleRecords(OFFLINE_DOMAIN, batch, seed);
  return sampleDocument(OFFLINE_DOMAIN, { batch, batchId: '1', seed, records });
}
