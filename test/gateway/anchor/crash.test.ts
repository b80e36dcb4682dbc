import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createAnchorBatch } from '../../../gateway/anchor/anchor-batch.ts';
import { createAnchorEpoch } from '../../../gateway/anchor/anchor-epoch.ts';
import { createAnchorWatch } from '../../../gateway/anchor/watch-anchors.ts';
import type { Undone } from '../../../gateway/anchor/watch-anchors.ts';
import type { AnchorChain } from '../../../gateway/anchor/ports.ts';
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
import { runs } from '../../deep.ts';
import { createFakeChain, mortal, mortalChain, mortalStore } from './crash.fixtures.ts';
import type { Mortal } from './crash.fixtures.ts';

const RECORD_WINDOW = 40n;
const FINALITY = 4n;
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
      const key = `${commitSet.receiptLeaf}:${commitSet.seed}:${commitSet.size}`;
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

type Life = {
  readonly self: Mortal;
  readonly meanwhile?: (turn: number) => Promise<void>;
  readonly onUndone?: (what: Undone) => void;
};

type Logs = Awaited<ReturnType<typeof openLogs>>;

function handlersOf(chain: AnchorChain, logs: Logs, { shown, late }: Said): Readonly<Record<string, Handler>> {
  return {
    ...createAnchorBatch({
      chain,
      log: logs.anchor,
      leafDomain: LEAF_DOMAIN,
      confirmations: 1n,
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
      finalityBlocks: FINALITY,
      onVanished: () => undefined,
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
}

/** Three receipts, served and batched once, whatever the last process left undone. */
async function serveAndBatch(logs: Logs): Promise<void> {
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
}

/** One process over a store and a chain that outlive it: works until nothing is due, or until it dies. */
async function live(
  store: Store,
  world: ReturnType<typeof createFakeChain>,
  said: Said,
  { self, meanwhile = () => Promise.resolve(), onUndone = () => undefined }: Life,
): Promise<void> {
  const chain = mortalChain(world.chain, self);
  const logs = await openLogs(mortalStore(store, self), await chain.nextSerial());
  const handlers = handlersOf(chain, logs, said);
  await serveAndBatch(logs);
  const watch = createAnchorWatch({
    ...{ chain, log: logs.anchor, finalityBlocks: FINALITY },
    ...{ onUndone, onChange: () => undefined },
  });
  for (let turn = 0; turn < 250; turn += 1) {
    await meanwhile(turn);
    await watch();
    const due = await logs.outbox.due(Number.MAX_SAFE_INTEGER, 100);
    if (due.length === 0 && (await logs.anchor.unsettled(1)).length === 0) return;
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

  async function checkReceipt(
    world: ReturnType<typeof createFakeChain>,
    shown: Shown,
    serial: number,
    where: string,
  ): Promise<void> {
    const { batches, nextSerial } = world.now();
    const { receipts } = await openLogs(store, nextSerial);
    const found = await receipts.find(receipt(serial).id);
    assert.ok(found?.batch !== undefined && found.record !== undefined, where);
    assert.equal(found.state, 'final', where);
    assert.ok(found.record.evaluations.length > 0, where);
    const leaf = leafOf(found.receipt);
    const underSeed = `${leaf}:${found.batch.seed}:`;
    assert.ok(
      [...shown.keys()].some((key) => key.startsWith(underSeed)),
      where,
    );
    const anchored = batches[Number(found.batch.id) - 1];
    assert.ok(verifyBatchProof(anchored?.root ?? '0x', leaf, found.batch.proof), where);
    assert.ok(verifyBatchProof(anchored?.recordsRoot ?? '0x', found.record.leaf, found.record.proof), where);
    assert.equal(found.record.record.status, RecordStatus.scored, where);
  }

  async function check(
    world: ReturnType<typeof createFakeChain>,
    shown: Shown,
    where: string,
    { forked = false } = {},
  ): Promise<void> {
    const { epochs, nextSerial, batches } = world.now();
    assert.deepEqual([epochs.get(0n)?.state, nextSerial >= 3n], ['final', true], where);
    assert.ok(
      forked || batches.every(({ root }) => world.posts.filter((post) => post.root === root).length === 1),
      where,
    );
    for (const said of [...world.proposed.values(), ...shown.values()]) assert.equal(said.size, 1, where);
    assert.ok(forked ? shown.size >= SERIALS.length : shown.size === SERIALS.length, where);
    for (const serial of SERIALS) await checkReceipt(world, shown, serial, where);
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
        await live(store, world, said, { self: first }).catch((error: unknown) => {
          if (!first.isDead()) throw error;
        });
        if (first.isDead()) {
          deaths += 1;
          await live(store, world, said, { self: mortal(0, 'before') });
        }
        await check(world, said.shown, `${when} effect ${dieAt}`);
        if (!first.isDead()) break;
      }
      assert.ok(deaths > 20, `${deaths} places to die`);
    });
  }

  /** Whether the transactions that were lost are mined again by themselves, as a node's memory pool does, or never. */
  for (const again of ['lost', 'again'] as const) {
    it(`ends the same on a chain that forks at any moment, when what was undone is ${again === 'lost' ? 'lost' : 'mined again in other blocks'}`, async function () {
      this.timeout(runs(60_000, 1_200_000));
      const undone = new Set<Undone>();
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ turn: fc.nat({ max: 16 }), depth: fc.integer({ min: 1, max: Number(FINALITY) }) }), {
            minLength: 1,
            maxLength: 4,
          }),
          async (forks) => {
            await wipe(store);
            const world = createFakeChain({ recordWindow: RECORD_WINDOW });
            const said: Said = { shown: new Map(), late: new Set() };
            await live(store, world, said, {
              self: mortal(0, 'before'),
              onUndone: (what) => undone.add(what),
              async meanwhile(turn) {
                for (const { depth } of forks.filter((fork) => fork.turn === turn)) {
                  const stood = world.now().batches;
                  await world.reorg(depth, () => (again === 'again' ? sendAgain(world, stood) : Promise.resolve()));
                }
              },
            });
            await check(world, said.shown, JSON.stringify(forks), { forked: true });
          },
        ),
        { numRuns: runs(60, 1_000), seed: 61 },
      );
      assert.deepEqual([...undone].sort(), ['anchor', 'records', 'seed']);
    });
  }
});

/** Posts again, in other blocks, the anchors that a fork undid: what a memory pool does. */
async function sendAgain(
  { chain, now }: ReturnType<typeof createFakeChain>,
  stood: ReturnType<ReturnType<typeof createFakeChain>['now']>['batches'],
): Promise<void> {
  for (const { from, root } of stood.slice(now().batches.length)) {
    const range = { fromSerial: from, toSerial: BigInt(SERIALS.length), count: SERIALS.length, units: 0n };
    await chain.anchorReceipts({ ...range, root, dataHash: hash(0) }).catch(() => undefined);
  }
}
