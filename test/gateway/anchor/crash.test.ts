import assert from 'node:assert/strict';

import { createAnchorBatch } from '../../../gateway/anchor/anchor-batch.ts';
import { createAnchorEpoch } from '../../../gateway/anchor/anchor-epoch.ts';
import { drawReceipts } from '../../../gateway/anchor/draw-receipts.ts';
import { distribute } from '../../../gateway/epoch/distribute.ts';
import type { EvaluatorClient } from '../../../gateway/evaluate/evaluator-client.ts';
import { createExamine } from '../../../gateway/evaluate/examine.ts';
import type { Handler } from '../../../gateway/outbox/outbox.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { isDrawn, isExaminable, isReplayed } from '../../../gateway/poq/sampling.ts';
import { scoreReceipt } from '../../../gateway/poq/score.ts';
import { verifyBatchProof } from '../../../gateway/protocol/batch-tree.ts';
import { RecordStatus } from '../../../gateway/protocol/constants.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';
import {
  GATEWAY_SIGNER,
  LEAF_DOMAIN,
  SIGNING_DOMAIN,
  answerTo,
  attest,
  hash,
  leafOf,
  receipt,
  wipe,
} from '../background.fixtures.ts';
import { CLOCK, EVALUATORS, factsOf, memoryDatasets } from '../epoch/facts.fixtures.ts';
import { openLogs } from '../store/world.fixtures.ts';
import { createFakeChain, mortal, mortalChain, mortalStore } from './crash.fixtures.ts';
import type { Mortal } from './crash.fixtures.ts';

const RECORD_WINDOW = 40n;
const SERIALS = [0, 1, 2];

/** Commit sets that evaluators were shown, per receipt and size: two different ones would be slashable. */
type Shown = Map<string, Set<Hex>>;
type Said = { readonly shown: Shown; readonly late: Set<Hex> };

function clientOf(shown: Shown, late: Set<Hex>): EvaluatorClient {
  return {
    commit({ account }, { receiptLeaf, seed }) {
      // One member is not there the first time, so that a second attempt would collect another set.
      if (account === EVALUATORS[0] && !late.has(receiptLeaf)) {
        late.add(receiptLeaf);
        return Promise.reject(new Error('not there yet'));
      }
      return Promise.resolve({ receiptLeaf, seed, evaluator: account, commitment: hash(Number(BigInt(account))) });
    },
    reveal({ account }, { commitSet }) {
      const key = `${commitSet.receiptLeaf}:${commitSet.size}`;
      shown.set(key, (shown.get(key) ?? new Set<Hex>()).add(commitSet.commitmentsHash));
      const { receiptLeaf, seed } = commitSet;
      const scores = { accuracy: 9_000, consistency: 0, format: 0, scorerId: hash(1), salt: hash(2) };
      return Promise.resolve({
        evaluation: { receiptLeaf, seed, evaluator: account, ...scores },
        signature: `0x${'11'.repeat(65)}`,
      });
    },
  };
}

/** One process over a store and a chain that outlive it: works until nothing is due, or until it dies. */
async function live(
  store: Store,
  world: ReturnType<typeof createFakeChain>,
  { shown, late }: Said,
  self: Mortal,
): Promise<void> {
  const chain = mortalChain(world.chain, self);
  const logs = await openLogs(mortalStore(store, self), await chain.nextSerial());
  const handlers: Readonly<Record<string, Handler>> = {
    ...createAnchorBatch({
      chain,
      log: logs.anchor,
      leafDomain: LEAF_DOMAIN,
      epochAt: (time) => (time - CLOCK.genesis) / CLOCK.epochDuration,
      ready: () => Promise.resolve(true),
      draw: (_epoch, seed, receipts) => {
        const rules = { isExaminable, isDrawn, isReplayed, rateOf: () => 10_000, replayRateBps: 0 };
        return Promise.resolve(drawReceipts(seed, receipts, rules));
      },
      scorer: () =>
        Promise.resolve((value, examination) =>
          scoreReceipt({ receipt: value, examination, tableMask: 1, comparable: false, params: DEFAULT_PARAMS }),
        ),
      recordMargin: 5n,
      pollMs: 1,
      onRecorded: () => undefined,
    }),
    ...createAnchorEpoch({
      chain,
      log: logs.epoch,
      clock: CLOCK,
      recordWindow: RECORD_WINDOW,
      tableGrace: 3n,
      goldWindowEpochs: 8,
      prepareGolds: () => Promise.resolve(undefined),
      facts: async (epoch) => {
        const { context } = factsOf([]);
        return {
          context: { ...context, epoch },
          golds: [],
          batches: await logs.epoch.batches(epoch),
          receiptsOf: logs.epoch.receiptsOf,
        };
      },
      distribute: (facts, history, round) =>
        distribute(facts, history, round, {
          signer: GATEWAY_SIGNER,
          signingDomain: SIGNING_DOMAIN,
          datasets: memoryDatasets(),
        }),
      pollMs: 1,
    }),
    ...createExamine({
      log: logs.examination,
      client: clientOf(shown, late),
      signer: GATEWAY_SIGNER,
      signingDomain: SIGNING_DOMAIN,
      params: DEFAULT_PARAMS,
      evaluators: () =>
        Promise.resolve(EVALUATORS.map((account) => ({ account, signer: account, endpoint: 'http://x' }))),
      trust: () => Promise.resolve(1_000),
      answerTimeoutMs: 1_000,
      onMissing: (_evaluator, step, error) => assert.equal(step, 'commit', String(error)),
    }),
  };

  await logs.epoch.plan((['gold', 'open', 'propose'] as const).map((kind) => ({ kind, epoch: 0n })));
  for (const serial of SERIALS) {
    if ((await logs.receipts.find(receipt(serial).id)) === undefined) await logs.serve(serial);
  }
  await logs.attestation.save(
    attest(
      1n,
      SERIALS.map((serial) => answerTo(serial)),
    ),
  );
  if ((await logs.batch.openReceipts(1)).length > 0) await logs.close();
  for (let turn = 0; turn < 250; turn += 1) {
    const due = await logs.outbox.due(Number.MAX_SAFE_INTEGER, 100);
    if (due.length === 0) return;
    for (const row of due) {
      await handlers[row.kind]?.(row).catch(() => undefined);
      if (self.isDead()) throw new Error('dead');
    }
    world.mine();
  }
  assert.fail('never comes to an end');
}

describe('a gateway that dies anywhere', () => {
  let store: Store;
  before(async () => {
    store = await openStore(':memory:');
  });
  after(() => store.close());

  async function check(world: ReturnType<typeof createFakeChain>, shown: Shown, where: string): Promise<void> {
    assert.deepEqual([world.epochs.get(0n)?.state, world.state.nextSerial >= 3n], ['final', true], where);
    assert.ok(
      world.batches.every(({ recordsPosts }) => recordsPosts === 1),
      where,
    );
    for (const said of [...world.proposed.values(), ...shown.values()]) assert.equal(said.size, 1, where);
    assert.equal(shown.size, SERIALS.length, where);
    const { receipts } = await openLogs(store, world.state.nextSerial);
    for (const serial of SERIALS) {
      const found = await receipts.find(receipt(serial).id);
      assert.ok(found?.batch !== undefined && found.record !== undefined, where);
      assert.equal(found.state, 'final', where);
      const anchored = world.batches[Number(found.batch.id) - 1];
      assert.ok(verifyBatchProof(anchored?.root ?? '0x', leafOf(found.receipt), found.batch.proof), where);
      assert.ok(verifyBatchProof(anchored?.recordsRoot ?? '0x', found.record.leaf, found.record.proof), where);
      assert.equal(found.record.record.status, RecordStatus.scored, where);
    }
    const serials = new Set(
      (await store.read(statement<{ serial: bigint }>('SELECT serial FROM receipts'))).map((row) => row.serial),
    );
    assert.equal(serials.size, SERIALS.length, where);
  }

  for (const when of ['before', 'after'] as const) {
    it(`ends with everything anchored, recorded and paid once when it dies just ${when} any of its effects`, async () => {
      let deaths = 0;
      for (let dieAt = 1; ; dieAt += 1) {
        await wipe(store);
        const world = createFakeChain({ recordWindow: RECORD_WINDOW });
        const said: Said = { shown: new Map(), late: new Set() };
        const first = mortal(dieAt, when);
        await live(store, world, said, first).catch((error: unknown) => {
          if (!first.isDead()) throw error;
        });
        if (first.isDead()) {
          deaths += 1;
          await live(store, world, said, mortal(0, 'before'));
        }
        await check(world, said.shown, `${when} effect ${dieAt}`);
        if (!first.isDead()) break;
      }
      assert.ok(deaths > 20, `${deaths} places to die`);
    });
  }
});
