import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

import { batchPartLine } from '../../../gateway/epoch/dataset.ts';
import type { PublishedBatch } from '../../../gateway/epoch/ports.ts';
import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import { sha256Hex } from '../../../gateway/protocol/content.ts';
import { createDatasetFiles } from '../../../gateway/store/dataset-files.ts';
import { createPublishedDatasets } from '../../../gateway/store/published-datasets.ts';
import { hash } from '../background.fixtures.ts';

/** Receipt lines of a made-up batch, with a separator in a text that some readers take for the end of a line. */
const linesOf = (batch: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    canonicalJson({
      type: 'receipt',
      receipt: { serial: `${batch}${index}`, note: 'one\u2028line' },
      signature: hash(index),
      record: { status: index },
      entries: [],
    }),
  );
const written = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe('dataset files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-datasets-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps a dataset under the digest of its text, in parts that can be unpacked one by one', async () => {
    const files = await createDatasetFiles(folder);
    const writer = await files.create();
    const pieces = ['head\n', written(linesOf(1, 3_000)), written(linesOf(2, 2)), 'tail\n'];
    const cuts: number[] = [];
    for (const piece of pieces) {
      await writer.write(piece);
      cuts.push(await writer.cut());
    }
    const dataHash = await writer.end();
    assert.equal(dataHash, sha256Hex(pieces.join('')));
    const path = join(folder, `${dataHash.slice(2)}.jsonl.gz`);
    assert.equal(gunzipSync(readFileSync(path)).toString(), pieces.join(''));
    const file = await files.open(dataHash);
    assert.ok(file !== undefined);
    assert.equal(file.bytes, cuts.at(-1));
    for (const [index, piece] of pieces.entries()) {
      const range = { start: cuts[index - 1] ?? 0, end: cuts[index] ?? 0 };
      const packed = Buffer.concat(await Array.fromAsync(file.packed(range) as AsyncIterable<Buffer>));
      assert.equal(gunzipSync(packed).toString(), piece);
    }
    assert.deepEqual(await files.list(), [dataHash]);
    await files.remove(dataHash);
    assert.equal(await files.open(dataHash), undefined);
    await files.remove(dataHash); // gone is gone
  });

  it('leaves no file of what was discarded, or of a process that died, and touches no other', async () => {
    const files = await createDatasetFiles(folder);
    const writer = await files.create();
    await writer.write('half');
    await writer.discard();
    assert.deepEqual(readdirSync(folder), []);
    const dying = await files.create();
    await dying.write('half');
    writeFileSync(join(folder, 'notes.txt'), 'somebody’s');
    await createDatasetFiles(folder);
    assert.deepEqual(readdirSync(folder), ['notes.txt']);
    await dying.discard();
    assert.ok(existsSync(join(folder, 'notes.txt')));
  });

  it('shows of each batch the lines whose digests are on chain, and nothing of what is not kept', async () => {
    const files = await createDatasetFiles(folder);
    const writer = await files.create();
    await writer.write('head\n');
    const start = await writer.cut();
    const lines = linesOf(7, 500);
    await writer.write(written(lines));
    const end = await writer.cut();
    const dataHash = await writer.end();
    const published: PublishedBatch = {
      batchId: 7n,
      start,
      end,
      dataHash,
      receiptsDataHash: hash(1),
      recordsDataHash: hash(2),
    };
    const datasets = createPublishedDatasets({
      log: {
        dataHash: (epoch) => Promise.resolve(epoch === 3n ? dataHash : undefined),
        publishedBatch: (id) => Promise.resolve(id === 7n ? published : undefined),
      },
      files,
    });
    for (const part of ['receipts', 'records'] as const) {
      const found = await datasets.batch(7n, part);
      assert.equal(found?.dataHash, part === 'receipts' ? hash(1) : hash(2));
      assert.equal(await text(found.text()), lines.map((line) => batchPartLine(line, part)).join('\n'));
    }
    assert.equal((await datasets.epoch(3n))?.dataHash, dataHash);
    await files.remove(dataHash);
    assert.deepEqual(
      [
        await datasets.epoch(3n),
        await datasets.epoch(4n),
        await datasets.batch(7n, 'records'),
        await datasets.batch(8n, 'receipts'),
      ],
      [undefined, undefined, undefined, undefined],
    );
  });
});
