import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Gzip } from 'node:zlib';

import type { DatasetFile, DatasetFiles, DatasetWriter } from '../epoch/ports.ts';
import type { Hex } from '../protocol/types.ts';

const ENDING = '.jsonl.gz';
/** What a process that died left behind goes by this ending, and goes at the next start. */
const UNFINISHED = '.unfinished';
const NAME = /^([0-9a-f]{64})\.jsonl\.gz$/;

/** Datasets as files of one folder, each named by the sha256 of its text, in gzip parts one after the other. */
export async function createDatasetFiles(folder: string): Promise<DatasetFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (name.endsWith(UNFINISHED)) await rm(join(folder, name));
  }
  let written = 0;
  const pathOf = (dataHash: Hex): string => join(folder, `${dataHash.slice(2)}${ENDING}`);
  return {
    async create() {
      written += 1;
      return createWriter(folder, join(folder, `${written}${UNFINISHED}`), pathOf);
    },
    open: (dataHash) => openFile(pathOf(dataHash), dataHash),
    remove: (dataHash) => rm(pathOf(dataHash), { force: true }),
    async list() {
      const names = await readdir(folder);
      return names.flatMap((name): Hex[] => {
        const digest = NAME.exec(name)?.[1];
        return digest === undefined ? [] : [`0x${digest}`];
      });
    },
  };
}

async function openFile(path: string, dataHash: Hex): Promise<DatasetFile | undefined> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  return {
    dataHash,
    bytes: found.size,
    packed: (range) => createReadStream(path, range === undefined ? {} : { start: range.start, end: range.end - 1 }),
  };
}

async function createWriter(folder: string, path: string, pathOf: (dataHash: Hex) => string): Promise<DatasetWriter> {
  const file = await open(path, 'w', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  let part: Part | undefined;
  const endPart = async (): Promise<void> => {
    if (part === undefined) return;
    const ended = part;
    part = undefined;
    ended.gzip.end();
    size += await ended.written;
  };
  return {
    async write(text) {
      hash.update(text);
      part ??= startPart(file);
      if (!part.gzip.write(text)) await Promise.race([once(part.gzip, 'drain'), part.written]);
    },
    async cut() {
      await endPart();
      return size;
    },
    async end() {
      await endPart();
      await file.sync();
      await file.close();
      const dataHash: Hex = `0x${hash.digest('hex')}`;
      await rename(path, pathOf(dataHash));
      await syncFolder(folder);
      return dataHash;
    },
    async discard() {
      part?.gzip.destroy();
      await part?.written.catch(() => undefined);
      await file.close();
      await rm(path, { force: true });
    },
  };
}

type Part = {
  readonly gzip: Gzip;
  /** Bytes of the part, once it is in the file. */ readonly written: Promise<number>;
};

function startPart(file: FileHandle): Part {
  const gzip = createGzip();
  const written = (async () => {
    let bytes = 0;
    await pipeline(gzip, async (packed: AsyncIterable<Buffer>) => {
      for await (const piece of packed) {
        await file.writeFile(piece);
        bytes += piece.length;
      }
    });
    return bytes;
  })();
  written.catch(() => undefined); // whoever writes or ends the part is told
  return { gzip, written };
}

/** A rename is safe only once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
