import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createAnchorWatch } from '../../../gateway/anchor/watch-anchors.ts';
import type { Undone } from '../../../gateway/anchor/watch-anchors.ts';
import { verifyBatchProof } from '../../../gateway/protocol/batch-tree.ts';
import { RecordStatus } from '../../../gateway/protocol/constants.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';
import { answerTo, attest, hash, leafOf, receipt, wipe } from '../background.fixtures.ts';
import { openLogs } from '../store/world.fixtures.ts';
import { runs } from '../../deep.ts';
import { createFakeChain, fragileStore, mortal, mortalChain, mortalStore } from './crash.fixtures.ts';
import type { Mortal } from './crash.fixtures.ts';
import { FINALITY, RECORD_WINDOW, handlersOf } from './handlers.fixtures.ts';
import type { Logs, Said, Shown } from './handlers.fixtures.ts';

const SERIALS = [0, 1, 2];

type Life = {
  readonly self: Mortal;
  readonly meanwhile?: (turn: number) => Promise<void>;
  readonly onUndone?: (what: Undone) => void;
};

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

  for (const when of ['before', 'after'] as const) {
    it(`has everything that is on chain when the power fails just ${when} any of its effects`, async () => {
      let lost = 0;
      for (let dieAt = 1; ; dieAt += 1) {
        await wipe(store);
        const world = createFakeChain({ recordWindow: RECORD_WINDOW });
        const said: Said = { shown: new Map(), late: new Set() };
        const fragile = fragileStore(store, () => wipe(store));
        const first = mortal(dieAt, when);
        await live(fragile.store, world, said, { self: first }).catch((error: unknown) => {
          if (!first.isDead()) throw error;
        });
        if (!first.isDead()) break;
        lost += await fragile.losePower();
        await live(fragile.store, world, said, { self: mortal(0, 'before') });
        await check(world, said.shown, `power lost ${when} effect ${dieAt}`);
      }
      assert.ok(lost > 0, 'a receipt that was only in the system’s memory is lost, and served again');
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
      assert.deepEqual([...undone].sort(), again === 'lost' ? ['anchor', 'records', 'seed'] : ['anchor', 'seed']);
    });
  }
});

/** Posts again, in other blocks, the anchors and the records that a fork undid: what a memory pool does. */
async function sendAgain(
  { chain, now }: ReturnType<typeof createFakeChain>,
  stood: ReturnType<ReturnType<typeof createFakeChain>['now']>['batches'],
): Promise<void> {
  for (const { from, root } of stood.slice(now().batches.length)) {
    const range = { fromSerial: from, toSerial: BigInt(SERIALS.length), count: SERIALS.length, units: 0n };
    await chain.anchorReceipts({ ...range, root, dataHash: hash(0) }).catch(() => undefined);
  }
  for (const { batchId, recordsRoot } of stood.filter((batch) => batch.recordsRoot !== ZERO_HASH)) {
    const records = { batchId, root: recordsRoot, count: SERIALS.length, dataHash: hash(0) };
    await chain.anchorRecords(records).catch(() => undefined);
  }
}
