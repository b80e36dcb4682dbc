import { FAMILIES } from '../protocol/constants.ts';
import { decodeBytes } from './text/base64.ts';
import { addRow, addRows, packRows } from './text/byte-rows.ts';
import type { ByteRows } from './text/byte-rows.ts';
import { BUCKETS, createFeatureReader } from './text/features.ts';
import type { TextFeatures } from './text/features.ts';
import { CUE_GROUPS, markCues } from './text/cues.ts';
import { instructionOf } from './text/instruction.ts';
import { damped } from './text/damped.ts';
import { SURFACE_FEATURES } from './text/surface.ts';

/** Weights as they are committed: 8-bit steps of a scale per output, 64 characters of base64 to 48 of them. */
export type TaskModelFile = {
  readonly version: number;
  /**
   * The family of each class: all families in their order, then those of sets of questions with a manner of their own,
   * which a linear model tells from each other better than it tells what they have in common.
   */
  readonly classes: readonly number[];
  readonly bias: readonly number[];
  readonly scales: readonly number[];
  readonly instructionScales: readonly number[];
  /** Base64 of `BUCKETS` rows of one signed byte per output (the classes, and the complexity): for the whole text, and for its instruction. */
  readonly weights: string;
  readonly instruction: string;
  readonly surface: {
    readonly mean: readonly number[];
    readonly deviation: readonly number[];
    /** One row per surface feature. */
    readonly weights: readonly (readonly number[])[];
  };
  /** One row per group of words that may stand in the instruction. */
  readonly cues: readonly (readonly number[])[];
};

export type TaskGuess = {
  /** One logit per family. */
  readonly logits: Float64Array;
  /** 0…1 */
  readonly complexity: number;
  /** Of the text, for whoever predicts more from them. */
  readonly features: TextFeatures;
  /** What is asked, as it was read: in small letters. */
  readonly instruction: string;
};

/** Beyond this many deviations a surface feature says no more. */
const FARTHEST = 3;
const SURFACE_SHARE = 0.3;
/** A word that names the work outweighs what the work is about. */
export const CUE_SHARE = 2;

/** Signed and clipped: one absurd count does not drown the words. */
export const standardised = (value: number, mean: number, deviation: number): number =>
  Math.max(-FARTHEST, Math.min(FARTHEST, (value - mean) / deviation)) * SURFACE_SHARE;

/** @returns a reader of texts; what it returns is valid until its next call. */
export function createTaskModel(file: TaskModelFile): (text: string) => TaskGuess {
  if (file.cues.length !== CUE_GROUPS.length)
    throw new RangeError(`the task model knows ${file.cues.length} groups of cues, not ${CUE_GROUPS.length}`);
  const outputs = file.classes.length + 1;
  const whole = weightsOf(file.weights, outputs);
  const instruction = weightsOf(file.instruction, outputs);
  const reader = createFeatureReader();
  const sums = new Float64Array(outputs);
  const part = new Float64Array(outputs);
  const cues = new Float64Array(CUE_GROUPS.length);
  const logits = new Float64Array(FAMILIES.length);
  return (text) => {
    sums.set(file.bias);
    const asked = instructionOf(text).toLowerCase();
    markCues(asked, cues);
    addCues(cues, file.cues, sums);
    addBuckets(reader.read(asked), instruction, part);
    addScaled(part, file.instructionScales, sums);
    const features = reader.read(text);
    addBuckets(features, whole, part);
    addScaled(part, file.scales, sums);
    addSurface(features.surface, file.surface, sums);
    joinClasses(sums, file.classes, logits);
    return { logits, complexity: sums[outputs - 1] ?? 0, features, instruction: asked };
  };
}

/** The chance of a family is that of all its classes. */
function joinClasses(sums: Float64Array, classes: readonly number[], logits: Float64Array): void {
  for (let family = 0; family < FAMILIES.length; family += 1) logits[family] = sums[family] ?? 0;
  for (let at = FAMILIES.length; at < classes.length; at += 1) {
    const family = classes[at] ?? 0;
    const [a, b] = [logits[family] ?? 0, sums[at] ?? 0];
    logits[family] = Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
  }
}

function weightsOf(text: string, outputs: number): ByteRows {
  const weights = new Int8Array(decodeBytes(text).buffer);
  if (weights.length === BUCKETS * outputs) return packRows(weights, outputs);
  throw new RangeError(`the task model has ${weights.length} weights, not ${BUCKETS * outputs}`);
}

function addCues(cues: Float64Array, weights: TaskModelFile['cues'], sums: Float64Array): void {
  for (let group = 0; group < CUE_GROUPS.length; group += 1) {
    if (cues[group] === 0) continue;
    const row = weights[group] ?? [];
    for (let output = 0; output < sums.length; output += 1)
      sums[output] = (sums[output] ?? 0) + CUE_SHARE * (row[output] ?? 0);
  }
}

function addScaled(part: Float64Array, scales: readonly number[], sums: Float64Array): void {
  for (let output = 0; output < sums.length; output += 1)
    sums[output] = (sums[output] ?? 0) + (part[output] ?? 0) * (scales[output] ?? 0);
}

/** Buckets that occur once, as most do. */
const once = new Int32Array(BUCKETS);

/** The hot loop: about a thousand buckets of twenty weights for two kilobytes of text. */
function addBuckets(features: TextFeatures, weights: ByteRows, sums: Float64Array): void {
  sums.fill(0);
  let squares = 0;
  let size = 0;
  for (let index = 0; index < features.size; index += 1) {
    const bucket = features.buckets[index] ?? 0;
    const value = damped(features.counts[index] ?? 0);
    squares += value * value;
    if (value === 1) once[size++] = bucket;
    else addRow(weights, bucket, value, sums);
  }
  addRows(weights, once, size, sums);
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
  for (let output = 0; output < sums.length; output += 1) sums[output] = (sums[output] ?? 0) * scale;
}

function addSurface(values: Float64Array, surface: TaskModelFile['surface'], sums: Float64Array): void {
  for (let at = 0; at < SURFACE_FEATURES.length; at += 1) {
    const value = standardised(values[at] ?? 0, surface.mean[at] ?? 0, surface.deviation[at] ?? 1);
    const row = surface.weights[at] ?? [];
    for (let output = 0; output < sums.length; output += 1)
      sums[output] = (sums[output] ?? 0) + value * (row[output] ?? 0);
  }
}
