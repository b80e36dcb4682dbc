import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { createReceiptLog } from '../../../gateway/store/receipt-log.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { statement } from '../../../gateway/store/store.ts';
import { CIPHER, receipt, served } from '../../gateway/background.fixtures.ts';

const WRITER = fileURLToPath(new URL('./support/store-writer.ts', import.meta.url));
const ROUNDS = 3;
/** Receipts of one round; their numbers never meet those of another. */
const ROOM = 10_000_000;

describe('store of a process that is killed', () => {
  let folder: string;
  let file: string;
  const children: ChildProcess[] = [];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-killed-'));
    file = join(folder, 'gateway.db');
  });
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Lets a writer run until it has said `lines` times that a receipt is safe, then kills it in the middle of its work. */
  async function writeAndKill(
    round: number,
    lines: number,
    whileRunning: () => Promise<void>,
  ): Promise<Map<number, bigint>> {
    const child = spawn(process.execPath, [WRITER, file, String(round * ROOM)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const exited = once(child, 'exit');
    const safe = new Map<number, bigint>();
    for await (const line of createInterface({ input: child.stdout })) {
      const [number, serial] = line.split(' ');
      safe.set(Number(number), BigInt(serial ?? -1));
      if (safe.size === 1) await whileRunning();
      if (safe.size === lines) child.kill('SIGKILL');
    }
    await exited;
    assert.equal(child.signalCode, 'SIGKILL');
    return safe;
  }

  it('is refused to a second process while the first lives, and holds every receipt that was called safe after', async function () {
    this.timeout(60_000); // four processes, one after the other
    const promised = new Map<number, bigint>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const refused = () => assert.rejects(openStore(file), { message: `store ${file} is in use by another process` });
      const safe = await writeAndKill(round, 200, round === 0 ? refused : () => Promise.resolve());
      for (const [number, serial] of safe) promised.set(number, serial);
    }

    const store = await openStore(file);
    const [integrity] = await store.read(statement<{ integrity_check: string }>('PRAGMA integrity_check'));
    assert.equal(integrity?.integrity_check, 'ok');
    const log = await createReceiptLog({ store, cipher: CIPHER, firstSerial: 0n });
    for (const [number, serial] of promised) {
      const found = await log.find(receipt(number).id);
      assert.deepEqual([found?.receipt.serial, found?.state], [serial, 'served']);
    }
    const rows = await store.read(
      statement<{ serial: bigint; content: Uint8Array }>('SELECT serial, content FROM contents'),
    );
    assert.ok(rows.length >= promised.size);
    for (const { content } of rows) assert.match(CIPHER.open(content), /^\d+ \{"q":/);
    // Nothing is left reserved, and the next serial is beyond every one that was ever written.
    assert.deepEqual(await store.read(statement<object>('SELECT * FROM reservations')), []);
    const highest = rows.reduce((most, { serial }) => (serial > most ? serial : most), 0n);
    assert.deepEqual(await log.commit(served(ROUNDS * ROOM)), { serial: highest + 1n });
    await store.close();
  });
});
