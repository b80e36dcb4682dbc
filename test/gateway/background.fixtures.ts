import { commitmentsHash } from '../../gateway/protocol/commitments.ts';
import { keccakText } from '../../gateway/protocol/keccak.ts';
import { buildBatchTree } from '../../gateway/protocol/batch-tree.ts';
import { nodeAttestationDigest } from '../../gateway/protocol/eip712.ts';
import { answerLeaf, receiptLeaf } from '../../gateway/protocol/leaf.ts';
import { createSigner } from '../../gateway/protocol/signature.ts';
import type { Signer } from '../../gateway/protocol/signature.ts';
import { ZERO_HASH } from '../../gateway/protocol/types.ts';
import type { Address, AnswerLeaf, EvaluationEntry, Hex, Receipt } from '../../gateway/protocol/types.ts';
import type { CheckedAttestation } from '../../gateway/receipt/attestation.ts';
import type { ServedReceipt } from '../../gateway/receipt/ports.ts';
import { statement } from '../../gateway/store/store.ts';
import type { Store } from '../../gateway/store/store.ts';
import { createContentCipher } from '../../gateway/store/content-cipher.ts';
import type { StoredCommitSet } from '../../gateway/evaluate/ports.ts';

/** Made-up parts of the network that the tests of the background half share. */
export const address = (index: number): Address => `0x${index.toString(16).padStart(40, '0')}`;
export const hash = (index: number): Hex => `0x${index.toString(16).padStart(64, '0')}`;
export const signer = (index: number): Signer => createSigner(hash(index));

export const GATEWAY = address(0x900);
export const NODE = address(0x100);
export const GATEWAY_SIGNER = signer(9);
export const NODE_SIGNER = signer(1);
export const LEAF_DOMAIN = { chainId: 31_337n, contract: address(0xc1) } as const;
export const SIGNING_DOMAIN = { chainId: 31_337n, verifyingContract: address(0xc2) } as const;
export const CIPHER = createContentCipher(hash(9));

export function receipt(serial: number, fields: Partial<Receipt> = {}): Receipt {
  return {
    id: hash(0x1_0000 + serial),
    gateway: GATEWAY,
    node: NODE,
    serial: BigInt(serial),
    servedAt: 1_000n,
    requestHash: hash(0x2_0000 + serial),
    responseHash: hash(0x3_0000 + serial),
    model: keccakText('model-a'),
    family: 4,
    complexity: 2_500,
    promptTokens: 100,
    completionTokens: 50,
    firstTokenMs: 20,
    totalMs: 300,
    priceMicroUsd: 12n,
    units: 300n,
    flags: 0,
    routeHash: hash(0x4_0000 + serial),
    ...fields,
  };
}

/** A node's word on the answer of a receipt. */
export const answerTo = (serial: number, fields: Partial<AnswerLeaf> = {}): AnswerLeaf => {
  const { id, gateway, node, requestHash, responseHash, model, promptTokens, completionTokens } = receipt(serial);
  return { receiptId: id, gateway, node, requestHash, responseHash, model, promptTokens, completionTokens, ...fields };
};

export function attest(sequence: bigint, answers: readonly AnswerLeaf[], node = NODE): CheckedAttestation {
  const leaves = answers.map((answer) => answerLeaf(LEAF_DOMAIN, answer));
  const tree = buildBatchTree(leaves);
  const attestation = { node, gateway: GATEWAY, root: tree.root, count: answers.length, sequence };
  return {
    attestation,
    signature: NODE_SIGNER.sign(nodeAttestationDigest(SIGNING_DOMAIN, attestation)),
    answers: answers.map((answer, index) => ({ answer, leaf: leaves[index] as Hex, proof: tree.proofOf(index) })),
  };
}

export const leafOf = (value: Receipt): Hex => receiptLeaf(LEAF_DOMAIN, value);

export function served(serial: number, fields: Partial<ServedReceipt> = {}): ServedReceipt {
  return {
    receipt: receipt(serial, { serial: 0n }),
    content: { salt: `0x${'ab'.repeat(16)}`, request: `{"q":${serial}}`, response: `{"a":${serial}}` },
    keyHash: 'aa'.repeat(32),
    servedAtMs: 5_000,
    modelId: 'model-a',
    decision: '{}',
    ...fields,
  };
}

export function entry(fields: Partial<EvaluationEntry> = {}): EvaluationEntry {
  return {
    evaluator: address(0x201),
    accuracy: 8_000,
    consistency: 0,
    format: 10_000,
    trust: 1_000,
    scorerId: hash(0x51),
    salt: hash(0x52),
    signature: `0x${'11'.repeat(65)}`,
    ...fields,
  };
}

export function commitSetOf(leaf: Hex, seed: Hex, members: readonly Address[]): StoredCommitSet {
  const commitments = members.map((_, index) => (index === 0 ? ZERO_HASH : hash(0x7000 + index)));
  return {
    commitSet: {
      receiptLeaf: leaf,
      seed,
      size: members.length,
      commitmentsHash: commitmentsHash(members, commitments),
    },
    signature: `0x${'22'.repeat(65)}`,
    evaluators: members,
    commitments,
  };
}

const TABLES =
  'reservations receipts contents attestations answers batches examinations replays commit_sets records golds epochs dataset_parts outbox transactions spending votes';

/** Empties a store, so that one worker thread serves a whole file of tests. */
export function wipe(store: Store): Promise<void> {
  return store.write(TABLES.split(' ').map((table) => statement(`DELETE FROM ${table}`)));
}

/** A table as it is, for asking whether a write changed anything. Rows in no particular order are sorted. */
export async function dump(store: Store): Promise<string> {
  const rows = await Promise.all(
    TABLES.split(' ').map(
      async (table) => [table, await store.read(statement<object>(`SELECT * FROM ${table}`))] as const,
    ),
  );
  return JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
