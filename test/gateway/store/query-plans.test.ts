import assert from 'node:assert/strict';

import { createPruner } from '../../../gateway/store/prune.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Statement, Store } from '../../../gateway/store/store.ts';
import { storedSerials } from '../../../gateway/store/batch-log.ts';
import { createSpendingLog } from '../../../gateway/store/spending-log.ts';
import { answerTo, attest, hash, served } from '../background.fixtures.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { openLogs, standing } from './world.fixtures.ts';

/** Tables with a row for each receipt, answer, batch or attestation: what reads one of them whole gets slower every day. */
const GROWING = /^SCAN (?:receipts|contents|answers|batches|records|examinations|outbox|votes|later|all)\b/;
/** `max` of an indexed column, or the first rows in the order of an index, read no more than they need. */
const isBounded = (step: string): boolean => !GROWING.test(step) || /USING (?:COVERING )?INDEX/.test(step);

describe('query plans', () => {
  let store: Store;
  const asked = new Map<string, Statement>();
  /** A store that remembers what it was asked. */
  const noting = (): Store => {
    const note = (query: Statement): void => void asked.set(query.sql, query);
    return {
      ...store,
      write: (statements, durability) => (statements.forEach(note), store.write(statements, durability)),
      read: (query) => (note(query), store.read(query)),
    };
  };
  before(async () => {
    store = await openStore(':memory:');
  });
  after(() => store.close());

  async function unbounded(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { sql, params } of asked.values()) {
      const plan = await store.read(statement<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params));
      found.push(...plan.filter(({ detail }) => !isBounded(detail)).map(({ detail }) => `${detail}: ${sql}`));
    }
    return found;
  }

  it('read no growing table whole, from a start through the life of a batch until it is pruned', async () => {
    const watched = noting();
    const logs = await openLogs(watched);
    assert.equal(await storedSerials(watched), 0n);
    await createSpendingLog(watched).totals(3);
    await logs.receipts.reserve(served(0).receipt.id);
    await logs.receipts.commit(served(0));
    await logs.attestation.save(attest(1n, [answerTo(0)]));
    await logs.close();
    await logs.serve(1);
    await logs.outbox.due(5, 10);
    await logs.anchored(0n);
    const [first] = await logs.anchor.receipts(0n);
    assert.ok(first !== undefined);
    await logs.seeded(0n, [{ receiptId: first.receipt.id, receiptLeaf: first.leaf, proof: [], replayed: false }]);
    await logs.examination.examination(first.receipt.id);
    await logs.record(0n);
    await logs.anchor.recorded('records:0', standing(0n));
    await logs.anchor.settle(standing(0n), 1);
    await logs.anchor.settle(standing(0n), 2);
    await logs.anchor.unsettled(10);
    await logs.receipts.find(first.receipt.id);
    await logs.passed.lostBefore(7n);
    await logs.facts(3n);
    await createPruner({
      ...{ store: watched, retainEpochs: 2, retainDatasets: 2, nowMs: () => 0 },
      files: { list: () => Promise.resolve([hash(1)]), remove: () => Promise.resolve() },
    }).prune();
    assert.ok(asked.size > 40, `${asked.size} statements`);
    assert.deepEqual(await unbounded(), []);
  });

  it('are found to read a table whole when they do', async () => {
    asked.clear();
    await noting().read(statement("SELECT id FROM receipts WHERE decision = 'x'"));
    assert.equal((await unbounded()).length, 1);
  });
});
