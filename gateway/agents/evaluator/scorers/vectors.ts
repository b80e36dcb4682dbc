import { asArray, asRecord } from '../../../poq/dimensions/request-view.ts';
import type { JsonValue } from '../../../protocol/canonical-json.ts';
import { askModel } from './model-server.ts';
import type { ModelServer } from './model-server.ts';

export type Vector = readonly number[];
/** One vector per text, in order. */
export type Embedder = (texts: readonly string[]) => Promise<readonly Vector[]>;

/** Room for sixteen others, eight windows and our own texts at 4,096 dimensions of twenty digits. */
const MAX_BYTES = 4_194_304;
const MAX_DIMENSIONS = 16_384;

/** One vector per text, in order, all of one length, all finite; rejects anything else. */
export async function embed(server: ModelServer, texts: readonly string[]): Promise<Vector[]> {
  const body = { input: texts, encoding_format: 'float' };
  const answer = await askModel(server, { path: '/embeddings', body, maxBytes: MAX_BYTES });
  const data = asArray(asRecord(JSON.parse(answer) as JsonValue)['data']);
  if (data.length !== texts.length) throw new Error(`model gave ${data.length} vectors for ${texts.length} texts`);
  const placed = new Map(data.map((item, position) => [placeOf(item, position), vectorOf(item)]));
  const vectors = texts.map((_, index) => placed.get(index));
  const length = vectors[0]?.length;
  // A place given twice leaves another one empty.
  if (!vectors.every((vector): vector is Vector => vector !== undefined && vector.length === length))
    throw new Error('model gave vectors of several lengths, or two for one text');
  return vectors;
}

/** Servers may answer out of order and say so; one that gives no index answers in order. */
function placeOf(item: JsonValue, position: number): JsonValue {
  return asRecord(item)['index'] ?? position;
}

function vectorOf(item: JsonValue): Vector {
  const vector = asArray(asRecord(item)['embedding']);
  if (vector.length === 0 || vector.length > MAX_DIMENSIONS)
    throw new Error(`model gave a vector of ${vector.length} dimensions`);
  // JSON has no NaN, but servers write null for it, and 1e999 is read as infinite.
  if (!vector.every((value): value is number => typeof value === 'number' && Number.isFinite(value)))
    throw new Error('model gave a vector that holds something other than numbers');
  return vector;
}

/** The cosine as a list of one; empty for a vector without a direction, or too large to have a length. */
export function cosine(a: Vector = [], b: Vector = []): number[] {
  const lengths = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
  const value = dot(a, b) / lengths;
  return Number.isFinite(lengths) && Number.isFinite(value) ? [Math.min(1, Math.max(-1, value))] : [];
}

function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? Number.NaN), 0);
}
