import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { commitSetHash } from '../../../../gateway/agents/evaluator/commit-set.ts';
import type { ChainReader } from '../../../../gateway/agents/chain.ts';
import { createEvaluationStore } from '../../../../gateway/agents/evaluator/store.ts';
import { DgridError } from '../../../../gateway/errors.ts';
import { bytesToHex } from '../../../../gateway/protocol/bytes.ts';
import { commitmentsHash } from '../../../../gateway/protocol/commitments.ts';
import { evaluationCommitDigest, evaluationDigest } from '../../../../gateway/protocol/eip712.ts';
import { keccakText } from '../../../../gateway/protocol/keccak.ts';
import { evaluationRequestDigest } from '../../../../gateway/protocol/evaluation-request.ts';
import { createSigner, recoverSigner } from '../../../../gateway/protocol/signature.ts';
import { ZERO_HASH } from '../../../../gateway/protocol/types.ts';
import type { Address, Hex } from '../../../../gateway/protocol/types.ts';
import * as fx from './fixtures.ts';

const OTHER_SALT: Hex = `0x${'22'.repeat(16)}`;

async function code(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    return error instanceof DgridError ? error.code : String(error);
  }
  return 'no error';
}

describe('evaluate', () => {
  it('returns a signed commitment to the scores', async () => {
    const { commit, signature } = await fx.newEvaluator().evaluate(fx.evaluationRequest());
    assert.equal(recoverSigner(evaluationCommitDigest(fx.DOMAIN, commit), signature), fx.evaluatorSigner.address);
    assert.equal(commit.evaluator, fx.ACCOUNT);
    const expected = {
      receiptLeaf: fx.LEAVES[0] ?? ZERO_HASH,
      seed: fx.SEED,
      evaluator: fx.ACCOUNT,
      accuracy: 9_000,
      consistency: 8_000,
      format: 10_000,
      scorerId: keccakText('scorer'),
      salt: keccakText('salt 1'),
    };
    assert.equal(commit.commitment, evaluationDigest(fx.DOMAIN, expected));
  });

  it('returns the same commit, byte for byte, when asked again, at once or later', async () => {
    const evaluator = fx.newEvaluator();
    const request = fx.evaluationRequest();
    const together = await Promise.all([1, 2, 3, 4].map(() => evaluator.evaluate(request)));
    for (const answer of [...together, await evaluator.evaluate(request)]) assert.deepEqual(answer, together[0]);
  });

  it('returns the same commit after a crash at any step', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dgrid-evaluator-'));
    const path = join(folder, 'evaluations.sqlite');
    const crash = (): never => {
      throw new Error('crash');
    };
    try {
      const first = createEvaluationStore(path);
      // dies after the row is written, before anything is signed
      const unsigned = { ...fx.evaluatorSigner, sign: crash };
      await assert.rejects(
        fx.newEvaluator({ store: first, signer: unsigned }).evaluate(fx.evaluationRequest()),
        /crash/,
      );
      const written = first.find(fx.LEAVES[0] ?? ZERO_HASH, fx.SEED);
      first.close();
      // dies after signing, before the signature is written; with other salts and another opinion by now
      const second = createEvaluationStore(path);
      const changed = {
        id: keccakText('other'),
        score: () => Promise.resolve({ accuracy: 1, consistency: 1, format: 1 }),
      };
      const randomSalt = (): Hex => keccakText('other salt');
      const dying = fx.newEvaluator({ store: { ...second, keepCommitSignature: crash }, scorer: changed, randomSalt });
      await assert.rejects(dying.evaluate(fx.evaluationRequest()), /crash/);
      second.close();
      const third = createEvaluationStore(path);
      const answer = await fx
        .newEvaluator({ store: third, scorer: changed, randomSalt })
        .evaluate(fx.evaluationRequest());
      assert.equal(answer.commit.commitment, written?.commitment);
      third.close();
      const fourth = createEvaluationStore(path);
      assert.deepEqual(
        await fx.newEvaluator({ store: fourth, scorer: changed, randomSalt }).evaluate(fx.evaluationRequest()),
        answer,
      );
      fourth.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('rejects the same receipt with other content', async () => {
    const evaluator = fx.newEvaluator();
    await evaluator.evaluate(fx.evaluationRequest());
    for (const change of [{ response: '{}' }, { request: '{}' }, { peers: [] }, { salt: OTHER_SALT }]) {
      assert.equal(await code(() => evaluator.evaluate(fx.evaluationRequest(change))), 'DGRID_EVALUATION_CONFLICT');
    }
  });

  it('rejects what the chain does not confirm', async () => {
    const asked = (request: object, chain: object = {}): Promise<string> =>
      code(() => fx.newEvaluator({ chain: fx.chain(chain) }).evaluate(fx.evaluationRequest(request)));
    const refused = 'DGRID_EVALUATION_REFUSED';
    assert.equal(await asked({ seed: keccakText('other seed') }), refused);
    assert.equal(await asked({ receiptLeaf: keccakText('not in the batch') }), refused);
    assert.equal(await asked({ proof: [] }), refused);
    assert.equal(await asked({ gateway: `0x${'ab'.repeat(20)}` }), refused);
    assert.equal(
      await asked({ seed: ZERO_HASH }, { batchOf: () => Promise.resolve({ ...fx.BATCH, seed: ZERO_HASH }) }),
      refused,
    );
    const own = fx.newEvaluator({ account: fx.GATEWAY });
    assert.equal(await code(() => own.evaluate(fx.evaluationRequest())), refused);
  });

  it('rejects a question that the gateway did not sign, so that nobody can spoil an examination by asking first', async () => {
    const evaluator = fx.newEvaluator();
    const stranger = createSigner(keccakText('stranger'));
    const honest = fx.evaluationRequest();
    const spoiled = { ...honest, response: '{}' };
    const noise: Hex = `0x${'00'.repeat(65)}`;
    const forged = { ...spoiled, signature: stranger.sign(evaluationRequestDigest(fx.DOMAIN, spoiled)) };
    for (const request of [spoiled, forged, { ...honest, peers: [] }, { ...honest, signature: noise }])
      assert.equal(await code(() => evaluator.evaluate(request)), 'DGRID_EVALUATION_REFUSED');
    assert.equal((await evaluator.evaluate(honest)).commit.seed, fx.SEED);
  });

  it('returns after the seed appeared although it was missing when first asked', async () => {
    let seed: Hex = ZERO_HASH;
    const evaluator = fx.newEvaluator({ chain: fx.chain({ batchOf: () => Promise.resolve({ ...fx.BATCH, seed }) }) });
    assert.equal(await code(() => evaluator.evaluate(fx.evaluationRequest())), 'DGRID_EVALUATION_REFUSED');
    seed = fx.SEED;
    assert.equal((await evaluator.evaluate(fx.evaluationRequest())).commit.seed, fx.SEED);
  });

  it('returns one question to the chain for many receipts of a batch', async () => {
    let asked = 0;
    const batchOf = () => {
      asked += 1;
      return Promise.resolve(fx.BATCH);
    };
    const evaluator = fx.newEvaluator({ chain: fx.chain({ batchOf }) });
    for (const index of [0, 1, 2]) await evaluator.evaluate(fx.evaluationRequest({}, index));
    assert.equal(asked, 1);
  });

  it('rejects a scorer that fails or leaves the range, and writes nothing', async () => {
    const store = fx.evaluatorDeps().store;
    for (const accuracy of [10_001, -1, 0.5, Number.NaN]) {
      const scorer = { id: ZERO_HASH, score: () => Promise.resolve({ accuracy, consistency: 0, format: 0 }) };
      await assert.rejects(fx.newEvaluator({ store, scorer }).evaluate(fx.evaluationRequest()), TypeError);
    }
    const failing = { id: ZERO_HASH, score: () => Promise.reject(new Error('no model')) };
    await assert.rejects(fx.newEvaluator({ store, scorer: failing }).evaluate(fx.evaluationRequest()), /no model/);
    assert.equal(store.find(fx.LEAVES[0] ?? ZERO_HASH, fx.SEED), undefined);
    // and the next attempt is free
    await fx.newEvaluator({ store }).evaluate(fx.evaluationRequest());
  });
});

describe('reveal', () => {
  const committed = async (fields: Parameters<typeof fx.newEvaluator>[0] = {}) => {
    const evaluator = fx.newEvaluator(fields);
    const { commit } = await evaluator.evaluate(fx.evaluationRequest());
    return { evaluator, commitment: commit.commitment };
  };

  it('returns the evaluation that was committed to, signed, and the same again', async () => {
    const { evaluator, commitment } = await committed();
    const answer = await evaluator.reveal(fx.revealRequest(commitment));
    assert.equal(evaluationDigest(fx.DOMAIN, answer.evaluation), commitment);
    assert.equal(recoverSigner(commitment, answer.signature), fx.evaluatorSigner.address);
    assert.deepEqual(await evaluator.reveal(fx.revealRequest(commitment)), answer);
  });

  it('rejects sets without its commitment, of the wrong size, or with another hash', async () => {
    const { evaluator, commitment } = await committed();
    const refused = 'DGRID_EVALUATION_REFUSED';
    const good = fx.revealRequest(commitment);
    assert.equal(await code(() => evaluator.reveal(fx.revealRequest(keccakText('another')))), refused);
    assert.equal(await code(() => evaluator.reveal({ ...good, evaluators: good.evaluators.slice(1) })), refused);
    assert.equal(await code(() => evaluator.reveal(fx.revealRequest(commitment, { size: 9 }))), refused);
    const swapped = { ...good, commitments: good.commitments.toSpliced(0, 1, keccakText('x')) };
    assert.equal(await code(() => evaluator.reveal(swapped)), refused);
  });

  it('rejects sets that the gateway’s registered signer did not sign', async () => {
    const { evaluator, commitment } = await committed();
    const good = fx.revealRequest(commitment);
    const refused = 'DGRID_EVALUATION_REFUSED';
    assert.equal(
      await code(() => evaluator.reveal({ ...good, signature: fx.evaluatorSigner.sign(keccakText('x')) })),
      refused,
    );
    assert.equal(await code(() => evaluator.reveal({ ...good, gateway: `0x${'ab'.repeat(20)}` })), refused);
    // It left after it had asked; a confirmed signer is trusted for a moment only.
    const world = { registered: true, nowMs: 0 };
    const nodeOf: ChainReader['nodeOf'] = (account, role) =>
      world.registered ? fx.chain().nodeOf(account, role) : Promise.resolve(undefined);
    const left = await committed({ chain: fx.chain({ nodeOf }), nowMs: () => world.nowMs });
    Object.assign(world, { registered: false, nowMs: 60_000 });
    assert.equal(await code(() => left.evaluator.reveal(fx.revealRequest(left.commitment))), refused);
  });

  it('rejects a second set of the same size with other commitments', async () => {
    const { evaluator, commitment } = await committed();
    await evaluator.reveal(fx.revealRequest(commitment));
    const other = fx.revealRequest(commitment, { others: 'changed' });
    for (let again = 0; again < 3; again += 1) {
      assert.equal(await code(() => evaluator.reveal(other)), 'DGRID_EVALUATION_CONFLICT');
    }
    await evaluator.reveal(fx.revealRequest(commitment));
  });

  it('rejects receipts it never evaluated', async () => {
    const { evaluator, commitment } = await committed();
    const unknown = fx.revealRequest(commitment, { leaf: keccakText('unknown') });
    assert.equal(await code(() => evaluator.reveal(unknown)), 'DGRID_UNKNOWN_EVALUATION');
  });

  it('returns the hash of a commit set as the protocol computes it', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => bytesToHex(b));
    fc.assert(
      fc.property(fc.array(fc.tuple(bytes(20), bytes(32)), { maxLength: 9 }), (pairs) => {
        const accounts: Address[] = pairs.map(([account]) => account);
        const hashes = pairs.map(([, hash]) => hash);
        assert.equal(commitSetHash(accounts, hashes), commitmentsHash(accounts, hashes));
      }),
      { seed: 20_261_122 },
    );
  });
});
