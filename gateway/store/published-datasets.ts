import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { batchPartLine } from '../epoch/dataset.ts';
import type { BatchPart } from '../epoch/dataset.ts';
import type { DatasetFile, DatasetFiles, EpochLog } from '../epoch/ports.ts';
import type { Hex } from '../protocol/types.ts';

export type BatchDataset = {
  readonly dataHash: Hex;
  /** The lines, joined by line feeds without a last one: sha256 of it is `dataHash`. */
  readonly text: () => Readable;
};

/** What of datasets anybody may read. */
export type PublishedDatasets = {
  readonly epoch: (epoch: bigint) => Promise<DatasetFile | undefined>;
  readonly batch: (batchId: bigint, part: BatchPart) => Promise<BatchDataset | undefined>;
};

export type PublishedDeps = {
  readonly log: Pick<EpochLog, 'dataHash' | 'publishedBatch'>;
  readonly files: Pick<DatasetFiles, 'open'>;
};

export function createPublishedDatasets({ log, files }: PublishedDeps): PublishedDatasets {
  return {
    async epoch(epoch) {
      const dataHash = await log.dataHash(epoch);
      return dataHash === undefined ? undefined : files.open(dataHash);
    },
    async batch(batchId, part) {
      const published = await log.publishedBatch(batchId);
      const file = published === undefined ? undefined : await files.open(published.dataHash);
      if (published === undefined || file === undefined) return undefined;
      const { start, end, receiptsDataHash, recordsDataHash } = published;
      return {
        dataHash: part === 'receipts' ? receiptsDataHash : recordsDataHash,
        text: () => Readable.from(partText(file.packed({ start, end }), part), { objectMode: false }),
      };
    },
  };
}

async function* partText(packed: Readable, part: BatchPart): AsyncGenerator<string> {
  let first = true;
  for await (const line of linesOf(packed)) {
    yield `${first ? '' : '\n'}${batchPartLine(line, part)}`;
    first = false;
  }
}

/** Lines end in a line feed and in nothing else, whatever the text holds. */
async function* linesOf(packed: Readable): AsyncGenerator<string> {
  const text = packed.pipe(createGunzip()).setEncoding('utf8');
  packed.on('error', (error) => text.destroy(error));
  let rest = '';
  for await (const piece of text as AsyncIterable<string>) {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
