import type { AnchorChain, Anchored, EpochStateName } from '../../../gateway/anchor/ports.ts';
import { distributionHash } from '../../../gateway/protocol/commitments.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import type { Statement, Store } from '../../../gateway/store/store.ts';
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
    write: (statements: readonly Statement[]) => effect(() => store.write(statements)),
    read: (query) => (isDead() ? Promise.reject(new Error('dead')) : store.read(query)),
  };
}

type Batch = Anchored & {
  readonly from: bigint;
  readonly root: Hex;
  seed: Hex;
  recordsRoot: Hex;
  recordsPosts: number;
};

/** The contracts' rules, as far as the background half leans on them. Outlives every process. */
export function createFakeChain({ recordWindow }: { readonly recordWindow: bigint }) {
  const batches: Batch[] = [];
  const proposed = new Map<string, Set<Hex>>();
  const golds = new Map<bigint, Hex>();
  const epochs = new Map<bigint, { state: EpochStateName; at: bigint }>();
  const state = { number: 10n, timestamp: 1_000n, nextSerial: 0n, nextEpoch: 0n };
  const revert = (why: string): never => {
    throw new Error(`reverted: ${why}`);
  };
  const batchOf = (id: bigint): Batch => batches[Number(id) - 1] ?? revert('unknown batch');
  const mine = (): void => {
    state.number += 1n;
    state.timestamp += 1n;
  };

  const chain: AnchorChain = {
    head: () => ({ number: state.number, timestamp: state.timestamp }),
    nextSerial: () => Promise.resolve(state.nextSerial),
    async anchorReceipts({ fromSerial, toSerial, root }) {
      if (fromSerial !== state.nextSerial) revert('serial');
      mine();
      state.nextSerial = toSerial;
      const batch = {
        ...{ batchId: BigInt(batches.length + 1), epoch: (state.timestamp - 1_000n) / 100n, block: state.number },
        ...{ blockHash: hash(Number(state.number)), anchoredAt: state.timestamp, from: fromSerial, root },
        ...{ seed: ZERO_HASH, recordsRoot: ZERO_HASH, recordsPosts: 0 },
      };
      batches.push(batch);
      return batch;
    },
    findAnchor: ({ fromSerial, root }) =>
      Promise.resolve(batches.find((batch) => batch.from === fromSerial && batch.root === root)),
    anchorsIn: (epoch) => Promise.resolve(batches.filter((batch) => batch.epoch === epoch).length),
    batchOf: (id) => {
      const { seed, recordsRoot, block, anchoredAt } = batchOf(id);
      return Promise.resolve({ seed, recordsRoot, anchorBlock: block, recordBy: anchoredAt + recordWindow });
    },
    async fixSeed(id) {
      mine();
      if (batchOf(id).seed !== ZERO_HASH || batchOf(id).block + 1n >= state.number) revert('seed');
      batchOf(id).seed = hash(0x5eed0000 + Number(id));
    },
    async anchorRecords({ batchId, root }) {
      const batch = batchOf(batchId);
      if (batch.recordsRoot !== ZERO_HASH || state.timestamp >= batch.anchoredAt + recordWindow) revert('records');
      mine();
      Object.assign(batch, { recordsRoot: root, recordsPosts: batch.recordsPosts + 1 });
    },
    goldRoot: (epoch) => Promise.resolve(golds.get(epoch) ?? ZERO_HASH),
    async anchorGold(epoch, root) {
      if (golds.has(epoch) || state.timestamp >= 1_000n + 100n * epoch) revert('gold');
      mine();
      golds.set(epoch, root);
    },
    nextEpochToOpen: () => Promise.resolve(state.nextEpoch),
    async openEpoch(epoch) {
      if (epoch !== state.nextEpoch || state.timestamp < 1_000n + 100n * epoch) revert('open');
      mine();
      epochs.set(epoch, { state: 'open', at: 0n });
      state.nextEpoch += 1n;
    },
    epochState: (epoch) =>
      Promise.resolve({
        ...{ state: epochs.get(epoch)?.state ?? 'none', round: 0, roundStartsAt: 0n, paramsHash: ZERO_HASH },
        ...{ finalizableAt: (epochs.get(epoch)?.at ?? 0n) + 5n, tableRoot: ZERO_HASH, tableEpoch: 0n, pot: 0n },
        ...{ distributionHash: ZERO_HASH, pools: [], electorate: 1n },
      }),
    async propose(distribution) {
      const { epoch, round } = distribution;
      const key = `${epoch}:${round}`;
      // Whoever sees the transaction has the signature, whether it stands or not.
      proposed.set(key, (proposed.get(key) ?? new Set<Hex>()).add(distributionHash(distribution)));
      if (epochs.get(epoch)?.state !== 'open') revert('propose');
      mine();
      epochs.set(epoch, { state: 'proposed', at: state.timestamp });
    },
    async finalize(epoch) {
      const { state: standing, at } = epochs.get(epoch) ?? { state: 'none', at: 0n };
      if (standing !== 'proposed' || state.timestamp < at + 5n) revert('finalize');
      mine();
      epochs.set(epoch, { state: 'final', at });
    },
    voidEpoch: () => Promise.reject(new Error('reverted: void')),
    attesterStake: () => Promise.resolve(1n),
  };
  return { chain, batches, proposed, epochs, golds, mine, state };
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
