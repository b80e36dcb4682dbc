import { request } from 'undici';
import type { Dispatcher } from 'undici';

import { evaluationCommitDigest, evaluationDigest } from '../protocol/eip712.ts';
import type { SigningDomain } from '../protocol/eip712.ts';
import { evaluationRequestDigest } from '../protocol/evaluation-request.ts';
import { recoverSigner } from '../protocol/signature.ts';
import type { Signer } from '../protocol/signature.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { Address, Evaluation, EvaluationCommit, Hex } from '../protocol/types.ts';
import type { EvaluatorNode, Examination, StoredCommitSet } from './ports.ts';

/** Speaks to one evaluator at a time. Whatever comes back that is not exactly what was asked for counts as no answer. */
export type EvaluatorClient = {
  readonly commit: (
    evaluator: EvaluatorNode,
    examination: Examination,
    signal: AbortSignal,
  ) => Promise<EvaluationCommit>;
  readonly reveal: (evaluator: EvaluatorNode, set: StoredCommitSet, signal: AbortSignal) => Promise<Revealed>;
};

export type Revealed = { readonly evaluation: Evaluation; readonly signature: Hex };

export type EvaluatorClientDeps = {
  readonly gateway: Address;
  readonly signer: Signer;
  readonly signingDomain: SigningDomain;
  readonly dispatcher?: Dispatcher;
};

const MAX_ANSWER_BYTES = 64 * 1024;

export function createEvaluatorClient(deps: EvaluatorClientDeps): EvaluatorClient {
  const { gateway, signingDomain, dispatcher } = deps;
  return {
    async commit(evaluator, examination, signal) {
      const answer = await post(urlOf(evaluator, 'evaluations'), evaluationRequest(examination, deps), {
        signal,
        dispatcher,
      });
      const commit = decodeStruct('evaluationCommit', answer['commit']);
      expectSame('receiptLeaf', commit.receiptLeaf, examination.receiptLeaf);
      expectSame('seed', commit.seed, examination.seed);
      expectSame('evaluator', commit.evaluator, evaluator.account);
      expectSigner(evaluationCommitDigest(signingDomain, commit), answer['signature'], evaluator);
      return commit;
    },
    async reveal(evaluator, set, signal) {
      const answer = await post(urlOf(evaluator, 'reveals'), revealRequest(set, gateway), { signal, dispatcher });
      const evaluation = decodeStruct('evaluation', answer['evaluation']);
      const digest = evaluationDigest(signingDomain, evaluation);
      expectSame('commitment', digest, set.commitments[set.evaluators.indexOf(evaluator.account)] ?? '');
      // A commitment hides what it commits to: one about another receipt, or in another's name, would make the record
      // that lists it provably wrong, and the gateway would be slashed for it.
      expectSame('receiptLeaf', evaluation.receiptLeaf, set.commitSet.receiptLeaf);
      expectSame('seed', evaluation.seed, set.commitSet.seed);
      expectSame('evaluator', evaluation.evaluator, evaluator.account);
      if (Math.max(evaluation.accuracy, evaluation.consistency, evaluation.format) > 10_000) {
        throw new Error('a dimension is above 10,000');
      }
      return { evaluation, signature: expectSigner(digest, answer['signature'], evaluator) };
    },
  };
}

function urlOf({ account, endpoint }: EvaluatorNode, what: string): string {
  if (endpoint === undefined) throw new Error(`${account} has no readable metadata, so no endpoint`);
  return `${endpoint}/dgrid/v1/${what}`;
}

/** Content, salt, leaf and inclusion only: the receipt's fields would betray a gold task. */
function evaluationRequest(examination: Examination, { gateway, signer, signingDomain }: EvaluatorClientDeps): object {
  const { batchId, receiptLeaf, seed, content, proof } = examination;
  const peers = examination.replays.map(({ node, modelId, response }) => ({
    account: node,
    family: modelId,
    response,
  }));
  const question = { batchId, receiptLeaf, seed, gateway, ...content, peers };
  const signature = signer.sign(evaluationRequestDigest(signingDomain, question));
  return { ...question, batchId: batchId.toString(), proof, signature };
}

function revealRequest(set: StoredCommitSet, gateway: Address): object {
  return {
    commitSet: encodeStruct('commitSet', set.commitSet),
    signature: set.signature,
    gateway,
    evaluators: set.evaluators,
    commitments: set.commitments,
  };
}

type Posting = { readonly signal: AbortSignal; readonly dispatcher: Dispatcher | undefined };

async function post(url: string, body: object, posting: Posting): Promise<Readonly<Record<string, unknown>>> {
  const { signal, dispatcher } = posting;
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  const text = await boundedText(response.body);
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 200)}`);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`${url} answered no object`);
  return value as Readonly<Record<string, unknown>>;
}

async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`answer longer than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function expectSame(field: string, actual: string, expected: string): void {
  if (actual.toLowerCase() !== expected.toLowerCase()) throw new Error(`${field} is ${actual}, expected ${expected}`);
}

function expectSigner(digest: Hex, signature: unknown, evaluator: EvaluatorNode): Hex {
  if (typeof signature !== 'string' || recoverSigner(digest, signature as Hex) !== evaluator.signer.toLowerCase()) {
    throw new Error(`not signed by the registered signer of ${evaluator.account}`);
  }
  return signature as Hex;
}
