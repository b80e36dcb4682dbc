import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { CommandError, Exit, UsageError, describeError } from '../lib/command.ts';
import { NotFound } from '../lib/sources.ts';
import { wrong } from './wrong.ts';

/**
 * The lines of a dataset, from a file or an address, packed or not, one at a time. What is held is one line and one
 * piece of the stream; a file that unpacks to no end is read to no end, but never kept.
 */
export type TextLines = {
  readonly lines: () => AsyncIterable<string>;
  /** sha256 of all the text that was read. */
  readonly digest: () => string;
};

/** The longest line, an epoch's first, names everybody in office: a hundred thousand accounts take 5 MB. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const SILENCE_MS = 60_000;
const GZIP = Buffer.from([0x1f, 0x8b]);

export async function openText(source: string): Promise<TextLines> {
  const raw = /^https?:\/\//.test(source) ? await openUrl(source) : openFile(source);
  const hash = createHash('sha256');
  return { lines: () => linesOf(unpacked(raw, source), hash), digest: () => `0x${hash.digest('hex')}` };
}

/** A text that is there already. */
export function textLines(text: string): TextLines {
  const hash = createHash('sha256');
  return { lines: () => linesOf(Readable.from([Buffer.from(text)]), hash), digest: () => `0x${hash.digest('hex')}` };
}

function openFile(file: string): AsyncIterable<Buffer> {
  return (async function* () {
    try {
      yield* createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>;
    } catch {
      throw new UsageError(`cannot read ${file}`);
    }
  })();
}

async function openUrl(url: string): Promise<AsyncIterable<Buffer>> {
  const stopping = new AbortController();
  const unreachable = (error: unknown): CommandError => {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : describeError(error);
    return new CommandError(`${url} does not answer: ${reason}`, Exit.unavailable);
  };
  let timer = setTimeout(() => stopping.abort(), SILENCE_MS);
  const response = await fetch(url, { signal: stopping.signal }).catch((error: unknown) => {
    clearTimeout(timer);
    throw unreachable(error);
  });
  if (response.ok && response.body !== null) {
    const { body } = response;
    return (async function* () {
      try {
        for await (const piece of body as AsyncIterable<Uint8Array>) {
          clearTimeout(timer);
          timer = setTimeout(() => stopping.abort(), SILENCE_MS);
          yield Buffer.from(piece);
        }
      } catch (error) {
        throw unreachable(error);
      } finally {
        clearTimeout(timer);
      }
    })();
  }
  clearTimeout(timer);
  await response.body?.cancel();
  if (response.status === 404) throw new NotFound(`${url} does not exist`);
  throw new CommandError(`${url} answered ${response.status}`, Exit.unavailable);
}

/** gzip is told by its first two bytes, as no text of ours begins. */
async function* unpacked(raw: AsyncIterable<Buffer>, source: string): AsyncGenerator<Buffer> {
  const pieces = raw[Symbol.asyncIterator]();
  const first = await pieces.next();
  if (first.done === true) return;
  const all = (async function* () {
    yield first.value;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  })();
  if (!first.value.subarray(0, 2).equals(GZIP)) {
    yield* all;
    return;
  }
  const gunzip = createGunzip();
  const input = Readable.from(all).on('error', (error) => gunzip.destroy(error));
  try {
    yield* input.pipe(gunzip) as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${source} is damaged or cut short: ${describeError(error)}`);
  } finally {
    input.destroy();
  }
}

async function* linesOf(pieces: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let line = 1;
  let rest: Buffer[] = [];
  let held = 0;
  const take = (end: Buffer): string => {
    const bytes = rest.length === 0 ? end : Buffer.concat([...rest, end]);
    [rest, held] = [[], 0];
    try {
      return decoder.decode(bytes);
    } catch {
      return wrong({ line, field: '' }, 'is not UTF-8 text');
    }
  };
  for await (const piece of pieces) {
    hash.update(piece);
    let from = 0;
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, from)) {
      yield take(piece.subarray(from, end));
      from = end + 1;
      line += 1;
    }
    if (from === piece.length) continue;
    rest.push(piece.subarray(from));
    held += piece.length - from;
    if (held > MAX_LINE_BYTES) wrong({ line, field: '' }, `is longer than ${MAX_LINE_BYTES} bytes`);
  }
  if (held > 0 || line === 1) wrong({ line, field: '' }, 'the text does not end in a line feed');
}
