import { createReceiptLog } from '../../../../gateway/store/receipt-log.ts';
import { openStore } from '../../../../gateway/store/sqlite.ts';
import { CIPHER, receipt, served } from '../../../gateway/background.fixtures.ts';

/** Writes receipts as fast as it can and says which ones it was told are safe, until it is killed. */
const [file = ''] = process.argv.slice(2);
const store = await openStore(file);
const log = await createReceiptLog({ store, cipher: CIPHER, firstSerial: 0n });
const offset = Number(process.argv[3] ?? 0);

async function write(lane: number): Promise<never> {
  for (let n = 0; ; n += 1) {
    const number = offset + 8 * n + lane;
    await log.reserve(receipt(number).id);
    const { serial } = await log.commit(served(number));
    process.stdout.write(`${number} ${serial}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => write(lane)));
