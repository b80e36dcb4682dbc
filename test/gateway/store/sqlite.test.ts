import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

import { migrationsFor } from '../../../gateway/store/migrations.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';

const reserve = (id: string, atMs: number | bigint = 1) =>
  statement('INSERT INTO reservations (id, key_hash, reserved_at_ms) VALUES (?, ?, ?)', id, 'k', atMs);

async function ids(store: Store): Promise<string[]> {
  const rows = await store.read(statement<{ id: string }>('SELECT id FROM reservations ORDER BY id'));
  return rows.map(({ id }) => id);
}

describe('store', () => {
  let store: Store;
  before(async () => {
    store = await openStore(':memory:');
  });
  beforeEach(() => store.write([statement('DELETE FROM reservations')]));
  after(() => store.close());

  it("writes none of a caller's statements when one fails, and all of its neighbours' in the same commit", async () => {
    const results = await Promise.allSettled([
      store.write([reserve('a1'), reserve('a2')]),
      store.write([reserve('b1'), reserve('a1'), reserve('b2')]), // a1 is taken
      store.write([reserve('c1'), statement('INSERT INTO nowhere VALUES (1)')]),
      store.write([reserve('d1')]),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await ids(store), ['a1', 'a2', 'd1']);
  });

  it('lets a caller use what a neighbour that failed had claimed before it', async () => {
    const failing = store.write([reserve('x'), statement('not sql')]);
    const winning = store.write([reserve('x')]);
    await assert.rejects(failing);
    await winning;
    assert.deepEqual(await ids(store), ['x']);
  });

  it('rejects a value that SQLite cannot hold and goes on serving', async () => {
    await assert.rejects(store.write([reserve('big', 2n ** 63n)]));
    await assert.rejects(store.write([statement('INSERT INTO reservations VALUES (?, ?, ?)', 'text', 'k', 'soon')]));
    await assert.rejects(store.read(statement('SELECT * FROM nowhere')));
    await store.write([reserve('max', 2n ** 63n - 1n)]);
    const [row] = await store.read(statement<{ reserved_at_ms: bigint }>('SELECT reserved_at_ms FROM reservations'));
    assert.equal(row?.reserved_at_ms, 2n ** 63n - 1n);
  });

  it('shows a read every write that was asked for before it, and none after', async () => {
    const [, seen, ,] = await Promise.all([
      store.write([reserve('one')]),
      ids(store),
      store.write([reserve('two')]),
      ids(store),
    ]);
    assert.deepEqual(seen, ['one']);
  });

  it("survives an INSERT OR ROLLBACK that ends the group's transaction, and tells every caller of the group", async () => {
    await store.write([reserve('taken')]);
    const results = await Promise.allSettled([
      store.write([reserve('before')]),
      store.write([statement("INSERT OR ROLLBACK INTO reservations VALUES ('taken', 'k', 1)")]),
      store.write([reserve('after')]),
    ]);
    const present = await ids(store);
    assert.equal(results[1].status, 'rejected');
    for (const [index, id] of [[0, 'before'] as const, [2, 'after'] as const]) {
      assert.equal(present.includes(id), results[index]?.status === 'fulfilled', id);
    }
    await store.write([reserve('later')]);
    assert.ok((await ids(store)).includes('later'));
  });

  it('writes in the order of asking, whatever each must survive', async () => {
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    await Promise.all([
      store.write([reserve('first')], 'process').then(note('first')),
      store.write([reserve('second')], 'disk').then(note('second')),
      store.write([statement("DELETE FROM reservations WHERE id = 'first'")], 'process').then(note('third')),
    ]);
    assert.deepEqual(order, ['first', 'second', 'third']);
    assert.deepEqual(await ids(store), ['second']);
  });

  it('writes nothing for an empty list', async () => {
    await store.write([]);
    assert.deepEqual(await ids(store), []);
  });
});

describe('store file', () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-store-'));
    file = join(folder, 'gateway.db');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps what was written, and refuses work once closed', async () => {
    const store = await openStore(file);
    const writes = [store.write([reserve('a')]), store.write([reserve('b')])];
    await Promise.all([...writes, store.close()]);
    await assert.rejects(store.write([reserve('c')]), /closed/);
    await assert.rejects(store.read(statement('SELECT 1')), /closed/);
    await store.close();

    const again = await openStore(file);
    assert.deepEqual(await ids(again), ['a', 'b']);
    const [version] = await again.read(statement<{ user_version: bigint }>('PRAGMA user_version'));
    assert.equal(version?.user_version, BigInt(migrationsFor('sqlite').length));
    await again.close();
  });

  it('keeps what survives the process when that is killed the moment it is told so', async () => {
    const killed = join(folder, 'killed.db');
    const program = fileURLToPath(new URL('./write-and-die.fixtures.ts', import.meta.url));
    const { signal } = spawnSync(process.execPath, [program, killed], { timeout: 60_000 });
    assert.equal(signal, 'SIGKILL');
    const store = await openStore(killed);
    assert.deepEqual(await ids(store), ['kept']);
    await store.close();
  });

  it('refuses a schema newer than it knows and leaves the file as it was', async () => {
    const newer = join(folder, 'newer.db');
    const database = new DatabaseSync(newer);
    database.exec('CREATE TABLE future (x); PRAGMA user_version = 99;');
    database.close();
    await assert.rejects(openStore(newer), /schema 99, newer than this program knows/);
    const untouched = new DatabaseSync(newer);
    assert.deepEqual(
      untouched
        .prepare('SELECT name FROM sqlite_master')
        .all()
        .map(({ name }) => name),
      ['future'],
    );
    untouched.close();
  });

  it('refuses what is no database and a folder that does not exist, naming the file', async () => {
    const garbage = join(folder, 'garbage.db');
    writeFileSync(garbage, 'this is not a database, whatever its name says'.repeat(100));
    await assert.rejects(openStore(garbage), (error: Error) =>
      error.message.startsWith(`store ${garbage} is no database`),
    );
    const nowhere = join(folder, 'missing', 'x.db');
    await assert.rejects(openStore(nowhere), (error: Error) =>
      error.message.startsWith(`store ${nowhere} cannot be opened`),
    );
  });
});
