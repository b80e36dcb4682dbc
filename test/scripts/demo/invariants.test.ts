import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { ChainFacts } from '../../../scripts/demo/chain-facts.ts';
import { parseDataset } from '../../../scripts/demo/dataset.ts';
import { checkInvariants } from '../../../scripts/demo/invariants.ts';
import type { InvariantInput } from '../../../scripts/demo/invariants.ts';
import { awaitLateReceipts, missingIds } from '../../../scripts/demo/late-receipts.ts';
import type { ReceiptView } from '../../../scripts/demo/late-receipts.ts';
import type { Supervisor } from '../../../scripts/demo/supervisor.ts';
import { createLate, createWorld } from './world.ts';

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

  it('rejects claims beyond their pool though the sum is right, and claims that the balance does not show', () => {
    assert.deepEqual(
      withFacts(({ epochs }) => ({ epochs: epochs.map((info) => ({ ...info, pools: [699n, 201n, 100n] })) })),
      ['claims ≤ pools'],
    );
    assert.deepEqual(
      withFacts(({ claims }) => ({ claims: claims.slice(1) })),
      ['reserve is covered'],
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

  describe('receipts', () => {
    const { input } = createWorld();
    const { id, view, batch } = createLate();
    const facts = { ...input.facts, batches: [...input.facts.batches, batch] };
    const last = input.sent[0];
    assert.ok(last?.ok);
    const sent = [...input.sent, { ...last, receiptId: id }];
    const found = new Map([[id, view]]);

    it('returns that an answer is anchored in the epoch after when its receipt leads there', () => {
      const checks = checkInvariants({ ...input, sent, facts, late: found });
      const receipts = checks.find(({ name }) => name === 'receipts');
      assert.deepEqual(receipts, {
        name: 'receipts',
        ok: true,
        detail: '3 of 3 answers have a receipt of their own on chain, 1 of them anchored in the epoch after',
      });
      assert.deepEqual(
        checks.filter(({ ok }) => !ok),
        [],
      );
    });

    it('rejects an answer whose receipt is nowhere, whatever else is anchored later', () => {
      assert.deepEqual(failed({ ...input, sent }), ['receipts']);
      assert.deepEqual(failed({ ...input, sent, facts }), ['receipts']);
      assert.deepEqual(failed({ ...input, sent, late: found }), ['receipts']);
      assert.deepEqual(failed({ ...input, sent: [{ ...last, receiptId: undefined }], facts }), ['receipts']);
    });

    const wrong: readonly (readonly [string, ReceiptView])[] = [
      ['is only served', { ...view, state: 'served' }],
      ['names no batch', { state: view.state, receipt: view.receipt }],
      ['names a batch of the datasets', { ...view, batch: { id: '1', proof: [] } }],
      ['has another proof', { ...view, batch: { id: '2', proof: [] } }],
      ['is about another answer', { ...view, receipt: { ...view.receipt, id: `0x${'99'.repeat(32)}` } }],
      ['was changed', { ...view, receipt: { ...view.receipt, totalMs: 8 } }],
    ];
    for (const [what, changed] of wrong) {
      it(`rejects a late receipt that ${what}`, () => {
        assert.deepEqual(failed({ ...input, sent, facts, late: new Map([[id, changed]]) }), ['receipts']);
      });
    }

    it('rejects two answers with one receipt', () => {
      assert.deepEqual(failed({ ...input, sent: [last, last] }), ['receipts']);
    });
  });
});

describe('demo/late-receipts', () => {
  const { id, view } = createLate();
  const served = { state: 'served', receipt: view.receipt };
  const supervisor: Supervisor = {
    start: () => assert.fail('nothing is started'),
    signal: new AbortController().signal,
    stop: () => Promise.resolve(),
    async until(what, probe, deadlineMs) {
      assert.ok(deadlineMs > 0);
      for (let turn = 0; turn < 3; turn += 1) if (await probe(AbortSignal.timeout(5_000))) return;
      throw new Error(`${what} did not come`);
    },
  };

  async function lookUp(answers: readonly object[]): Promise<{ readonly found: object; readonly keys: unknown[] }> {
    const keys: unknown[] = [];
    const server = createServer((request, response) => {
      assert.equal(request.url, `/v1/receipts/${id}`);
      response.end(JSON.stringify(answers[Math.min(keys.length, answers.length - 1)]));
      keys.push(request.headers.authorization);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const input = { gatewayUrl: `http://127.0.0.1:${port}`, apiKey: 'key', ids: [id] };
    const found = await awaitLateReceipts(supervisor, input);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    return { found, keys };
  }

  it('returns a receipt as soon as it is anchored, asked for with the key', async () => {
    const { found, keys } = await lookUp([served, view]);
    assert.deepEqual(found, new Map([[id, view]]));
    assert.deepEqual(keys, ['Bearer key', 'Bearer key']);
  });

  it('returns without a receipt that is not anchored in time', async () => {
    assert.deepEqual((await lookUp([served])).found, new Map());
  });

  it('returns the receipts that callers got and no dataset lists', () => {
    const { input } = createWorld();
    const [first] = input.sent;
    assert.ok(first);
    const sent = [...input.sent, { ...first, receiptId: id }, { ...first, ok: false, receiptId: 'refused' }];
    assert.deepEqual(missingIds(sent, input.datasets), [id]);
  });
});
