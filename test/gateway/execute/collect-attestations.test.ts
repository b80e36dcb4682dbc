import assert from 'node:assert/strict';

import { MockAgent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import type { Dispatcher } from 'undici';

import { createCollector } from '../../../gateway/execute/collect-attestations.ts';
import { nodeAttestationDigest } from '../../../gateway/protocol/eip712.ts';
import type { Signer } from '../../../gateway/protocol/signature.ts';
import { encodeStruct } from '../../../gateway/protocol/struct-json.ts';
import {
  GATEWAY,
  LEAF_DOMAIN,
  NODE,
  NODE_SIGNER,
  SIGNING_DOMAIN,
  answerTo,
  attest,
  signer,
} from '../background.fixtures.ts';

const ORIGIN = 'http://node.test';

/** An attestation over one answer as it comes over the wire. */
function wire(sequence: number, by: Signer = NODE_SIGNER): object {
  const { attestation, answers } = attest(BigInt(sequence), [answerTo(sequence)]);
  return {
    ...encodeStruct('nodeAttestation', attestation),
    signature: by.sign(nodeAttestationDigest(SIGNING_DOMAIN, attestation)),
    answers: answers.map(({ answer }) => encodeStruct('answer', answer)),
  };
}

describe('collector of attestations', () => {
  let agent: MockAgent;
  let previous: Dispatcher;
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

  /** A node that answers each poll by `book`, for a number of polls; then the collector is stopped. */
  async function collect(book: (after: number, poll: number) => unknown, polls: number, start = 0n) {
    const saved: bigint[] = [];
    const asked: number[] = [];
    const pauses: number[] = [];
    const errors: string[] = [];
    let failSave = false;
    let done = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      done = resolve;
    });
    const pool = agent.get(ORIGIN);
    pool
      .intercept({ path: (path) => path.startsWith('/dgrid/v1/attestations?'), method: 'GET' })
      .reply(({ path }) => {
        const query = new URL(path, ORIGIN).searchParams;
        assert.deepEqual([query.get('gateway'), query.get('waitMs')], [GATEWAY, '40']);
        asked.push(Number(query.get('after')));
        if (asked.length >= polls) done();
        const answer = book(asked.at(-1) ?? 0, asked.length - 1);
        if (answer === 500) return { statusCode: 500, data: '{}' };
        failSave = answer === 'save fails';
        const data = typeof answer === 'string' && !failSave ? answer : { attestations: failSave ? [wire(1)] : answer };
        return { statusCode: 200, data: typeof data === 'string' ? data : JSON.stringify(data) };
      })
      .times(polls);
    const collector = createCollector({
      nodes: () => [{ account: NODE, signer: NODE_SIGNER.address, endpoint: ORIGIN }],
      log: {
        lastSequence: () => Promise.resolve(start),
        save({ attestation }) {
          if (failSave) return Promise.reject(new Error('disk full'));
          saved.push(attestation.sequence);
          return Promise.resolve();
        },
      },
      context: { gateway: GATEWAY, leafDomain: LEAF_DOMAIN, signingDomain: SIGNING_DOMAIN },
      waitMs: 40,
      onError: (_node, error) => errors.push(String(error)),
      pause: (ms, signal) => {
        pauses.push(ms);
        return asked.length >= polls
          ? new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
          : Promise.resolve();
      },
    });
    collector.start();
    await finished;
    await new Promise((resolve) => setImmediate(resolve));
    await collector.stop();
    return { saved, asked, pauses, errors };
  }

  it('goes on from the last sequence, saves each attestation once, and acknowledges what it saved', async () => {
    const { saved, asked, errors } = await collect(
      (after) => (after < 7 ? [after + 1, after + 2].map((sequence) => wire(sequence)) : []),
      4,
      3n,
    );
    assert.deepEqual(saved, [4n, 5n, 6n, 7n]);
    assert.deepEqual(asked, [3, 5, 7, 7]);
    assert.deepEqual(
      errors.filter((error) => !error.includes('abort')),
      [],
    );
  });

  it('pauses when a node answers at once with nothing, or with nothing new', async () => {
    const empty = await collect(() => [], 3);
    assert.deepEqual(empty.pauses.slice(0, 2), [50, 50]);
    const stale = await collect(() => [wire(2), wire(1)], 3, 2n);
    assert.deepEqual([stale.saved, stale.pauses.slice(0, 2)], [[], [50, 50]]);
  });

  it('keeps what came before a refused one, asks for that again, and passes over it in the end', async () => {
    const old = signer(7);
    const book = [wire(1), wire(2, old), wire(3)];
    const { saved, asked } = await collect((after) => book.slice(after), 12);
    assert.deepEqual(saved, [1n, 3n]);
    assert.deepEqual(asked, [0, 1, 1, 1, 1, 1, 1, 1, 2, 3, 3, 3]);
  });

  it('accepts one that was refused before, once its signer is known', async () => {
    const { saved } = await collect(
      (after, poll) => (after === 0 ? [wire(1, poll < 3 ? signer(7) : NODE_SIGNER)] : []),
      5,
    );
    assert.deepEqual(saved, [1n]);
  });

  it('never passes over an attestation because its own store failed', async () => {
    const { asked, saved } = await collect(() => 'save fails', 12);
    assert.deepEqual([saved, new Set(asked)], [[], new Set([0])]);
  });

  it('outlives every kind of nonsense', async () => {
    const answers = [500, '', 'null', '{}', '{"attestations":7}', [null], [7], [{}], [{ sequence: '5' }], [wire(1)]];
    const { saved, errors, asked } = await collect((_after, poll) => answers[poll] ?? [], 11);
    assert.deepEqual(saved, [1n]);
    assert.ok(errors.length >= 8, String(errors.length));
    assert.equal(asked.at(-1), 1);
  });
});
