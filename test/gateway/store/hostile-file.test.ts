import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { DgridError } from '../../../gateway/errors.ts';
import { createOutboxLog } from '../../../gateway/store/outbox-log.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { statement } from '../../../gateway/store/store.ts';
import { receipt, served } from '../background.fixtures.ts';
import { runs } from '../../deep.ts';
import { openLogs } from './world.fixtures.ts';

const RECEIPTS = 20;

describe('a store file', () => {
  let folder: string;
  let file: string;
  let sound: Buffer;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-hostile-'));
    file = join(folder, 'gateway.db');
    const store = await openStore(file);
    const logs = await openLogs(store);
    for (let serial = 0; serial < RECEIPTS; serial += 1) await logs.serve(serial);
    await logs.close();
    await store.close();
    sound = readFileSync(file);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** @returns what was wrong with it, if anything was. */
  async function use(bytes: Buffer): Promise<string | undefined> {
    rmSync(folder, { recursive: true, force: true });
    folder = mkdtempSync(join(tmpdir(), 'dgrid-hostile-'));
    file = join(folder, 'gateway.db');
    writeFileSync(file, bytes);
    try {
      const store = await openStore(file);
      try {
        const logs = await openLogs(store);
        await createOutboxLog(store).due(10, 10);
        for (let serial = 0; serial < RECEIPTS; serial += 1) await logs.receipts.find(receipt(serial).id);
        await logs.receipts.commit(served(RECEIPTS));
      } finally {
        await store.close();
      }
      return undefined;
    } catch (error) {
      assert.ok(error instanceof Error);
      return error instanceof DgridError ? error.code : error.message.replace(file, 'FILE');
    }
  }

  it('says what is wrong with it wherever it is cut, and opens when it is whole', async () => {
    assert.equal(await use(sound), undefined);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: sound.length - 1 }), async (length) => {
        assert.match(
          (await use(sound.subarray(0, length))) ?? 'opened',
          /^store FILE(: the file)? is (damaged|no database)/,
        );
      }),
      { seed: 6, numRuns: runs(12, 400) },
    );
  }).timeout(runs(20_000, 600_000));

  it('ends in an error with a name, or works on, wherever bytes of it were overwritten', async () => {
    const damage = fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 600 }));
    await fc.assert(
      fc.asyncProperty(damage, async ([place, bytes]) => {
        const changed = Buffer.from(sound);
        changed.set(bytes.subarray(0, Math.max(0, changed.length - (place % changed.length))), place % changed.length);
        // SQLite knows damage of its own structure; in a value, whoever reads the value meets it, or nobody can tell.
        assert.match((await use(changed)) ?? 'opened', /^(opened$|store FILE|DGRID_STORE_|.+ in JSON at position )/);
      }),
      { seed: 6, numRuns: runs(20, 600) },
    );
  }).timeout(runs(20_000, 900_000));

  it('is flushed before a write that must survive a loss of power is called safe, and only then', async () => {
    rmSync(file, { force: true });
    const store = await openStore(file);
    // SQLite flushes its log at each commit in mode 2 (FULL), and at none in mode 1.
    const mode = async () =>
      (await store.read(statement<{ synchronous: bigint }>('PRAGMA synchronous')))[0]?.synchronous;
    const row = (id: string) => [statement('INSERT INTO reservations VALUES (?, ?, ?)', id, 'k', 1)];
    for (const [place, [durability, due]] of (
      [
        ['process', 1n],
        ['disk', 2n],
        ['process', 1n],
        ['disk', 2n],
      ] as const
    ).entries()) {
      await store.write(row(`${durability} ${due} ${place}`), durability);
      assert.equal(await mode(), due, durability);
    }
    await Promise.all([
      store.write(row('a'), 'process'),
      store.write(row('b'), 'disk'),
      store.write(row('c'), 'process'),
    ]);
    assert.equal(await mode(), 2n, 'a group in which one waits for the disk');
    await store.close();
  });
});
