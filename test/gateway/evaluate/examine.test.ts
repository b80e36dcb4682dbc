import assert from 'node:assert/strict';

import { createExamine } from '../../../gateway/evaluate/examine.ts';
import type { EvaluatorClient } from '../../../gateway/evaluate/evaluator-client.ts';
import type { EvaluatorNode, Examination, StoredCommitSet } from '../../../gateway/evaluate/ports.ts';
import type { OutboxRow } from '../../../gateway/outbox/outbox.ts';
import { rankCommittee } from '../../../gateway/poq/committee.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { commitmentsHash } from '../../../gateway/protocol/commitments.ts';
import { commitSetDigest } from '../../../gateway/protocol/eip712.ts';
import { recoverSigner } from '../../../gateway/protocol/signature.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Address, EvaluationEntry } from '../../../gateway/protocol/types.ts';
import {
  GATEWAY,
  GATEWAY_SIGNER,
  NODE,
  SIGNING_DOMAIN,
  address,
  hash,
  leafOf,
  receipt,
} from '../background.fixtures.ts';

const SEED = hash(0x5eed);
const RECEIPT = receipt(0);
const EXAMINATION: Examination = {
  receiptId: RECEIPT.id,
  receiptLeaf: leafOf(RECEIPT),
  receipt: RECEIPT,
  seed: SEED,
  replayed: false,
  batchId: 1n,
  epoch: 3n,
  proof: [],
  content: { salt: '0x00', request: '{}', response: '{}' },
  replays: [],
};

type Behaviour = { readonly accuracy?: number; readonly commit?: 'silent'; readonly reveal?: 'silent' };
type Ended = { readonly size: number; readonly entries: readonly EvaluationEntry[] };

/** A committee of fakes and a log in memory with the store's rules: first set and first result stand. */
function world(behaviour: ReadonlyMap<Address, Behaviour>, evaluators: readonly Address[] = [...behaviour.keys()]) {
  const sets = new Map<number, StoredCommitSet>();
  const rows: OutboxRow[] = [
    { key: 'commit:0', kind: 'commit', payload: { receiptId: RECEIPT.id, size: 0 }, attempts: 0 },
  ];
  const missing: string[] = [];
  const asked: string[] = [];
  const state: { ended?: Ended; first?: Ended | undefined; over: boolean } = { over: false };
  const add = (kind: string, size: number): void => {
    rows.push({ key: `${kind}:${size}`, kind, payload: { receiptId: RECEIPT.id, size }, attempts: 0 });
  };
  const behaves = ({ account }: EvaluatorNode): Behaviour => behaviour.get(account) ?? {};
  const client: EvaluatorClient = {
    commit(evaluator, { receiptLeaf, seed }) {
      asked.push(`commit ${evaluator.account}`);
      if (behaves(evaluator).commit === 'silent') return Promise.reject(new Error('no answer'));
      const commitment = hash(Number.parseInt(evaluator.account.slice(-4), 16));
      return Promise.resolve({ receiptLeaf, seed, evaluator: evaluator.account, commitment });
    },
    reveal(evaluator, set) {
      asked.push(`reveal ${evaluator.account} ${set.commitSet.size}`);
      const { endpoint } = evaluator;
      if (endpoint === undefined || behaves(evaluator).reveal === 'silent')
        return Promise.reject(new Error('no answer'));
      const evaluation = {
        receiptLeaf: set.commitSet.receiptLeaf,
        seed: set.commitSet.seed,
        evaluator: evaluator.account,
        accuracy: behaves(evaluator).accuracy ?? 8_000,
        consistency: 1,
        format: 2,
        scorerId: hash(1),
        salt: hash(2),
      };
      return Promise.resolve({ evaluation, signature: `0x${'11'.repeat(65)}` });
    },
  };
  const handlers = createExamine({
    client,
    log: {
      examination: () => Promise.resolve(state.over ? undefined : EXAMINATION),
      saveReplays: () => assert.fail('not a step of the committee'),
      commitSet: (_id, size) => Promise.resolve(sets.get(size)),
      saveCommitSet(_key, _id, set) {
        if (!sets.has(set.commitSet.size)) sets.set(set.commitSet.size, set);
        add('reveal', set.commitSet.size);
        return Promise.resolve();
      },
      escalate(_key, _id, size, first) {
        state.first = first;
        return Promise.resolve(add('commit', size));
      },
      finish(_key, _id, size, entries) {
        state.ended ??= { size, entries };
        return Promise.resolve();
      },
      close: (key) => Promise.resolve(void asked.push(`close ${key}`)),
    },
    signer: GATEWAY_SIGNER,
    signingDomain: SIGNING_DOMAIN,
    params: DEFAULT_PARAMS,
    evaluators: () =>
      Promise.resolve(evaluators.map((account) => ({ account, signer: account, endpoint: 'http://x' }))),
    trust: (epoch, evaluator) => Promise.resolve(Number(epoch) * 100 + Number.parseInt(evaluator.slice(-1), 16)),
    answerTimeoutMs: 1_000,
    onMissing: (evaluator, step) => missing.push(`${step} ${evaluator}`),
  });
  return {
    sets,
    rows,
    missing,
    asked,
    state,
    handlers,
    /** Runs rows until none is left. */
    run: async (): Promise<Ended> => {
      for (let row = rows.shift(); row !== undefined; row = rows.shift()) {
        const handler = row.kind === 'commit' ? handlers.commit : handlers.reveal;
        assert.equal(await handler(row), 'finished');
      }
      assert.ok(state.ended !== undefined);
      return state.ended;
    },
  };
}

const people = (count: number): Address[] => Array.from({ length: count }, (_, index) => address(0x201 + index));
const ranked = (evaluators: readonly Address[]): Address[] =>
  rankCommittee({ seed: SEED, receiptLeaf: EXAMINATION.receiptLeaf, evaluators, excluded: [NODE, GATEWAY] });
const all = (count: number, of: (account: Address, rank: number) => Behaviour = () => ({})) => {
  const order = ranked(people(count));
  return new Map(order.map((account, rank) => [account, of(account, rank)]));
};
const names = (entries: readonly EvaluationEntry[]): Address[] => entries.map(({ evaluator }) => evaluator);

describe('examine', () => {
  it('asks the five of lowest rank, publishes one signed set, and lists reveals by rank with the trust in force', async () => {
    const { run, sets, asked } = world(all(9), people(9).toReversed());
    const { size, entries } = await run();
    const committee = ranked(people(9)).slice(0, 5);
    assert.equal(size, 5);
    assert.deepEqual(names(entries), committee);
    assert.deepEqual(
      entries.map(({ trust }) => trust),
      committee.map((account) => 300 + Number.parseInt(account.slice(-1), 16)),
    );
    const set = sets.get(5);
    assert.ok(set !== undefined);
    assert.equal(set.commitSet.commitmentsHash, commitmentsHash(set.evaluators, set.commitments));
    assert.equal(recoverSigner(commitSetDigest(SIGNING_DOMAIN, set.commitSet), set.signature), GATEWAY_SIGNER.address);
    assert.equal(asked.length, 10, 'nobody beyond the committee is asked');
  });

  it("never lets the node's or the gateway's own account judge", async () => {
    const evaluators = [...people(4), NODE, GATEWAY.toUpperCase().replace('0X', '0x') as Address];
    const { run, asked } = world(all(4), evaluators);
    const { size, entries } = await run();
    assert.deepEqual([size, entries.length], [4, 4]);
    assert.ok(!asked.some((line) => line.includes(NODE) || line.toLowerCase().includes(GATEWAY)));
  });

  it('puts a zero for a member that is silent, and does not ask it to reveal', async () => {
    const { run, sets, missing, asked } = world(all(5, (_, rank) => (rank === 1 ? { commit: 'silent' } : {})));
    const { size, entries } = await run();
    const committee = ranked(people(5));
    assert.deepEqual([size, entries.length], [5, 4]);
    assert.equal(sets.get(5)?.commitments[1], ZERO_HASH);
    assert.deepEqual(missing, [`commit ${committee[1]}`]);
    assert.ok(!asked.includes(`reveal ${committee[1]} 5`));
  });

  it('escalates once, to nine, when too few revealed, and ends there whatever comes', async () => {
    const { run, sets, asked } = world(all(12, (_, rank) => (rank < 2 || rank > 6 ? { reveal: 'silent' } : {})));
    const { size, entries } = await run();
    assert.deepEqual([size, entries.length], [9, 5]);
    assert.deepEqual([...sets.keys()], [5, 9]);
    assert.deepEqual(sets.get(9)?.evaluators, ranked(people(12)).slice(0, 9));
    assert.equal(asked.filter((line) => line.startsWith('commit')).length, 14);
  });

  it('escalates when accuracies spread over more than 3,000, and not at 3,000', async () => {
    const spread = (width: number) => world(all(9, (_, rank) => ({ accuracy: rank === 0 ? 5_000 + width : 5_000 })));
    assert.equal((await spread(DEFAULT_PARAMS.escalationSpreadBps).run()).size, 5);
    assert.equal((await spread(DEFAULT_PARAMS.escalationSpreadBps + 1).run()).size, 9);
  });

  it('hands over a first result that was quorate when it escalates, and none that was not', async () => {
    const split = world(all(9, (_, rank) => ({ accuracy: rank === 0 ? 0 : 9_000 })));
    await split.run();
    assert.equal(split.state.first?.size, 5);
    assert.deepEqual(names(split.state.first.entries), ranked(people(9)).slice(0, 5));
    const quiet = world(all(9, (_, rank) => (rank < 2 ? { reveal: 'silent' } : {})));
    await quiet.run();
    assert.equal(quiet.state.ended?.size, 9);
    assert.equal(quiet.state.first, undefined);
  });

  it('takes as many as there are when the eligible are few, and does not escalate to the same ones', async () => {
    for (const count of [0, 1, 3, 5]) {
      const { run, sets } = world(all(count, () => ({ reveal: 'silent' })));
      assert.deepEqual(await run(), { size: count, entries: [] });
      assert.deepEqual([...sets.keys()], [count]);
    }
    assert.equal((await world(all(7, () => ({ reveal: 'silent' }))).run()).size, 7);
  });

  it('reveals the set that was stored first when a crash made the commit step run again', async () => {
    const fakes = world(all(5));
    const [row] = fakes.rows;
    assert.ok(row !== undefined);
    await fakes.handlers.commit(row);
    const first = fakes.sets.get(5);
    await fakes.handlers.commit(row);
    assert.equal(fakes.sets.get(5), first);
    fakes.rows.shift();
    assert.equal((await fakes.run()).entries.length, 5);
  });

  it('counts a member that left the register after its commitment as silent', async () => {
    const present = people(6);
    const fakes = world(all(6), present);
    const [row] = fakes.rows;
    assert.ok(row !== undefined);
    await fakes.handlers.commit(row);
    const gone = fakes.sets.get(5)?.evaluators[0];
    present.splice(present.indexOf(gone as Address), 1);
    fakes.rows.shift();
    const { entries } = await fakes.run();
    assert.deepEqual([entries.length, names(entries).includes(gone as Address)], [4, false]);
  });

  it('just ends a step whose examination is over', async () => {
    const fakes = world(all(5));
    fakes.state.over = true;
    for (const kind of ['commit', 'reveal'] as const) {
      const row = { key: `${kind}:5`, kind, payload: { receiptId: RECEIPT.id, size: 5 }, attempts: 0 };
      assert.equal(await fakes.handlers[kind](row), 'finished');
    }
    assert.deepEqual(fakes.asked, ['close commit:5', 'close reveal:5']);
  });

  it('fails, and so is tried again, when a reveal has no set', async () => {
    const fakes = world(all(5));
    await assert.rejects(
      fakes.handlers.reveal({
        key: 'reveal:9',
        kind: 'reveal',
        payload: { receiptId: RECEIPT.id, size: 9 },
        attempts: 0,
      }),
    );
  });
});
