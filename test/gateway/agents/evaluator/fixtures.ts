import { createEvaluator } from '../../../../gateway/agents/evaluator/evaluator.ts';
import type { EvaluatorDeps } from '../../../../gateway/agents/evaluator/evaluator.ts';
import type { ChainBatch, ChainReader } from '../../../../gateway/agents/chain.ts';
import { createEvaluationStore } from '../../../../gateway/agents/evaluator/store.ts';
import type { EvaluationRequest, RevealRequest } from '../../../../gateway/agents/evaluator/wire.ts';
import { buildBatchTree } from '../../../../gateway/protocol/batch-tree.ts';
import { commitmentsHash } from '../../../../gateway/protocol/commitments.ts';
import { commitSetDigest } from '../../../../gateway/protocol/eip712.ts';
import { evaluationRequestDigest } from '../../../../gateway/protocol/evaluation-request.ts';
import { keccakText } from '../../../../gateway/protocol/keccak.ts';
import { createSigner } from '../../../../gateway/protocol/signature.ts';
import { ZERO_HASH } from '../../../../gateway/protocol/types.ts';
import type { Address, Hex } from '../../../../gateway/protocol/types.ts';

/** A gateway, an evaluator and one anchored batch of three receipts, without any chain. */
export const GATEWAY: Address = `0x${'aa'.repeat(20)}`;
export const ACCOUNT: Address = `0x${'bb'.repeat(20)}`;
export const DOMAIN = { chainId: 31337n, verifyingContract: `0x${'cc'.repeat(20)}` } as const;
export const REGISTRY: Address = `0x${'dd'.repeat(20)}`;
export const SEED = keccakText('seed');
export const gatewaySigner = createSigner(keccakText('gateway key'));
export const evaluatorSigner = createSigner(keccakText('evaluator key'));

export const LEAVES = ['one', 'two', 'three'].map(keccakText);
const tree = buildBatchTree(LEAVES);
export const BATCH: ChainBatch = { gateway: GATEWAY, epoch: 3n, root: tree.root, seed: SEED };

const chat = (content: string): string =>
  JSON.stringify({ choices: [{ index: 0, message: { role: 'assistant', content } }] });

export function evaluationRequest(fields: Partial<EvaluationRequest> = {}, index = 0): EvaluationRequest {
  const question: Omit<EvaluationRequest, 'signature'> = {
    batchId: 7n,
    receiptLeaf: LEAVES[index] ?? ZERO_HASH,
    seed: SEED,
    proof: tree.proofOf(index),
    gateway: GATEWAY,
    salt: `0x${'11'.repeat(16)}`,
    request: JSON.stringify({ messages: [{ role: 'user', content: 'What is 17 * 23?' }] }),
    response: chat('391'),
    peers: [{ account: `0x${'ee'.repeat(20)}`, family: 'other', response: chat('391') }],
    ...fields,
  };
  return { ...question, signature: fields.signature ?? gatewaySigner.sign(evaluationRequestDigest(DOMAIN, question)) };
}

export function chain(fields: Partial<ChainReader> = {}): ChainReader {
  const node = { signer: gatewaySigner.address, stake: 1n, activeFromEpoch: 0n, inactiveFromEpoch: 2n ** 32n - 1n };
  return {
    chainId: () => Promise.resolve(31337n),
    currentEpoch: () => Promise.resolve(3n),
    batchOf: () => Promise.resolve(BATCH),
    nodeOf: () => Promise.resolve(node),
    ...fields,
  };
}

export function evaluatorDeps(fields: Partial<EvaluatorDeps> = {}): EvaluatorDeps {
  let salts = 0;
  return {
    account: ACCOUNT,
    signer: evaluatorSigner,
    signingDomain: DOMAIN,
    chain: chain(),
    scorer: {
      id: keccakText('scorer'),
      score: () => Promise.resolve({ accuracy: 9_000, consistency: 8_000, format: 10_000 }),
    },
    store: createEvaluationStore(':memory:'),
    nowMs: () => 0,
    randomSalt: () => keccakText(`salt ${(salts += 1)}`),
    schedule: (work) => work(),
    ...fields,
  };
}

export const newEvaluator = (fields: Partial<EvaluatorDeps> = {}) => createEvaluator(evaluatorDeps(fields));

/** A signed commit set of five in which our commitment stands third. */
export function revealRequest(
  commitment: Hex,
  fields: { leaf?: Hex; size?: number; others?: string } = {},
): RevealRequest {
  const evaluators = [1, 2, 3, 4, 5].map((index): Address => (index === 3 ? ACCOUNT : `0x${String(index).repeat(40)}`));
  const commitments = [1, 2, 3, 4, 5].map((index) => {
    if (index === 3) return commitment;
    return index === 5 ? ZERO_HASH : keccakText(`${fields.others ?? ''}${index}`);
  });
  const commitSet = {
    receiptLeaf: fields.leaf ?? LEAVES[0] ?? ZERO_HASH,
    seed: SEED,
    size: fields.size ?? 5,
    commitmentsHash: commitmentsHash(evaluators, commitments),
  };
  const signature = gatewaySigner.sign(commitSetDigest(DOMAIN, commitSet));
  return { commitSet, signature, gateway: GATEWAY, evaluators, commitments };
}
