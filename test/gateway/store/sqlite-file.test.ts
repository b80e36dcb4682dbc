import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';

import { DgridError } from '../../../gateway/errors.ts';
import { encodeStruct } from '../../../gateway/protocol/struct-json.ts';
import { migrationsFor } from '../../../gateway/store/migrations.ts';
import { createOutboxLog } from '../../../gateway/store/outbox-log.ts';
import { createReceiptLog } from '../../../gateway/store/receipt-log.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';
import { CIPHER, NODE, answerTo, attest, receipt, served } from '../background.fixtures.ts';
import { openLogs } from './world.fixtures.ts';

const OPENER = fileURLToPath(new URL('./open-store.ts', import.meta.url));
const NOBODY = 65_534;
const PAGE_BYTES = 4_096;

describe('store file that cannot be used', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-faults-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const at = (name: string): string => join(folder, name);
  const logOf = (store: Store) => createReceiptLog({ store, cipher: CIPHER, firstSerial: 0n });

  /** A closed store with `count` receipts. */
  async function filled(name: string, count: number): Promise<string> {
    const store = await openStore(at(name));
    const log = await logOf(store);
    await Promise.all(Array.from({ length: count }, (_, serial) => log.commit(served(serial))));
    await store.close();
    return at(name);
  }
  const refusal = async (file: string): Promise<string> => {
    const outcome = await openStore(file).then(
      (store) => store.close().then(() => 'opened'),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return outcome.replace(file, 'FILE');
  };

  it('refuses every write once the disk is full, with the code that callers retry on, and loses nothing', async () => {
    const store = await openStore(at('full.db'), { maxPages: 120 });
    const log = await logOf(store);
    const safe: number[] = [];
    let refused: unknown;
    for (let serial = 0; refused === undefined && serial < 10_000; serial += 1) {
      await log.commit(served(serial)).then(
        () => safe.push(serial),
        (error: unknown) => (refused = error),
      );
    }
    assert.ok(refused instanceof DgridError);
    assert.equal(refused.code, 'DGRID_STORE_UNAVAILABLE');
    assert.match(refused.message, /the disk is full/);
    assert.ok(safe.length > 20);
    // Reading goes on, and every receipt that was called safe is there, also after a restart with room again.
    assert.equal((await log.find(receipt(0).id))?.state, 'served');
    await store.close();
    const roomier = await openStore(at('full.db'));
    const again = await logOf(roomier);
    for (const serial of safe) assert.ok((await again.find(receipt(serial).id)) !== undefined, `receipt ${serial}`);
    await again.commit(served(20_000));
    await roomier.close();
  });

  it('tells every caller of a group that none of its writes stands when the disk is full', async () => {
    const store = await openStore(at('group.db'), { maxPages: 120 });
    const big = 'x'.repeat(PAGE_BYTES);
    const writes = Array.from({ length: 300 }, (_, index) =>
      store.write([
        statement('INSERT INTO reservations (id, key_hash, reserved_at_ms) VALUES (?, ?, 1)', `${index}`, big),
      ]),
    );
    const results = await Promise.allSettled(writes);
    const kept = await store.read(statement<{ id: string }>('SELECT id FROM reservations'));
    const ids = new Set(kept.map(({ id }) => id));
    results.forEach(({ status }, index) => assert.equal(ids.has(`${index}`), status === 'fulfilled', `${index}`));
    assert.ok(results.some(({ status }) => status === 'rejected'));
    await store.close();
  });

  it('is refused when it is cut short, or a page of it was overwritten', async () => {
    const cut = await filled('cut.db', 60);
    truncateSync(cut, 6 * PAGE_BYTES);
    assert.match(await refusal(cut), /^store FILE(: the file)? is damaged/);
    const flipped = await filled('flipped.db', 60);
    const bytes = readFileSync(flipped);
    bytes.fill(0xa5, 3 * PAGE_BYTES, 4 * PAGE_BYTES);
    writeFileSync(flipped, bytes);
    assert.match(await refusal(flipped), /^store FILE(: the file)? is damaged/);
  });

  it('is refused when it is the database of another program, which is left as it was', async () => {
    const other = new DatabaseSync(at('other.db'));
    other.exec('CREATE TABLE notes (text TEXT)');
    other.close();
    assert.equal(await refusal(at('other.db')), 'store FILE: the file is the database of another program');
    const marked = new DatabaseSync(at('marked.db'));
    marked.exec('PRAGMA application_id = 7; PRAGMA user_version = 1');
    marked.close();
    assert.equal(await refusal(at('marked.db')), 'store FILE: the file is the database of another program');
    const untouched = new DatabaseSync(at('other.db'));
    assert.deepEqual({ ...untouched.prepare('SELECT count(*) AS n FROM sqlite_schema').get() }, { n: 1 });
    untouched.close();
  });

  it('is refused when it may only be read', async () => {
    const file = await filled('read-only.db', 3);
    chmodSync(file, 0o444);
    chmodSync(folder, 0o555);
    // Nothing is read-only to root, so a process of somebody else opens it.
    const user = process.getuid?.() === 0 ? { uid: NOBODY } : {};
    const { stdout } = spawnSync(process.execPath, [OPENER, file], { ...user, encoding: 'utf8' });
    chmodSync(folder, 0o755);
    assert.equal(stdout.replace(file, 'FILE'), 'store FILE: the file is read-only');
  });

  it('is refused to a second process while the first lives', async () => {
    const store = await openStore(at('locked.db'));
    const { stdout } = spawnSync(process.execPath, [OPENER, at('locked.db')], { encoding: 'utf8' });
    assert.equal(stdout, `store ${at('locked.db')} is in use by another process`);
    await store.close();
  });

  it('is refused while another store has it open, and free once that one is closed', async () => {
    const store = await openStore(at('busy.db'));
    assert.equal(await refusal(at('busy.db')), 'store FILE is in use by another process');
    await store.close();
    assert.equal(await refusal(at('busy.db')), 'opened');
  });
});

describe('store file of an earlier version', () => {
  it('is brought up to the newest, with what it held', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dgrid-upgrade-'));
    const file = join(folder, 'gateway.db');
    try {
      const [first = ''] = migrationsFor('sqlite');
      const old = new DatabaseSync(file);
      old.exec(`${first}; PRAGMA user_version = 1;`);
      old.exec(`INSERT INTO outbox (key, kind, payload, next_at_ms) VALUES
        ('commit:0xaa:0', 'commit', '{"receiptId":"0xaa","size":0}', 5), ('anchor:7', 'anchor', '{"fromSerial":"7"}', 5);
        INSERT INTO records (receipt_id, batch, record, leaf, entries) VALUES ('0xaa', 7, '{"status":2}', '0x', '[]');`);
      old.close();
      const store = await openStore(file);
      assert.deepEqual(
        (await createOutboxLog(store).due(10, 10)).map(({ key, payload }) => [key, payload]),
        [
          ['anchor:7', { fromSerial: '7' }],
          ['commit:0xaa:0', { receiptId: '0xaa', size: 0 }],
        ],
      );
      const columns = statement<object>(
        'SELECT status, (SELECT receipt_id FROM outbox WHERE kind = ?) AS r FROM records',
        'commit',
      );
      assert.deepEqual({ ...(await store.read(columns))[0] }, { status: 2n, r: '0xaa' });
      await store.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('keeps the content of receipts and what nodes attested for them, batched and not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dgrid-upgrade-'));
    const file = join(folder, 'gateway.db');
    try {
      const old = new DatabaseSync(file);
      old.exec(`${migrationsFor('sqlite').slice(0, 5).join(';')}; PRAGMA user_version = 5;`);
      const { attestation, signature, answers } = attest(3n, [answerTo(0), answerTo(1)]);
      const signed = encodeStruct('nodeAttestation', attestation);
      for (const serial of [0, 1]) {
        const { answer, ...place } = answers[serial] ?? assert.fail();
        const said = { attestation: signed, signature, answer: encodeStruct('answer', answer), ...place };
        const receiptText = JSON.stringify(encodeStruct('receipt', receipt(serial)));
        old
          .prepare(
            `INSERT INTO receipts (serial, id, key_hash, node, model_id, served_at_ms, receipt, decision, salt, content, attestation, batch)
             VALUES (?, ?, 'k', ?, 'm', 1, ?, '{}', '0x00', ?, ?, ?)`,
          )
          .run(
            ...[serial, receipt(serial).id, NODE, receiptText, Buffer.from([serial])],
            ...(serial === 0 ? [JSON.stringify(said), 0] : [null, null]),
          );
      }
      const open = answers[1] ?? assert.fail();
      old
        .prepare('INSERT INTO answers (receipt_id, node, sequence, answer, leaf, proof) VALUES (?, ?, 3, ?, ?, ?)')
        .run(receipt(1).id, NODE, JSON.stringify(encodeStruct('answer', open.answer)), open.leaf, '[]');
      old.close();
      const store = await openStore(file);
      const logs = await openLogs(store);
      const found = await logs.receipts.find(receipt(0).id);
      assert.deepEqual(found?.attestation, { attestation, signature, ...answers[0] });
      assert.deepEqual(
        (await logs.batch.openReceipts(10)).map(({ receipt: { serial }, answer }) => [serial, answer]),
        [[1n, open.leaf]],
      );
      const contents = await store.read(
        statement<{ content: Uint8Array }>('SELECT content FROM contents ORDER BY serial'),
      );
      assert.deepEqual(
        contents.map(({ content }) => [...content]),
        [[0], [1]],
      );
      await store.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
