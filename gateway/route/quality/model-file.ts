import { decodeBytes } from '../text/base64.ts';
import { BUCKETS } from '../text/features.ts';
import { SURFACE_FEATURES } from '../text/surface.ts';
import type { Forest } from './forest.ts';
import type { QualityModel } from './predictor.ts';

/** More models than anybody routes between; it also bounds what a file makes us hold: 32 MB of weights. */
const MOST_MODELS = 256;
/** Goes up when the features of a text change: weights of other features would be nonsense. */
export const QUALITY_VERSION = 2;

/** A trained predictor as scripts/train-routing.ts writes it: numbers as they are, arrays as base64 of little-endian bytes. */
export const QUALITY_ARRAYS = ['idf', 'weights', 'roots', 'feature', 'threshold', 'next', 'leaves'] as const;
type ArrayName = (typeof QUALITY_ARRAYS)[number];

type Fields = Readonly<Record<string, unknown>>;

/** @throws RangeError that says what is wrong: a predictor that misses a part would route in silence by nonsense. */
export function parseQualityModel(text: string): QualityModel {
  const file = objectOf(JSON.parse(text));
  if (file['version'] !== QUALITY_VERSION)
    throw new RangeError(`version is ${JSON.stringify(file['version'])}, not ${QUALITY_VERSION}`);
  const models = namesOf(file['models']);
  const model: QualityModel = {
    models,
    means: sharesOf(file, 'means', models.length),
    idf: new Float32Array(bytesOf(file, 'idf', 4)),
    weights: new Float32Array(bytesOf(file, 'weights', 4)),
    forest: forestOf(file),
    forestShare: shareOf(file['forestShare'], 'forestShare'),
    trust: shareOf(file['trust'], 'trust'),
  };
  requireLength('idf', model.idf.length, BUCKETS);
  requireLength('weights', model.weights.length, BUCKETS * models.length);
  requireFinite({ ...model, ...model.forest });
  requireForest(model.forest, models.length);
  return model;
}

function objectOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RangeError('not an object');
  return value as Fields;
}

function namesOf(value: unknown): readonly string[] {
  const isName = (name: unknown): name is string => typeof name === 'string' && name !== '';
  if (!Array.isArray(value) || !value.every(isName)) throw new RangeError('models is not a list of ids');
  if (value.length === 0 || value.length > MOST_MODELS)
    throw new RangeError(`models has ${value.length} entries, not 1 to ${MOST_MODELS}`);
  if (new Set(value).size !== value.length) throw new RangeError('models names one of them twice');
  return value;
}

function shareOf(value: unknown, name: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1))
    throw new RangeError(`${name} is ${JSON.stringify(value)}, not a number from 0 to 1`);
  return value;
}

function sharesOf(file: Fields, name: string, length: number): Float64Array {
  const value = file[name];
  if (!Array.isArray(value)) throw new RangeError(`${name} is not a list`);
  requireLength(name, value.length, length);
  return Float64Array.from(value, (share, index) => shareOf(share, `${name}[${index}]`));
}

function bytesOf(file: Fields, name: ArrayName, size: number): ArrayBuffer {
  const text = file[name];
  if (typeof text !== 'string') throw new RangeError(`${name} is not base64`);
  const bytes = decodeBytes(text);
  if (bytes.length % size !== 0) throw new RangeError(`${name} is cut: ${bytes.length} bytes`);
  return bytes.buffer as ArrayBuffer;
}

const forestOf = (file: Fields): Forest => ({
  roots: new Int32Array(bytesOf(file, 'roots', 4)),
  feature: new Int16Array(bytesOf(file, 'feature', 2)),
  threshold: new Float32Array(bytesOf(file, 'threshold', 4)),
  next: new Int32Array(bytesOf(file, 'next', 4)),
  leaves: new Float32Array(bytesOf(file, 'leaves', 4)),
});

function requireLength(name: string, found: number, wanted: number): void {
  if (found !== wanted) throw new RangeError(`${name} has ${found} numbers, not ${wanted}`);
}

function requireFinite(arrays: Readonly<Partial<Record<ArrayName, unknown>>>): void {
  for (const name of QUALITY_ARRAYS) {
    const array = arrays[name];
    if (array instanceof Float32Array && !array.every(Number.isFinite))
      throw new RangeError(`${name} has a number that is not finite`);
  }
}

/** Children come after their parents, so that every walk ends, and in a leaf that exists. */
function requireForest({ roots, feature, threshold, next, leaves }: Forest, models: number): void {
  const size = feature.length;
  requireLength('threshold', threshold.length, size);
  requireLength('next', next.length, size);
  if (leaves.length % models !== 0) throw new RangeError(`leaves has ${leaves.length} numbers for ${models} models`);
  if (!roots.every((root) => root >= 0 && root < size)) throw new RangeError('roots points outside the forest');
  const width = models + SURFACE_FEATURES.length;
  const isWhole = (at: number, child = 0): boolean => {
    const split = feature[at] ?? -1;
    if (split === -1) return child >= 0 && child < leaves.length / models;
    return split >= 0 && split < width && child > at && child + 1 < size;
  };
  const broken = next.findIndex((child, at) => !isWhole(at, child));
  if (broken !== -1) throw new RangeError(`node ${broken} of the forest leads nowhere`);
}
