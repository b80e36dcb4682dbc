import type { AnchorChain, Anchored, EpochStateName } from '../../../gateway/anchor/ports.ts';
import { distributionHash } from '../../../gateway/protocol/commitments.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import type { Durability, Statement, Store } from '../../../gateway/store/store.ts';
import { hash } from '../background.fixtures.ts';

/** A process that dies at its n-th effect, just before it or just after, and does nothing more. */
export type Mortal = { readonly effect: <T>(apply: () => Promise<T>) => Promise<T>; readonly isDead: () => boolean };

export function mortal(dieAt: number, when: 'before' | 'after'): Mortal {
  let effects = 0;
  let dead = false;
  const dying = (): Error => new Error('the process is dead');
  return {
    isDead: () => dead,
    async effect(apply) {
      if (dead) throw dying();
      effects += 1;
      const last = effects === dieAt;
      dead = last;
      if (last && when === 'before') throw dying();
      const result = await apply();
      if (last) throw dying();
      return result;
    },
  };
}

export function mortalStore(store: Store, { effect, isDead }: Mortal): Store {
  return {
    ...store,
    write: (statements: readonly Statement[], durability?: Durability) =>
      effect(() => store.write(statements, durability)),
    read: (query) => (isDead() ? Promise.reject(new Error('dead')) : store.read(query)),
  };
}

/**
 * A store whose machine may lose its power: what nobody waited to see on the disk is gone then, unless something that was
 * waited for came after it and took it along.
 */
export function fragileStore(store: Store, empty: () => Promise<void>) {
  let written: { readonly statements: readonly Statement[]; readonly durability: Durability }[] = [];
  return {
    store: {
      ...store,
      async write(statements: readonly Statement[], durability: Durability = 'disk'): Promise<void> {
        await store.write(statements, durability);
        written.push({ statements, durability });
      },
    } satisfies Store,
    /** @returns how many writes were lost. */
    async losePower(): Promise<number> {
      const safe = written.slice(0, written.findLastIndex(({ durability }) => durability === 'disk') + 1);
      const lost = written.length - safe.length;
      written = safe;
      await empty();
      for (const { statements } of safe) await store.write(statements);
      return lost;
    },
  };
}

type Batch = Anchored & {
  readonly from: bigint;
  readonly root: Hex;
  readonly seed: Hex;
  readonly recordsRoot: Hex;
};

type Epoch = { readonly state: EpochStateName; readonly at: bigint };

/** Everything a block leaves behind; a reorganisation goes back to an earlier one. */
type State = {
  readonly number: bigint;
  readonly timestamp: bigint;
  readonly nextSerial: bigint;
  readonly nextEpoch: bigint;
  readonly batches: readonly Batch[];
  readonly epochs: ReadonlyMap<bigint, Epoch>;
  readonly golds: ReadonlyMap<bigint, Hex>;
};

const EMPTY: Omit<State, 'number' | 'timestamp'> = {
  ...{ nextSerial: 0n, nextEpoch: 0n, batches: [], epochs: new Map(), golds: new Map() },
};

type FakeRules = { readonly recordWindow: bigint; readonly epochDuration?: bigint };

/** The contracts' rules, as far as the background half leans on them, on a chain that may fork. Outlives every process. */
export function createFakeChain({ recordWindow, epochDuration = 100n }: FakeRules) {
  const proposed = new Map<string, Set<Hex>>();
  /** Every post of records, whichever fork it is on. */
  const posts: { readonly root: Hex; readonly recordsRoot: Hex; readonly fork: number }[] = [];
  let fork = 0;
  let past: readonly State[] = [];
  let state: State = { number: 10n, timestamp: 1_000n, ...EMPTY };
  const hashOf = new Map<bigint, Hex>([[10n, hash(10)]]);
  const revert = (why: string): never => {
    throw new Error(`reverted: ${why}`);
  };
  const batchOf = (id: bigint): Batch => state.batches[Number(id) - 1] ?? revert('unknown batch');
  const mine = (change: Partial<State> = {}): void => {
    past = [...past, state];
    state = { ...state, number: state.number + 1n, timestamp: state.timestamp + 1n, ...change };
    hashOf.set(state.number, hash(Number(state.number) + 100_000 * fork));
  };
  const change = (id: bigint, values: Partial<Batch>): readonly Batch[] =>
    state.batches.map((batch) => (batch.batchId === id ? { ...batch, ...values } : batch));

  const chain: AnchorChain = {
    head: () => ({ number: state.number, timestamp: state.timestamp }),
    blockHash: (block) => Promise.resolve(block > state.number ? undefined : hashOf.get(block)),
    nextSerial: () => Promise.resolve(state.nextSerial),
    async anchorReceipts({ fromSerial, toSerial, root }) {
      if (fromSerial !== state.nextSerial) revert('serial');
      mine({ nextSerial: toSerial });
      const batch = {
        ...{
          batchId: BigInt(state.batches.length + 1),
          epoch: (state.timestamp - 1_000n) / epochDuration,
          block: state.number,
        },
        ...{ blockHash: hashOf.get(state.number) ?? ZERO_HASH, anchoredAt: state.timestamp, from: fromSerial, root },
        ...{ seed: ZERO_HASH, recordsRoot: ZERO_HASH },
      };
      state = { ...state, batches: [...state.batches, batch] };
      return batch;
    },
    findAnchor: ({ fromSerial, root }) =>
      Promise.resolve(state.batches.find((batch) => batch.from === fromSerial && batch.root === root)),
    anchorsIn: (epoch) => Promise.resolve(state.batches.filter((batch) => batch.epoch === epoch).length),
    async batchOf(id) {
      const { root, seed, recordsRoot, block, anchoredAt } = batchOf(id);
      return { root, seed, recordsRoot, anchorBlock: block, recordBy: anchoredAt + recordWindow };
    },
    async fixSeed(id) {
      mine();
      const { seed, block } = batchOf(id);
      if (seed !== ZERO_HASH || block + 1n >= state.number) revert('seed');
      state = { ...state, batches: change(id, { seed: hashOf.get(block + 1n) ?? ZERO_HASH }) };
    },
    async anchorRecords({ batchId, root }) {
      const batch = batchOf(batchId);
      if (batch.recordsRoot !== ZERO_HASH || state.timestamp >= batch.anchoredAt + recordWindow) revert('records');
      mine({ batches: change(batchId, { recordsRoot: root }) });
      posts.push({ root: batch.root, recordsRoot: root, fork });
    },
    goldRoot: (epoch) => Promise.resolve(state.golds.get(epoch) ?? ZERO_HASH),
    async anchorGold(epoch, root) {
      if (state.golds.has(epoch) || state.timestamp >= 1_000n + epochDuration * epoch) revert('gold');
      mine({ golds: new Map([...state.golds, [epoch, root]]) });
    },
    nextEpochToOpen: () => Promise.resolve(state.nextEpoch),
    async openEpoch(epoch) {
      if (epoch !== state.nextEpoch || state.timestamp < 1_000n + epochDuration * epoch) revert('open');
      mine({ epochs: withEpoch(epoch, { state: 'open', at: 0n }), nextEpoch: state.nextEpoch + 1n });
    },
    epochState: (epoch) =>
      Promise.resolve({
        ...{ state: state.epochs.get(epoch)?.state ?? 'none', round: 0, roundStartsAt: 0n, paramsHash: ZERO_HASH },
        ...{ finalizableAt: (state.epochs.get(epoch)?.at ?? 0n) + 5n, tableRoot: ZERO_HASH, tableEpoch: 0n, pot: 0n },
        ...{ distributionHash: ZERO_HASH, pools: [], electorate: 1n },
      }),
    async propose(distribution) {
      const { epoch, round } = distribution;
      const key = `${epoch}:${round}`;
      // Whoever sees the transaction has the signature, whether it stands or not.
      proposed.set(key, (proposed.get(key) ?? new Set<Hex>()).add(distributionHash(distribution)));
      if (state.epochs.get(epoch)?.state !== 'open') revert('propose');
      mine({ epochs: withEpoch(epoch, { state: 'proposed', at: state.timestamp + 1n }) });
    },
    async finalize(epoch) {
      const { state: standing, at } = state.epochs.get(epoch) ?? { state: 'none', at: 0n };
      if (standing !== 'proposed' || state.timestamp < at + 5n) revert('finalize');
      mine({ epochs: withEpoch(epoch, { state: 'final', at }) });
    },
    voidEpoch: () => Promise.reject(new Error('reverted: void')),
    attesterStake: () => Promise.resolve(1n),
  };
  const withEpoch = (epoch: bigint, value: Epoch): ReadonlyMap<bigint, Epoch> =>
    new Map([...state.epochs, [epoch, value]]);
  return {
    chain,
    proposed,
    posts,
    mine: () => mine(),
    /** A block after so many seconds. */
    pass: (seconds: bigint) => mine({ timestamp: state.timestamp + seconds }),
    now: () => state,
    /** The last `depth` blocks never were; the new branch is a block longer, and empty but for what `again` sends. */
    async reorg(depth: number, again: () => Promise<void> = () => Promise.resolve()): Promise<void> {
      const back = past.at(-depth);
      if (back === undefined) return;
      past = past.slice(0, -depth);
      for (let block = back.number + 1n; block <= state.number; block += 1n) hashOf.delete(block);
      state = back;
      fork += 1;
      await again();
      for (let count = 0; count <= depth; count += 1) mine();
    },
  };
}

/** The chain as one process sees it: it may die at any of its own transactions. */
export function mortalChain(chain: AnchorChain, { effect }: Mortal): AnchorChain {
  return {
    ...chain,
    anchorReceipts: (batch) => effect(() => chain.anchorReceipts(batch)),
    fixSeed: (id) => effect(() => chain.fixSeed(id)),
    anchorRecords: (records) => effect(() => chain.anchorRecords(records)),
    anchorGold: (epoch, root, count) => effect(() => chain.anchorGold(epoch, root, count)),
    openEpoch: (epoch) => effect(() => chain.openEpoch(epoch)),
    propose: (distribution, signatures) => effect(() => chain.propose(distribution, signatures)),
    finalize: (epoch) => effect(() => chain.finalize(epoch)),
  };
}
