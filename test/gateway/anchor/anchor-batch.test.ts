import assert from 'node:assert/strict';

import { createAnchorBatch } from '../../../gateway/anchor/anchor-batch.ts';
import type { AnchorBatchDeps } from '../../../gateway/anchor/anchor-batch.ts';
import { createPassedSerials } from '../../../gateway/anchor/passed-serials.ts';
import type { SerialRange } from '../../../gateway/anchor/passed-serials.ts';
import { drawReceipts } from '../../../gateway/anchor/draw-receipts.ts';
import type {
  AnchorChain,
  AnchorLog,
  Anchored,
  BatchState,
  DrawnReceipt,
  StoredBatch,
} from '../../../gateway/anchor/ports.ts';
import type { RecordBatch } from '../../../gateway/batch/build-records.ts';
import type { OutboxRow } from '../../../gateway/outbox/outbox.ts';
import { isDrawn, isExaminable, isReplayed } from '../../../gateway/poq/sampling.ts';
import { buildBatchTree, verifyBatchProof } from '../../../gateway/protocol/batch-tree.ts';
import { Flag } from '../../../gateway/protocol/constants.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { LEAF_DOMAIN, address, hash, leafOf, receipt } from '../background.fixtures.ts';

const RECEIPTS = [0, 1, 2].map((serial) => ({ receipt: receipt(serial), leaf: leafOf(receipt(serial)) }));
const BATCH: StoredBatch = {
  root: hash(0xaa),
  fromSerial: 10n,
  toSerial: 13n,
  count: 3,
  units: 900n,
  dataHash: hash(0xdd),
  seedSettled: false,
};
const ANCHORED: Anchored = { batchId: 4n, epoch: 2n, block: 50n, blockHash: hash(0xb1), anchoredAt: 1_000n };
const SEED = hash(0x5eed);
const unused = (): never => assert.fail('not used here');

/** One batch, a chain that does what it is told, and a log that remembers. */
function world() {
  const calls: string[] = [];
  const notes: string[] = [];
  const recordedWith: RecordBatch['records'][] = [];
  const state = {
    batch: BATCH,
    nextSerial: 10n,
    anchor: undefined as (Anchored & { readonly root: Hex }) | undefined,
    head: { number: 50n, timestamp: 1_000n },
    nextEpoch: 3n,
    onChain: {
      root: BATCH.root,
      seed: ZERO_HASH,
      recordsRoot: ZERO_HASH,
      anchorBlock: 50n,
      recordBy: 1_100n,
    } as BatchState,
    unfinished: 0,
    ready: true,
    drawFails: false,
    failAfter: undefined as string | undefined,
    lostBefore: undefined as SerialRange | undefined,
  };
  /** The call reaches the chain; the process may then die before it hears of it. */
  const effect = (name: string, apply: () => void): Promise<void> => {
    calls.push(name);
    apply();
    return state.failAfter === name ? Promise.reject(new Error(`lost after ${name}`)) : Promise.resolve();
  };
  const note = (line: string): Promise<void> => Promise.resolve(void notes.push(line));
  const chain: AnchorChain = {
    head: () => state.head,
    blockHash: unused,
    nextSerial: () => Promise.resolve(state.nextSerial),
    anchorReceipts: ({ toSerial, root }) =>
      effect('anchorReceipts', () => {
        state.nextSerial = toSerial;
        state.anchor = { ...ANCHORED, root };
      }).then(() => ANCHORED),
    findAnchor: ({ fromSerial, root }) => {
      const { root: stands, ...anchored } = state.anchor ?? { ...ANCHORED, root: ZERO_HASH };
      return Promise.resolve(fromSerial === 10n && stands === root ? anchored : undefined);
    },
    anchorsIn: unused,
    batchOf: () => Promise.resolve(state.onChain),
    fixSeed: () => effect('fixSeed', () => (state.onChain = { ...state.onChain, seed: SEED })),
    anchorRecords: ({ root, count }) =>
      effect(`anchorRecords ${count}`, () => (state.onChain = { ...state.onChain, recordsRoot: root })),
    goldRoot: unused,
    anchorGold: unused,
    nextEpochToOpen: () => Promise.resolve(state.nextEpoch),
    openEpoch: unused,
    epochState: unused,
    propose: unused,
    finalize: unused,
    voidEpoch: unused,
    attesterStake: unused,
  };
  const log: AnchorLog = {
    batch: (fromSerial) => Promise.resolve(fromSerial === 10n ? state.batch : undefined),
    receipts: () => Promise.resolve(RECEIPTS),
    anchored(key, _from, anchored) {
      state.batch = { ...state.batch, anchored };
      return note(`anchored ${key} ${anchored.batchId}`);
    },
    seeded: (key, _from, seed, drawn) => note(`seeded ${key} ${seed === SEED} ${drawn.length}`),
    unfinished: () => Promise.resolve(state.unfinished),
    giveUp() {
      state.unfinished = 0;
      return note('giveUp');
    },
    examined: () => Promise.resolve(new Map()),
    saveRecords(_on, { root, count }) {
      state.batch = { ...state.batch, recordsRoot: root };
      return note(`saveRecords ${count}`);
    },
    recorded: (key) => note(`recorded ${key}`),
    abandoned: (key) => note(`abandoned ${key}`),
    finish: unused,
    unsettled: unused,
    unanchored: unused,
    unseeded: unused,
    unrecorded: unused,
    settle: unused,
    recentScores: unused,
  };
  const deps: AnchorBatchDeps = {
    chain,
    log,
    passed: createPassedSerials({
      ...{ chain, finalityBlocks: 12n, pollMs: 7 },
      log: {
        lost: (key, fromSerial) => note(`lost ${key} ${fromSerial}`),
        lostBefore: () => Promise.resolve(state.lostBefore),
        beginAt: (fromSerial, earlier) => note(`${fromSerial} begins at ${earlier}`),
      },
      onLost: ({ fromSerial, toSerial }, next) => calls.push(`lost ${fromSerial}–${toSerial}, the chain is at ${next}`),
    }),
    leafDomain: LEAF_DOMAIN,
    confirmations: 1n,
    epochAt: (time) => (time < 800n ? undefined : (time - 800n) / 100n),
    ready: () => Promise.resolve(state.ready),
    draw: (epoch, _seed, receipts) => {
      calls.push(`draw ${epoch}`);
      if (state.drawFails) return Promise.reject(new Error('no table'));
      return Promise.resolve(
        receipts.map(({ receipt: { id }, leaf }): DrawnReceipt => ({
          receiptId: id,
          receiptLeaf: leaf,
          proof: [],
          replayed: false,
        })),
      );
    },
    scorer: (epoch) => {
      calls.push(`scorer ${epoch}`);
      return Promise.resolve(() => ({
        ...{ status: 0, committeeSize: 0, activeMask: 0, accuracy: 0, consistency: 0 },
        ...{ format: 0, cost: 1, quality: 0, score: 0 },
      }));
    },
    recordMargin: 20n,
    pollMs: 7,
    onRecorded: (_receipts, records) => recordedWith.push(records),
  };
  const handlers = createAnchorBatch(deps);
  const run = (kind: keyof typeof handlers) =>
    handlers[kind]({ key: `${kind}:10`, kind, payload: { fromSerial: '10' }, attempts: 0 } satisfies OutboxRow);
  return { calls, notes, state, run, recordedWith, handlers, deps };
}

const WAIT = { waitMs: 7 };

describe('anchor step', () => {
  it('posts a batch whose turn it is and notes where it stands', async () => {
    const { run, calls, notes } = world();
    assert.equal(await run('anchor'), 'finished');
    assert.deepEqual([calls, notes], [['anchorReceipts'], ['anchored anchor:10 4']]);
  });

  it('waits for the batches before it, for genesis, and for its epoch to be open', async () => {
    const { run, state, calls } = world();
    state.nextSerial = 9n;
    assert.deepEqual(await run('anchor'), WAIT);
    state.nextSerial = 10n;
    state.head = { number: 50n, timestamp: 799n };
    assert.deepEqual(await run('anchor'), WAIT);
    state.head = { number: 50n, timestamp: 1_100n };
    assert.deepEqual(await run('anchor'), WAIT, 'epoch 3 opens next, so it is not open');
    assert.deepEqual(calls, []);
    state.nextEpoch = 4n;
    assert.equal(await run('anchor'), 'finished');
  });

  it('waits while the gateway could not finish what it anchors in the epoch', async () => {
    const { run, state, calls } = world();
    state.ready = false;
    assert.deepEqual(await run('anchor'), WAIT);
    assert.deepEqual(calls, []);
    state.ready = true;
    assert.equal(await run('anchor'), 'finished');
  });

  it('recognises its own post after a crash between sending and noting, and posts nothing twice', async () => {
    const { run, state, calls, notes } = world();
    state.failAfter = 'anchorReceipts';
    await assert.rejects(run('anchor'));
    assert.deepEqual(notes, []);
    assert.equal(await run('anchor'), 'finished');
    assert.equal(await run('anchor'), 'finished', 'and once more');
    assert.deepEqual(calls, ['anchorReceipts']);
    assert.deepEqual(notes[0], 'anchored anchor:10 4');
  });

  it('gives a batch up as lost only when its serials stay another batch’s for as long as a fork may last', async () => {
    const { run, state, calls, notes } = world();
    state.nextSerial = 13n;
    state.anchor = { ...ANCHORED, root: hash(0xbb) };
    state.head = { number: 50n, timestamp: 1_000n };
    assert.deepEqual(await run('anchor'), WAIT);
    state.head = { number: 45n, timestamp: 1_000n };
    assert.deepEqual(await run('anchor'), WAIT, 'a shorter chain is another one: the count begins again');
    state.head = { number: 56n, timestamp: 1_000n };
    assert.deepEqual(await run('anchor'), WAIT);
    assert.deepEqual([calls, notes], [[], []]);
    state.head = { number: 57n, timestamp: 1_000n };
    assert.equal(await run('anchor'), 'finished');
    assert.deepEqual([calls, notes], [['lost 10–13, the chain is at 13'], ['lost anchor:10 10']]);
  });

  it('finds its own anchor again after it seemed to be passed', async () => {
    const { run, state, notes } = world();
    state.nextSerial = 13n;
    assert.deepEqual(await run('anchor'), WAIT);
    state.head = { number: 500n, timestamp: 1_000n };
    state.anchor = { ...ANCHORED, root: BATCH.root };
    assert.equal(await run('anchor'), 'finished');
    assert.deepEqual(notes, ['anchored anchor:10 4']);
  });

  it('begins where the chain stands when that is inside of what was lost before it, and else waits', async () => {
    const { run, state, notes } = world();
    state.nextSerial = 7n;
    assert.deepEqual(await run('anchor'), WAIT);
    state.lostBefore = { fromSerial: 8n, toSerial: 10n };
    assert.deepEqual(await run('anchor'), WAIT, 'the chain has yet to reach what was lost');
    assert.deepEqual(notes, []);
    state.nextSerial = 9n;
    assert.deepEqual(await run('anchor'), WAIT);
    assert.deepEqual(notes, ['10 begins at 9']);
  });

  it('rejects a row whose batch does not exist', async () => {
    const { handlers } = world();
    for (const payload of [{}, { fromSerial: '9' }]) {
      await assert.rejects(handlers.anchor({ key: 'x', kind: 'anchor', payload, attempts: 0 }));
    }
  });
});

describe('seed step', () => {
  const anchored = () => {
    const own = world();
    own.state.batch = { ...BATCH, anchored: ANCHORED };
    return own;
  };

  it('fixes the seed only once its block exists, then draws by it', async () => {
    const { run, state, calls, notes } = anchored();
    assert.deepEqual(await run('seed'), WAIT);
    assert.deepEqual(calls, []);
    state.head = { number: 51n, timestamp: 1_000n };
    assert.deepEqual(await run('seed'), { waitMs: 0 });
    assert.equal(await run('seed'), 'finished');
    assert.deepEqual(calls, ['fixSeed', 'draw 2']);
    assert.deepEqual(notes, ['seeded seed:10 true 3']);
  });

  it('takes a seed that somebody else fixed', async () => {
    const { run, state, calls } = anchored();
    state.onChain = { ...state.onChain, seed: SEED };
    assert.deepEqual(await run('seed'), WAIT, 'its block is not confirmed');
    state.head = { number: 51n, timestamp: 1_000n };
    assert.equal(await run('seed'), 'finished');
    assert.deepEqual(calls, ['draw 2']);
  });

  it('abandons a batch whose seed was not fixed before its record window closed', async () => {
    const { run, state, calls, notes } = anchored();
    state.head = { number: 9_000n, timestamp: 1_100n };
    assert.equal(await run('seed'), 'finished');
    assert.deepEqual([calls, notes], [[], ['abandoned seed:10']]);
  });

  it('retries a draw that fails until the record window closes, then abandons the batch', async () => {
    const { run, state, notes } = anchored();
    state.onChain = { ...state.onChain, seed: SEED };
    state.head = { number: 51n, timestamp: 1_000n };
    state.drawFails = true;
    await assert.rejects(run('seed'), /no table/);
    assert.deepEqual(notes, []);
    state.head = { number: 9_000n, timestamp: 1_100n };
    assert.equal(await run('seed'), 'finished');
    assert.deepEqual(notes, ['abandoned seed:10']);
  });

  it('rejects a batch id that became another batch’s, before it asks the chain for anything', async () => {
    const { run, state, calls } = anchored();
    state.head = { number: 60n, timestamp: 1_000n };
    state.onChain = { ...state.onChain, root: hash(0xbb) };
    await assert.rejects(run('seed'), /another root/);
    assert.deepEqual(calls, []);
  });

  it('rejects a batch that is not anchored', async () => {
    await assert.rejects(world().run('seed'), /not anchored/);
  });
});

describe('records step', () => {
  const seeded = () => {
    const own = world();
    own.state.batch = { ...BATCH, anchored: ANCHORED, seed: SEED, seedSettled: true };
    own.state.onChain = { ...own.state.onChain, seed: SEED };
    return own;
  };

  it('writes records down, posts one per receipt, and reports them once', async () => {
    const { run, calls, notes, recordedWith } = seeded();
    assert.equal(await run('records'), 'finished');
    assert.deepEqual(calls, ['scorer 2', 'anchorRecords 3']);
    assert.deepEqual(notes, ['saveRecords 3', 'recorded records:10']);
    assert.equal(await run('records'), 'finished');
    assert.deepEqual(calls, ['scorer 2', 'anchorRecords 3']);
    assert.equal(recordedWith.length, 1);
    assert.equal(recordedWith[0]?.length, 3);
  });

  it('waits until no reorganisation can change the seed, but for the margin of its window', async () => {
    const { run, state, notes } = seeded();
    state.batch = { ...state.batch, seedSettled: false };
    state.head = { number: 60n, timestamp: 1_079n };
    assert.deepEqual(await run('records'), { waitMs: 70 });
    assert.deepEqual(notes, []);
    state.head = { number: 61n, timestamp: 1_080n };
    assert.equal(await run('records'), 'finished');
  });

  it('rejects records on chain that are not those of its seed', async () => {
    const { run, state, notes } = seeded();
    state.onChain = { ...state.onChain, recordsRoot: hash(0xbad) };
    await assert.rejects(run('records'), /not of its seed/);
    assert.deepEqual(notes, []);
  });

  it('waits for running examinations, and gives them up a margin before the window closes', async () => {
    const { run, state, notes } = seeded();
    state.unfinished = 2;
    state.head = { number: 60n, timestamp: 1_079n };
    assert.deepEqual(await run('records'), { waitMs: 70 });
    assert.deepEqual(notes, []);
    state.head = { number: 61n, timestamp: 1_080n };
    assert.equal(await run('records'), 'finished');
    assert.deepEqual(notes, ['giveUp', 'saveRecords 3', 'recorded records:10']);
  });

  it('posts until the last second of the window and abandons after it, with examinations running or not', async () => {
    for (const unfinished of [0, 2]) {
      const late = seeded();
      late.state.unfinished = unfinished;
      late.state.head = { number: 70n, timestamp: 1_099n };
      assert.equal(await late.run('records'), 'finished');
      assert.equal(late.notes.at(-1), 'recorded records:10');
      const over = seeded();
      over.state.unfinished = unfinished;
      over.state.head = { number: 71n, timestamp: 1_100n };
      assert.equal(await over.run('records'), 'finished');
      assert.deepEqual([over.calls, over.notes], [[], ['abandoned records:10']]);
    }
  });

  it('recognises its post after a crash, also when the window has closed meanwhile', async () => {
    const { run, state, calls, notes } = seeded();
    state.failAfter = 'anchorRecords 3';
    await assert.rejects(run('records'));
    state.head = { number: 80n, timestamp: 2_000n };
    assert.equal(await run('records'), 'finished');
    assert.equal(calls.filter((call) => call.startsWith('anchorRecords')).length, 1);
    assert.deepEqual(notes, ['saveRecords 3', 'recorded records:10']);
  });

  it('does not abandon what was recorded in a block that came while it looked', async () => {
    const own = seeded();
    own.state.batch = { ...own.state.batch, recordsRoot: hash(0xcc) };
    let looks = 0;
    const handlers = createAnchorBatch({
      ...own.deps,
      chain: {
        ...own.deps.chain,
        // Between the first look and the second the records get in and the window closes, in that order.
        head: () => ({ number: 80n, timestamp: looks++ === 0 ? 1_099n : 1_100n }),
        batchOf: () => Promise.resolve({ ...own.state.onChain, recordsRoot: looks++ === 0 ? ZERO_HASH : hash(0xcc) }),
      },
    });
    await handlers.records({ key: 'records:10', kind: 'records', payload: { fromSerial: '10' }, attempts: 0 });
    assert.deepEqual(own.notes, ['recorded records:10']);
  });
});

describe('drawReceipts', () => {
  const rules = {
    isExaminable,
    isDrawn,
    isReplayed,
    rateOf: (node: Hex) => (node === address(0x101) ? 0 : 10_000),
    replayRateBps: 10_000,
  };
  const batchOf = (receipts: readonly ReturnType<typeof receipt>[]) =>
    receipts.map((value) => ({ receipt: value, leaf: leafOf(value) }));

  it('draws by rate and flags: never private, replayed or unattested ones, but pinned, cached and gold ones too', () => {
    const flags = [
      0,
      Flag.pinned,
      Flag.cached,
      Flag.gold,
      Flag.private,
      Flag.formatConstrained,
      Flag.replay,
      Flag.unattested,
    ];
    const batch = batchOf([
      ...flags.map((value, serial) => receipt(serial, { flags: value })),
      receipt(50, { flags: Flag.gold | Flag.private }),
      receipt(51, { node: address(0x101) }),
    ]);
    const drawn = drawReceipts(SEED, batch, rules);
    assert.deepEqual(
      drawn.map(({ receiptId }) => receiptId),
      [0, 1, 2, 3, 5].map((serial) => receipt(serial).id),
    );
    assert.ok(drawn.every(({ replayed }) => replayed));
    assert.deepEqual(drawReceipts(SEED, [], rules), []);
  });

  it('returns each drawn receipt with its proof under the root of the whole batch', () => {
    const batch = batchOf([0, 1, 2, 3, 4].map((serial) => receipt(serial, { flags: serial === 1 ? Flag.private : 0 })));
    const { root } = buildBatchTree(batch.map(({ leaf }) => leaf));
    const drawn = drawReceipts(SEED, batch, rules);
    assert.equal(drawn.length, 4);
    for (const { receiptLeaf, proof } of drawn) assert.ok(verifyBatchProof(root, receiptLeaf, proof));
  });

  it('draws about the rate, the same ones for one seed, others for another, and replays independently', () => {
    const batch = batchOf(Array.from({ length: 400 }, (_, serial) => receipt(serial)));
    const draw = (seed: Hex) => drawReceipts(seed, batch, { ...rules, rateOf: () => 2_500, replayRateBps: 5_000 });
    const first = draw(SEED);
    assert.deepEqual(draw(SEED), first);
    assert.notDeepEqual(draw(hash(2)), first);
    assert.ok(first.length > 60 && first.length < 140, `${first.length} of 400`);
    const replayed = first.filter((one) => one.replayed).length;
    assert.ok(replayed > first.length / 4 && replayed < (3 * first.length) / 4);
  });
});
