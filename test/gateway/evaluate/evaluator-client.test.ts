import assert from 'node:assert/strict';

import { MockAgent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import type { Dispatcher } from 'undici';

import { createEvaluatorClient } from '../../../gateway/evaluate/evaluator-client.ts';
import type { EvaluatorNode, Examination } from '../../../gateway/evaluate/ports.ts';
import { evaluationCommitDigest, evaluationDigest } from '../../../gateway/protocol/eip712.ts';
import { evaluationRequestDigest } from '../../../gateway/protocol/evaluation-request.ts';
import type { EvaluationQuestion } from '../../../gateway/protocol/evaluation-request.ts';
import { recoverSigner } from '../../../gateway/protocol/signature.ts';
import type { Signer } from '../../../gateway/protocol/signature.ts';
import { encodeStruct } from '../../../gateway/protocol/struct-json.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Evaluation, Hex } from '../../../gateway/protocol/types.ts';
import {
  GATEWAY,
  GATEWAY_SIGNER,
  SIGNING_DOMAIN,
  address,
  commitSetOf,
  hash,
  leafOf,
  receipt,
  signer,
} from '../background.fixtures.ts';

const SEED = hash(0x5eed);
const OWN = signer(5);
const ORIGIN = 'http://evaluator.test';
const EVALUATOR: EvaluatorNode = { account: address(0x202), signer: OWN.address, endpoint: `${ORIGIN}/base` };
const LEAF = leafOf(receipt(0));
const EXAMINATION: Examination = {
  receiptId: receipt(0).id,
  receiptLeaf: LEAF,
  receipt: receipt(0),
  seed: SEED,
  replayed: false,
  batchId: 12n,
  epoch: 3n,
  proof: [hash(1)],
  content: { salt: '0xab', request: '{"q":1}', response: '{"a":1}' },
  replays: [{ node: address(7), replayId: hash(7), modelId: 'm7', response: '{"a":2}' }],
};
const EVALUATION: Evaluation = {
  receiptLeaf: LEAF,
  seed: SEED,
  evaluator: EVALUATOR.account,
  accuracy: 9_000,
  consistency: 10_000,
  format: 0,
  scorerId: hash(3),
  salt: hash(4),
};

describe('evaluator client', () => {
  let agent: MockAgent;
  let previous: Dispatcher;
  const sent: unknown[] = [];
  before(() => {
    previous = getGlobalDispatcher();
    agent = new MockAgent();
    agent.disableNetConnect();
    setGlobalDispatcher(agent);
  });
  after(async () => {
    setGlobalDispatcher(previous);
    await agent.close();
  });

  const client = createEvaluatorClient({ gateway: GATEWAY, signer: GATEWAY_SIGNER, signingDomain: SIGNING_DOMAIN });
  const answer = (what: string, body: unknown, status = 200): void => {
    agent
      .get(ORIGIN)
      .intercept({ path: `/base/dgrid/v1/${what}`, method: 'POST' })
      .reply(status, ({ body: request }) => {
        sent.push(JSON.parse(request as string));
        return typeof body === 'string' ? body : JSON.stringify(body);
      });
  };
  const signal = new AbortController().signal;
  const commit = (body: unknown, status?: number) => {
    answer('evaluations', body, status);
    return client.commit(EVALUATOR, EXAMINATION, signal);
  };
  const committed = (fields: object = {}, by: Signer = OWN) => {
    const value = {
      receiptLeaf: LEAF,
      seed: SEED,
      evaluator: EVALUATOR.account,
      commitment: hash(8),
      ...fields,
    };
    const signature = by.sign(evaluationCommitDigest(SIGNING_DOMAIN, value));
    return { commit: encodeStruct('evaluationCommit', value), signature };
  };

  it('sends content, place and peers of an answer, nothing of its receipt, and returns the commitment', async () => {
    assert.equal((await commit(committed())).commitment, hash(8));
    const { signature, ...question } = sent.at(-1) as { signature: Hex };
    assert.deepEqual(question, {
      batchId: '12',
      receiptLeaf: LEAF,
      seed: SEED,
      proof: [hash(1)],
      gateway: GATEWAY,
      salt: '0xab',
      request: '{"q":1}',
      response: '{"a":1}',
      peers: [{ account: address(7), family: 'm7', response: '{"a":2}' }],
    });
    const asked = { ...question, batchId: 12n } as unknown as EvaluationQuestion;
    assert.equal(recoverSigner(evaluationRequestDigest(SIGNING_DOMAIN, asked), signature), GATEWAY_SIGNER.address);
  });

  it('rejects a commitment about something else, in the name of another, or signed by another', async () => {
    await assert.rejects(commit(committed({ receiptLeaf: hash(1) })));
    await assert.rejects(commit(committed({ seed: hash(1) })));
    await assert.rejects(commit(committed({ evaluator: address(1) })));
    await assert.rejects(commit(committed({}, signer(6))));
    const good = committed();
    await assert.rejects(commit({ ...good, commit: { ...good.commit, commitment: hash(9) } }));
  });

  it('rejects whatever is no answer at all', async () => {
    for (const body of ['', 'null', '[]', '7', '{', {}, { commit: {} }, { ...committed(), signature: null }]) {
      await assert.rejects(commit(body), JSON.stringify(body));
    }
    await assert.rejects(commit(committed(), 409), /409/);
    await assert.rejects(commit(' '.repeat(70_000) + JSON.stringify(committed())), /longer/);
    const { endpoint: _none, ...homeless } = EVALUATOR;
    await assert.rejects(client.commit(homeless, EXAMINATION, signal), /endpoint/);
    await assert.rejects(client.commit(EVALUATOR, EXAMINATION, AbortSignal.abort()));
  });

  /** A set in which the evaluator committed to `evaluation`, and its answer to the question to reveal. */
  function reveal(evaluation: Evaluation, by: Signer = OWN, shown: Evaluation = evaluation) {
    const digest = evaluationDigest(SIGNING_DOMAIN, evaluation);
    const base = commitSetOf(LEAF, SEED, [address(0x201), EVALUATOR.account, address(0x203)]);
    const set = { ...base, commitments: [ZERO_HASH, digest, hash(1)] };
    answer('reveals', {
      evaluation: encodeStruct('evaluation', shown),
      signature: by.sign(evaluationDigest(SIGNING_DOMAIN, shown)),
    });
    return client.reveal(EVALUATOR, set, signal);
  }

  it('returns what was committed to, with a signature of 65 bytes', async () => {
    const { evaluation, signature } = await reveal(EVALUATION);
    assert.deepEqual(evaluation, EVALUATION);
    assert.match(signature, /^0x[0-9a-f]{130}$/);
    const body = sent.at(-1) as Record<string, unknown>;
    assert.deepEqual(Object.keys(body).sort(), ['commitSet', 'commitments', 'evaluators', 'gateway', 'signature']);
  });

  it('rejects any field that differs from the commitment', async () => {
    const changes: Partial<Evaluation>[] = [
      { accuracy: 1 },
      { consistency: 1 },
      { format: 1 },
      { salt: hash(1) },
      { scorerId: hash(1) },
    ];
    for (const change of changes) await assert.rejects(reveal(EVALUATION, OWN, { ...EVALUATION, ...change }));
  });

  it('rejects another signer and a dimension above 10,000, although it was committed to', async () => {
    await assert.rejects(reveal(EVALUATION, signer(6)));
    for (const field of ['accuracy', 'consistency', 'format']) {
      await assert.rejects(reveal({ ...EVALUATION, [field]: 10_001 }));
    }
  });

  it('rejects an evaluation of another receipt, draw or evaluator that hid behind its commitment', async () => {
    await assert.rejects(reveal({ ...EVALUATION, receiptLeaf: hash(1) }));
    await assert.rejects(reveal({ ...EVALUATION, seed: hash(1) }));
    await assert.rejects(reveal({ ...EVALUATION, evaluator: address(0x201) }), 'a copied commitment');
  });

  it('rejects a reveal of somebody who is not in the set', async () => {
    answer('reveals', {
      evaluation: encodeStruct('evaluation', EVALUATION),
      signature: OWN.sign(evaluationDigest(SIGNING_DOMAIN, EVALUATION)),
    });
    const set = commitSetOf(LEAF, SEED, [address(0x201), address(0x203)]);
    await assert.rejects(client.reveal(EVALUATOR, set, signal));
    const lower: Hex = EVALUATOR.account;
    assert.equal(set.evaluators.includes(lower), false);
  });
});
