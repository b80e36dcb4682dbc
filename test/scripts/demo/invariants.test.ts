import assert from 'node:assert/strict';

import type { ChainFacts } from '../../../scripts/demo/chain-facts.ts';
import { parseDataset } from '../../../scripts/demo/dataset.ts';
import { checkInvariants } from '../../../scripts/demo/invariants.ts';
import type { InvariantInput } from '../../../scripts/demo/invariants.ts';
import { createWorld } from './world.ts';

const failed = (input: InvariantInput): string[] =>
  checkInvariants(input)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

function withFacts(change: (facts: ChainFacts) => Partial<ChainFacts>): string[] {
  const { input } = createWorld();
  return failed({ ...input, facts: { ...input.facts, ...change(input.facts) } });
}

function withText(from: string, to: string): string[] {
  const { input, text } = createWorld();
  assert.ok(text.includes(from), from);
  return failed({ ...input, datasets: [parseDataset(text.replace(from, to))] });
}

describe('demo/invariants', () => {
  it('returns that everything holds in a world where it does', () => {
    const { input } = createWorld();
    const checks = checkInvariants(input);
    assert.deepEqual(
      checks.filter(({ ok }) => !ok),
      [],
    );
    assert.equal(checks.length, 7);
  });

  it('rejects a claim beyond the pool, and claims that differ from what was paid', () => {
    assert.deepEqual(
      withFacts(({ epochs }) => ({
        epochs: epochs.map((info) => ({ ...info, pools: [100n, 200n, 100n], returned: [-75n, 150n, 75n] })),
      })),
      ['claims ≤ pools'],
    );
    assert.deepEqual(
      withFacts(({ claims }) => ({ claims: claims.slice(1) })),
      ['claims ≤ pools'],
    );
  });

  it('rejects one wei too much or too little', () => {
    assert.deepEqual(
      withFacts(({ totalSupply }) => ({ totalSupply: totalSupply + 1n })),
      ['balances add up to the wei'],
    );
    assert.deepEqual(
      withFacts(({ burned }) => ({ burned: burned - 1n })),
      ['balances add up to the wei'],
    );
    assert.deepEqual(
      withFacts(({ distributor }) => ({ distributor: { ...distributor, reserve: distributor.reserve + 1n } })),
      ['reserve is covered'],
    );
  });

  it('rejects a changed byte in a receipt, a record, a gold, the table and a reward', () => {
    assert.deepEqual(withText('"totalMs":9', '"totalMs":8'), ['receipt and record roots', 'distributions']);
    assert.deepEqual(withText('"cost":9000', '"cost":9001'), ['receipt and record roots', 'distributions']);
    assert.deepEqual(withText('"index":0', '"index":1'), ['gold roots', 'distributions']);
    assert.deepEqual(withText('"value":1500', '"value":1501'), ['distributions']);
    assert.deepEqual(withText('"volume":"40"', '"volume":"41"'), ['distributions']);
  });

  it('rejects a change that only the hash of the whole dataset can see', () => {
    assert.deepEqual(withText('"used":null', '"used": null'), ['distributions']);
  });

  it('rejects a batch or golds on chain that the dataset keeps quiet about', () => {
    const word = `0x${'77'.repeat(32)}`;
    assert.deepEqual(
      withFacts(({ batches }) => ({
        batches: [...batches, { batchId: 2n, epoch: 0n, root: word, recordsRoot: word }],
      })),
      ['receipt and record roots'],
    );
    const { input } = createWorld();
    const withoutGolds = input.datasets.map((dataset) => ({ ...dataset, golds: [] }));
    assert.ok(failed({ ...input, datasets: withoutGolds }).includes('gold roots'));
  });

  it('rejects an answer without a receipt, unless later epochs may hold it', () => {
    const { input } = createWorld();
    const sent = input.sent.map((request) =>
      request.ok ? { ...request, receiptId: `0x${'99'.repeat(32)}` } : request,
    );
    assert.deepEqual(failed({ ...input, sent }), ['receipts']);
    const root = `0x${'77'.repeat(32)}`;
    const later = { batchId: 2n, epoch: 1n, root, recordsRoot: root };
    const facts = { ...input.facts, batches: [...input.facts.batches, later] };
    assert.deepEqual(failed({ ...input, sent, facts }), []);
  });
});
