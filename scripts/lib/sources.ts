import { readFileSync, statSync } from 'node:fs';

import { CommandError, Exit, UsageError, describeError } from './command.ts';
import { nameGivenTwice } from './json-twins.ts';

/** Text and JSON from a file or an http(s) address, as commands take them. */

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 256 * 1024 * 1024;

/** The address answers, but has nothing there. */
export class NotFound extends CommandError {}

export async function readText(source: string): Promise<string> {
  return /^https?:\/\//.test(source) ? await fetchText(source) : fileText(source);
}

export async function readJson(source: string): Promise<unknown> {
  const text = await readText(source);
  const value = parsed(source, text);
  const twin = nameGivenTwice(text);
  if (twin !== undefined) throw new CommandError(`${source} is ambiguous: one object has "${twin.slice(0, 80)}" twice`);
  return value;
}

function parsed(source: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(`${source} is not JSON`);
  }
}

function fileText(file: string): string {
  try {
    if (statSync(file).size <= MAX_BYTES) return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`cannot read ${file}`);
  }
  throw new CommandError(`${file} is too large`);
}

async function fetchText(url: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : describeError(error);
    throw new CommandError(`${url} does not answer: ${reason}`, Exit.unavailable);
  }
  if (response.status === 404) throw new NotFound(`${url} does not exist`);
  if (!response.ok) throw new CommandError(`${url} answered ${response.status}`, Exit.unavailable);
  return await bounded(url, response.body);
}

/** The length that was announced, or not, binds nobody. */
async function bounded(url: string, body: Response['body']): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw new CommandError(`${url} is too large`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Checks of untrusted JSON; every failure names the path of the value. */
export type Path = string;

export function objectAt(path: Path, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommandError(`${path}: an object is expected`);
  }
  return value as Readonly<Record<string, unknown>>;
}

export function arrayAt(path: Path, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new CommandError(`${path}: a list is expected`);
  return value;
}

/** Lower-case hex of exactly this many bytes. */
export function hexAt(path: Path, value: unknown, bytes: number): string {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]*$/.test(value) || value.length !== 2 + 2 * bytes) {
    throw new CommandError(`${path}: ${bytes} bytes of hex are expected`);
  }
  return value.toLowerCase();
}

/** A whole number of at most `bits` bits, as JSON number or decimal string. */
export function integerAt(path: Path, value: unknown, bits: number): bigint {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? value.toString() : value;
  if (typeof text !== 'string' || !/^(?:0|[1-9][0-9]{0,77})$/.test(text)) {
    throw new CommandError(`${path}: a whole number is expected`);
  }
  const integer = BigInt(text);
  if (integer >> BigInt(bits) !== 0n) throw new CommandError(`${path}: ${integer} does not fit ${bits} bits`);
  return integer;
}

export function textAt(path: Path, value: unknown): string {
  if (typeof value !== 'string') throw new CommandError(`${path}: a text is expected`);
  return value;
}
