import type { JsonValue } from '../protocol/canonical-json.ts';
import type { EmbeddingContent, JsonObject } from '../protocol/content.ts';
import { UpstreamFailure } from './failure.ts';
import { isObject, parsed, textOf } from './json.ts';
import { readUsage } from './usage.ts';
import type { ClaimedUsage } from './usage.ts';

const malformed = (said: string): UpstreamFailure => new UpstreamFailure('malformed', { said });

/**
 * @param inputs how many vectors were asked for: exactly as many must come.
 * @throws UpstreamFailure unless every input has one vector of finite numbers, all of one length.
 */
export function parseEmbeddingAnswer(
  text: string,
  inputs: number,
): { readonly content: EmbeddingContent; readonly usage: ClaimedUsage | undefined; readonly body: JsonObject } {
  const body = parsed(text);
  if (!isObject(body)) throw malformed('an answer that is not a JSON object');
  refuseError(body['error']);
  const { data } = body;
  const model = textOf(body['model']) ?? '';
  if (!Array.isArray(data) || data.length !== inputs) throw malformed('not one vector for each input');
  const vectors = data.map(readVector).toSorted((a, b) => a.index - b.index);
  if (vectors.some(({ index }, place) => index !== place)) throw malformed('vectors that are not numbered from 0 on');
  const width = vectors[0]?.embedding.length;
  if (vectors.some(({ embedding }) => embedding.length !== width)) throw malformed('vectors of different lengths');
  return {
    content: { model, data: vectors },
    usage: readUsage(body),
    body: { object: 'list', model },
  };
}

function refuseError(error: JsonValue | undefined): void {
  if (error === undefined || error === null) return;
  const said = (isObject(error) ? textOf(error['message']) : undefined) ?? 'an error with status 200';
  throw new UpstreamFailure('in_band_error', { said });
}

function readVector(entry: JsonValue, place: number): EmbeddingContent['data'][number] {
  if (!isObject(entry)) throw malformed('a vector that is not an object');
  const { index = place, embedding } = entry;
  if (typeof index !== 'number') throw malformed('a vector without a usable index');
  const numbers = typeof embedding === 'string' ? fromBase64(embedding) : embedding;
  if (!Array.isArray(numbers) || numbers.length === 0 || !numbers.every(isFinite32))
    throw malformed('a vector that is not a list of finite numbers');
  return { index, embedding: numbers.map(Math.fround) };
}

const isFinite32 = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(Math.fround(value));

/** Little-endian 32-bit floats, as OpenAI packs them. */
function fromBase64(text: string): readonly number[] {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0) throw malformed('a packed vector of broken length');
  return Array.from({ length: bytes.length / 4 }, (_, place) => bytes.readFloatLE(4 * place));
}
