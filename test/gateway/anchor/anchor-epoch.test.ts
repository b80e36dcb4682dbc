import assert from 'node:assert/strict';

import { agrees, createAnchorEpoch } from '../../../gateway/anchor/anchor-epoch.ts';
import type { AnchorChain, EpochStateName, EpochStatus } from '../../../gateway/anchor/ports.ts';
import type { EpochLog, StoredDistribution } from '../../../gateway/epoch/ports.ts';
import { distributionHash } from '../../../gateway/protocol/commitments.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { hash } from '../background.fixtures.ts';

const CLOCK = { genesis: 1_000n, epochDuration: 100n }; // epoch 5 is 1,500 … 1,599
const WAIT = { waitMs: 7 };
const unused = (): never => assert.fail('not used here');

const distributionOf = (epoch: bigint, round: number): StoredDistribution => ({
  distribution: {
    epoch,
    round,
    roots: [hash(1), ZERO_HASH, ZERO_HASH],
    totals: [1n, 0n, 0n],
    counts: [1, 0, 0],
    paramsHash: hash(4),
    tableRoot: hash(5),
    batchesHash: hash(6),
    dataHash: hash(7),
  },
  signature: `0x${'44'.repeat(65)}`,
  leaves: [],
  tableLeaves: [],
  goldOutcomes: [],
  parts: [],
});

function world() {
  const calls: string[] = [];
  const notes: string[] = [];
  const saved = new Map<bigint, StoredDistribution>();
  const state = {
    now: 1_500n,
    block: 1n,
    next: 5n,
    epochs: new Map<bigint, EpochStateName>(),
    round: 0,
    roundStartsAt: 0n,
    goldRoot: ZERO_HASH,
    prepared: { root: hash(0x90), count: 3 } as { readonly root: Hex; readonly count: number } | undefined,
    running: 0,
    anchors: 2,
    stored: 2,
    electorate: 100n,
    ownStake: 60n,
    failAfter: undefined as string | undefined,
  };
  const effect = (name: string, apply: () => void): Promise<void> => {
    calls.push(name);
    apply();
    return state.failAfter === name ? Promise.reject(new Error(`lost after ${name}`)) : Promise.resolve();
  };
  const note = (line: string): Promise<void> => Promise.resolve(void notes.push(line));
  const chain: AnchorChain = {
    head: () => ({ number: state.block, timestamp: state.now }),
    blockHash: unused,
    nextSerial: unused,
    anchorReceipts: unused,
    findAnchor: unused,
    anchorsIn: (epoch, startsAt) => {
      assert.equal(startsAt, 1_000n + 100n * epoch);
      return Promise.resolve(state.anchors);
    },
    batchOf: unused,
    fixSeed: unused,
    anchorRecords: unused,
    goldRoot: () => Promise.resolve(state.goldRoot),
    anchorGold: (epoch, root, count) => effect(`anchorGold ${epoch} ${count}`, () => (state.goldRoot = root)),
    nextEpochToOpen: () => Promise.resolve(state.next),
    openEpoch: (epoch) => effect(`open ${epoch}`, () => (state.next = epoch + 1n)),
    epochState: (epoch) =>
      Promise.resolve({
        state: state.epochs.get(epoch) ?? 'none',
        round: state.round,
        roundStartsAt: state.roundStartsAt,
        finalizableAt: 1_700n,
        paramsHash: hash(4),
        tableRoot: ZERO_HASH,
        tableEpoch: 0n,
        distributionHash: distributionHash(distributionOf(5n, 0).distribution),
        pools: [],
        pot: 0n,
        electorate: state.electorate,
      } satisfies EpochStatus),
    propose: ({ epoch, round }, signatures) =>
      effect(`propose ${epoch} ${round} ${signatures.length}`, () => state.epochs.set(epoch, 'proposed')),
    attesterStake: () => Promise.resolve(state.ownStake),
    voidEpoch: (epoch) => effect(`void ${epoch}`, () => state.epochs.set(epoch, 'void')),
    finalize: (epoch) => effect(`finalize ${epoch}`, () => state.epochs.set(epoch, 'final')),
  };
  const log: EpochLog = {
    runningBatches: () => Promise.resolve(state.running),
    anchoredBatches: () => Promise.resolve(state.stored),
    batches: unused,
    receiptsOf: () => {
      throw new Error('not asked for');
    },
    goldOutcomes: (from, to) => {
      calls.push(`history ${from} ${to}`);
      return Promise.resolve([]);
    },
    save(stored) {
      saved.set(stored.distribution.epoch, stored);
      return note(`save ${stored.distribution.round}`);
    },
    distribution: (epoch) => Promise.resolve(saved.get(epoch)),
    dataHash: unused,
    publishedBatch: unused,
    plan: unused,
    proposed: (_key, epoch, round) => note(`proposed ${epoch} ${round}`),
    overturned: (_key, epoch, round) => note(`overturned ${epoch} ${round}`),
    finalized: (_key, epoch) => note(`finalized ${epoch}`),
    goldsAnchored: (key) => note(`goldsAnchored ${key}`),
    opened: (key, _epoch, { untilBlock }) => note(`opened ${key} ${untilBlock}`),
    vanished: (key, { row }) => note(`vanished ${key} ${row}`),
    finish: (key) => note(`finish ${key}`),
  };
  const handlers = createAnchorEpoch({
    chain,
    log,
    clock: CLOCK,
    recordWindow: 30n,
    tableGrace: 10n,
    goldWindowEpochs: 8,
    prepareGolds: () => {
      calls.push('prepareGolds');
      return Promise.resolve(state.prepared);
    },
    facts: () => Promise.resolve({} as never),
    distribute: (_facts, _history, round) => {
      calls.push(`distribute ${round}`);
      return Promise.resolve(distributionOf(5n, round));
    },
    pollMs: 7,
    finalityBlocks: 3n,
    onVanished: ({ of, epoch }) => calls.push(`vanished ${of} ${epoch}`),
  });
  const run = (kind: Exclude<keyof typeof handlers, 'watch'>, epoch = 5n) =>
    handlers[kind]({ key: `${kind}:${epoch}`, kind, payload: { epoch: epoch.toString() }, attempts: 0 });
  return { calls, notes, saved, state, run, watch: handlers.watch };
}

type Change = (state: ReturnType<typeof world>['state']) => unknown;

describe('opening an epoch', () => {
  it('opens from its start, in order, and notes what somebody else opened', async () => {
    const { run, state, calls, notes } = world();
    state.epochs.set(3n, 'final');
    state.now = 1_499n;
    assert.deepEqual(await run('open'), WAIT);
    state.now = 1_500n;
    state.next = 4n;
    assert.deepEqual(await run('open'), WAIT, 'the one before comes first');
    state.next = 5n;
    assert.equal(await run('open'), 'finished');
    assert.equal(await run('open'), 'finished');
    assert.deepEqual(calls, ['open 5']);
    assert.deepEqual(notes, ['opened open:5 4', 'opened open:5 4']);
  });

  it('waits for the epoch two before to be settled, but no longer than the grace', async () => {
    for (const unsettled of ['none', 'open', 'proposed', 'disputed'] as const) {
      const { run, state, calls } = world();
      state.epochs.set(3n, unsettled);
      state.now = 1_509n;
      assert.deepEqual(await run('open'), WAIT, unsettled);
      state.now = 1_510n;
      assert.equal(await run('open'), 'finished');
      assert.deepEqual(calls, ['open 5']);
    }
    for (const settled of ['final', 'void'] as const) {
      const { run, state } = world();
      state.epochs.set(3n, settled);
      assert.equal(await run('open'), 'finished');
    }
  });

  it('does not ask for an epoch before the first', async () => {
    for (const epoch of [0n, 1n]) {
      const { run, state } = world();
      state.next = epoch;
      state.now = 1_000n + 100n * epoch;
      assert.equal(await run('open', epoch), 'finished');
    }
  });
});

describe('anchoring golds', () => {
  it('anchors them before their epoch begins and marks them usable, also after a crash in between', async () => {
    const { run, state, calls, notes } = world();
    state.now = 1_499n;
    state.failAfter = 'anchorGold 5 3';
    await assert.rejects(run('gold'));
    assert.deepEqual(notes, []);
    state.now = 1_500n; // meanwhile the epoch has begun
    assert.equal(await run('gold'), 'finished');
    assert.deepEqual(calls, ['prepareGolds', 'anchorGold 5 3', 'prepareGolds']);
    assert.deepEqual(notes, ['goldsAnchored gold:5']);
  });

  it('goes without golds when it is too late, and prepares none that could be sent by mistake', async () => {
    const { run, calls, notes } = world();
    assert.equal(await run('gold'), 'finished');
    assert.deepEqual([calls, notes], [[], ['finish gold:5']]);
  });

  it('does not use golds under a root that is not theirs', async () => {
    const { run, state, calls, notes } = world();
    state.now = 1_400n;
    state.goldRoot = hash(0x91);
    assert.equal(await run('gold'), 'finished');
    assert.deepEqual([calls, notes], [['prepareGolds'], ['finish gold:5']]);
  });

  it('finishes when there are none to anchor', async () => {
    const { run, state, notes } = world();
    state.now = 1_400n;
    state.prepared = undefined;
    assert.equal(await run('gold'), 'finished');
    assert.deepEqual(notes, ['finish gold:5']);
  });
});

describe('proposing a distribution', () => {
  const open = () => {
    const own = world();
    own.state.epochs.set(5n, 'open');
    own.state.now = 1_630n;
    return own;
  };

  it('waits for the end, the record window, the round and the last running batch', async () => {
    const { run, state, calls, notes } = open();
    state.epochs.set(5n, 'none');
    assert.deepEqual(await run('propose'), WAIT);
    state.epochs.set(5n, 'open');
    state.now = 1_629n;
    assert.deepEqual(await run('propose'), WAIT);
    state.now = 1_630n;
    state.roundStartsAt = 1_631n;
    assert.deepEqual(await run('propose'), WAIT);
    state.roundStartsAt = 1_630n;
    state.running = 1;
    assert.deepEqual(await run('propose'), WAIT);
    assert.deepEqual([calls, notes], [[], []]);
    state.running = 0;
    assert.equal(await run('propose'), 'finished');
    assert.deepEqual(calls, ['history 0 4', 'distribute 0', 'propose 5 0 1']);
    assert.deepEqual(notes, ['save 0', 'proposed 5 0']);
  });

  it('proposes after a crash what it wrote down before it signed, and nothing else for that round', async () => {
    const { run, state, calls, notes } = open();
    state.failAfter = 'propose 5 0 1';
    await assert.rejects(run('propose'));
    state.epochs.set(5n, 'open'); // it did not get through
    state.failAfter = undefined;
    assert.equal(await run('propose'), 'finished');
    assert.equal(calls.filter((call) => call === 'distribute 0').length, 1);
    assert.deepEqual(notes, ['save 0', 'proposed 5 0']);
  });

  it('computes anew for another round', async () => {
    const { run, state, calls } = open();
    await run('propose');
    state.epochs.set(5n, 'open');
    state.round = 1;
    assert.equal(await run('propose'), 'finished');
    assert.deepEqual(
      calls.filter((call) => call.startsWith('distribute')),
      ['distribute 0', 'distribute 1'],
    );
    assert.equal(calls.at(-1), 'propose 5 1 1');
  });

  it('rejects, and signs nothing, when the store has other batches of the epoch than the chain', async () => {
    for (const stored of [1, 3]) {
      const { run, state, calls, notes } = open();
      state.stored = stored;
      await assert.rejects(run('propose'), new RegExp(`anchored 2 batches in it, its store has ${stored}`));
      assert.deepEqual([calls, notes], [[], []]);
      state.stored = 2;
      assert.equal(await run('propose'), 'finished');
    }
  });

  it('notes what stands already and leaves a void epoch alone', async () => {
    for (const standing of ['proposed', 'disputed', 'final'] as const) {
      const { run, state, calls, notes } = open();
      state.epochs.set(5n, standing);
      assert.equal(await run('propose'), 'finished');
      assert.deepEqual([calls, notes], [[], ['proposed 5 0']]);
    }
    const { run, state, calls, notes } = open();
    state.epochs.set(5n, 'void');
    assert.equal(await run('propose'), 'finished');
    assert.deepEqual([calls, notes], [[], ['finish propose:5']]);
  });

  it('leaves an epoch that it has no say in to others, and never signs for it', async () => {
    const { run, state, calls, notes } = open();
    state.ownStake = 0n;
    assert.equal(await run('propose'), 'finished');
    assert.deepEqual([calls, notes], [[], ['finish propose:5']]);
  });

  it('voids an epoch that nobody can attest, once it is over', async () => {
    const { run, state, calls, notes } = open();
    Object.assign(state, { electorate: 0n, ownStake: 0n, now: 1_599n });
    assert.deepEqual(await run('propose'), WAIT);
    state.now = 1_600n;
    state.failAfter = 'void 5';
    await assert.rejects(run('propose'));
    assert.equal(await run('propose'), 'finished');
    assert.deepEqual([calls, notes], [['void 5'], ['finish propose:5']]);
  });

  it('asks for the outcomes of the window up to the epoch before, and of none before the first', async () => {
    const { run, state, calls } = world();
    state.epochs.set(20n, 'open');
    state.now = 5_000n;
    await run('propose', 20n);
    assert.equal(calls[0], 'history 13 19');
    const first = world();
    first.state.epochs.set(0n, 'open');
    first.state.now = 5_000n;
    await first.run('propose', 0n);
    assert.equal(first.calls[0], 'history 0 -1');
  });
});

describe('finalising an epoch', () => {
  const proposed = (standing: EpochStateName) => {
    const own = world();
    own.state.epochs.set(5n, standing);
    return own;
  };

  it('finalises when the dispute window is over, and notes it only when it stands on chain', async () => {
    const { run, state, calls, notes } = proposed('proposed');
    state.now = 1_699n;
    assert.deepEqual(await run('finalize'), WAIT);
    state.now = 1_700n;
    assert.deepEqual(await run('finalize'), { waitMs: 0 });
    assert.deepEqual([calls, notes], [['finalize 5'], []]);
    assert.equal(await run('finalize'), 'finished');
    assert.deepEqual(notes, ['finalized 5']);
  });

  it('waits through a dispute, goes to the next round when overturned, and never calls a void epoch final', async () => {
    const disputed = proposed('disputed');
    disputed.state.now = 99_999n;
    assert.deepEqual(await disputed.run('finalize'), WAIT);
    const overturned = proposed('open');
    overturned.state.round = 1;
    assert.equal(await overturned.run('finalize'), 'finished');
    assert.deepEqual(overturned.notes, ['overturned 5 1']);
    const voided = proposed('void');
    assert.equal(await voided.run('finalize'), 'finished');
    assert.deepEqual(voided.notes, ['finish finalize:5']);
    assert.deepEqual(await proposed('none').run('finalize'), WAIT);
  });
});

describe('watching what stands', () => {
  const watched = (of: 'gold' | 'open' | 'finalize') => {
    const own = world();
    const payload = { of, epoch: '5', row: `${of}:5`, untilBlock: '4' };
    const run = () => own.watch({ key: `watch:${of}:5:4`, kind: 'watch', payload, attempts: 0 });
    return { ...own, run };
  };

  for (const [of, stand, vanish] of [
    ['gold', (state) => (state.goldRoot = hash(0x90)), (state) => (state.goldRoot = ZERO_HASH)],
    ['open', (state) => (state.next = 6n), (state) => (state.next = 5n)],
    ['finalize', (state) => state.epochs.set(5n, 'final'), (state) => state.epochs.set(5n, 'proposed')],
  ] as const satisfies readonly (readonly ['gold' | 'open' | 'finalize', Change, Change])[]) {
    it(`ends the watch of ${of} when the chain is long enough, and does it again when it vanished before`, async () => {
      const { run, state, calls, notes } = watched(of);
      stand(state);
      state.block = 3n;
      assert.deepEqual(await run(), WAIT);
      assert.deepEqual(notes, []);
      vanish(state);
      assert.equal(await run(), 'finished');
      assert.deepEqual([calls, notes], [[`vanished ${of} 5`], [`vanished watch:${of}:5:4 ${of}:5`]]);
      stand(state);
      state.block = 4n;
      assert.equal(await run(), 'finished');
      assert.equal(notes.at(-1), `finish watch:${of}:5:4`);
    });
  }
});

describe('agrees', () => {
  it('returns whether the hash on chain is that of the own distribution', async () => {
    const status = { distributionHash: distributionHash(distributionOf(5n, 0).distribution) } as EpochStatus;
    assert.equal(agrees(distributionOf(5n, 0), status), true);
    assert.equal(agrees(distributionOf(5n, 1), status), false);
  });
});
