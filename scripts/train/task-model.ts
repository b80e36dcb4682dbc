import { CUE_SHARE, standardised } from '../../gateway/route/task-model.ts';
import type { TaskModelFile } from '../../gateway/route/task-model.ts';
import { BUCKETS } from '../../gateway/route/text/features.ts';
import { CUE_GROUPS, markCues } from '../../gateway/route/text/cues.ts';
import { instructionOf } from '../../gateway/route/text/instruction.ts';
import { SURFACE_FEATURES } from '../../gateway/route/text/surface.ts';
import { mean } from '../lib/statistics.ts';
import { seededRandom, shuffled } from './random.ts';
import type { Random } from './random.ts';
import { fitRidge } from './ridge.ts';
import { designOf, readCorpus } from './sparse.ts';
import type { Corpus, Design } from './sparse.ts';

/** What a row teaches: its class, its complexity, or both; nothing where undefined. */
export type TaskLabel = {
  readonly class: number | undefined;
  /** 0…1 */
  readonly complexity: number | undefined;
};

export type TaskLabels = {
  /** The family of each class, by position in `FAMILIES`. */
  readonly classes: readonly number[];
  readonly labels: readonly TaskLabel[];
};

export type TaskSettings = {
  readonly epochs: number;
  readonly rate: number;
  /** Share of steps that do without the whole text, so that the instruction learns to speak for itself. */
  readonly headOnly: number;
  /** Share of a text's n-grams that a step does without, so that no single one carries the decision. */
  readonly dropped: number;
  readonly seed: number;
};
export const TASK_SETTINGS: TaskSettings = { epochs: 10, rate: 0.1, headOnly: 0.2, dropped: 0.5, seed: 1 };

/** A part of the features with its weights, one row of outputs per column, and how far each has moved already. */
type Part = {
  readonly design: Design;
  /** Outputs: one per class, and the complexity. */
  readonly width: number;
  readonly weights: Float64Array;
  readonly paces: Float64Array;
  /** What of a row the step at hand looks at: places in the design. */
  readonly seen: Int32Array;
  size: number;
  scale: number;
};

const partOf = (design: Design, columns: number, width: number): Part => ({
  design,
  width,
  weights: new Float64Array(columns * width),
  paces: new Float64Array(columns * width),
  seen: new Int32Array(columns),
  size: 0,
  scale: 1,
});

/** Chooses what of a row is looked at; what is left counts for what is not. */
function look(part: Part, index: number, dropped: number, random: Random): void {
  const end = part.design.starts[index + 1] ?? 0;
  part.size = 0;
  part.scale = 1 / (1 - dropped);
  for (let at = part.design.starts[index] ?? 0; at < end; at += 1) {
    if (dropped > 0 && random() < dropped) continue;
    part.seen[part.size] = at;
    part.size += 1;
  }
}

/** Texts in whole, and what `instructionOf` leaves of them, in the same order. */
export type TaskCorpus = {
  readonly whole: Corpus;
  readonly instruction: Corpus;
  /** One row of marks per text. */
  readonly cues: Float64Array;
};

export function readTaskCorpus(texts: readonly string[]): TaskCorpus {
  const instructions = texts.map(instructionOf);
  const cues = new Float64Array(texts.length * CUE_GROUPS.length);
  instructions.forEach((text, row) =>
    markCues(text.toLowerCase(), cues.subarray(row * CUE_GROUPS.length, (row + 1) * CUE_GROUPS.length)),
  );
  return { whole: readCorpus(texts), instruction: readCorpus(instructions), cues };
}

/** Surface, cues and a one for the bias. */
const DENSE = SURFACE_FEATURES.length + CUE_GROUPS.length + 1;

/**
 * Multinomial logistic regression for the family, by stochastic gradients with a pace per weight (AdaGrad, Duchi et al.
 * 2011) that do without half of the n-grams each (Srivastava et al. 2014), and ridge regression for the complexity. Rare
 * classes count more per row, by the root of how rare they are.
 */
export function fitTaskModel(
  corpus: TaskCorpus,
  rows: readonly number[],
  { classes, labels }: TaskLabels,
  settings: TaskSettings = TASK_SETTINGS,
): TaskModelFile {
  const width = classes.length + 1;
  const ones = new Float32Array(BUCKETS).fill(1);
  const spread = spreadOf(corpus.whole, rows);
  const whole = partOf(designOf(corpus.whole, rows, ones), BUCKETS, width);
  const instruction = partOf(designOf(corpus.instruction, rows, ones), BUCKETS, width);
  const dense = partOf(denseDesign(corpus, rows, spread), DENSE, width);
  const worth = worthOf(rows, labels, classes.length);
  const random = seededRandom(settings.seed);
  const errors = new Float64Array(width);
  const visit = (index: number): void => {
    const label = labels[rows[index] ?? 0];
    if (label?.class === undefined) return;
    const parts = random() < settings.headOnly ? [instruction, dense] : [whole, instruction, dense];
    errors.fill(0);
    for (const part of parts) look(part, index, part === dense ? 0 : settings.dropped, random);
    for (const part of parts) addOutputs(part, errors);
    toErrors(errors, label.class, worth[label.class] ?? 1);
    for (const part of parts) moveWeights(part, errors, settings.rate);
  };
  const order = rows.map((_, index) => index);
  for (let epoch = 0; epoch < settings.epochs; epoch += 1) shuffled(order, random).forEach(visit);
  learnComplexity({ whole, instruction, dense }, rows, labels);
  return { classes, ...toFile({ whole, instruction, dense }, spread) };
}

function denseDesign({ whole, cues }: TaskCorpus, rows: readonly number[], { mean, deviation }: Spread): Design {
  const width = SURFACE_FEATURES.length;
  const starts = Int32Array.from({ length: rows.length + 1 }, (_, index) => index * DENSE);
  const columns = Int32Array.from({ length: rows.length * DENSE }, (_, at) => at % DENSE);
  const values = Float64Array.from(columns, (column, at) => {
    const row = rows[Math.floor(at / DENSE)] ?? 0;
    if (column === DENSE - 1) return 1;
    if (column >= width) return CUE_SHARE * (cues[row * CUE_GROUPS.length + column - width] ?? 0);
    return standardised(whole.surface[row * width + column] ?? 0, mean[column] ?? 0, deviation[column] ?? 1);
  });
  return { starts, columns, values };
}

function addOutputs({ design, width, weights, seen, size, scale }: Part, outputs: Float64Array): void {
  for (let one = 0; one < size; one += 1) {
    const at = seen[one] ?? 0;
    const value = scale * (design.values[at] ?? 0);
    const row = (design.columns[at] ?? 0) * width;
    for (let output = 0; output < width; output += 1)
      outputs[output] = (outputs[output] ?? 0) + value * (weights[row + output] ?? 0);
  }
}

function moveWeights(
  { design, width, weights, paces, seen, size, scale }: Part,
  errors: Float64Array,
  rate: number,
): void {
  for (let one = 0; one < size; one += 1) {
    const at = seen[one] ?? 0;
    const value = scale * (design.values[at] ?? 0);
    const row = (design.columns[at] ?? 0) * width;
    for (let output = 0; output < width; output += 1) {
      const gradient = (errors[output] ?? 0) * value;
      const squares = (paces[row + output] ?? 0) + gradient * gradient + 1e-12;
      paces[row + output] = squares;
      weights[row + output] = (weights[row + output] ?? 0) - (rate * gradient) / Math.sqrt(squares);
    }
  }
}

/** From outputs to gradients of the loss by output; the complexity is learnt apart. */
function toErrors(outputs: Float64Array, right: number, worth: number): void {
  const logits = outputs.subarray(0, -1);
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  logits.forEach((logit, at) => (logits[at] = worth * (Math.exp(logit - most) / total - (at === right ? 1 : 0))));
  outputs[outputs.length - 1] = 0;
}

function worthOf(rows: readonly number[], labels: readonly TaskLabel[], classes: number): number[] {
  const counts = Array.from({ length: classes }, (_, at) => rows.filter((row) => labels[row]?.class === at).length);
  const usual = rows.length / classes;
  return counts.map((count) => Math.min(3, Math.sqrt(usual / Math.max(1, count))));
}

type Spread = { readonly mean: number[]; readonly deviation: number[] };

/** A count that is the same everywhere is kept from a division by nothing; rounding must not make it nothing again. */
const LEAST_DEVIATION = 1e-3;

function spreadOf(corpus: Corpus, rows: readonly number[]): Spread {
  const width = SURFACE_FEATURES.length;
  const average = (at: number, of: (value: number) => number): number =>
    rows.reduce((sum, row) => sum + of(corpus.surface[row * width + at] ?? 0), 0) / Math.max(1, rows.length);
  const mean = SURFACE_FEATURES.map((_, at) => average(at, (value) => value));
  const deviation = SURFACE_FEATURES.map((_, at) =>
    Math.max(LEAST_DEVIATION, Math.sqrt(average(at, (value) => (value - (mean[at] ?? 0)) ** 2))),
  );
  return { mean, deviation };
}

const DIGITS = 1e5;
const rounded = (value: number): number => Math.round(value * DIGITS) / DIGITS;

/** How much a weight must explain to be worth having. */
const PENALTY = 3;

/** Complexity is a number, not a choice: a ridge regression on the whole text knows it best. */
function learnComplexity({ whole, dense }: Parts, rows: readonly number[], labels: readonly TaskLabel[]): void {
  const known = rows.flatMap((row, index) => (labels[row]?.complexity === undefined ? [] : [index]));
  const values = known.map((index) => labels[rows[index] ?? 0]?.complexity ?? 0);
  const usual = mean(values);
  const targets = Float64Array.from(values, (value) => value - usual);
  const weights = fitRidge(rowsOf(whole.design, known), targets, 1, PENALTY);
  const output = whole.width - 1;
  weights.forEach((weight, bucket) => (whole.weights[bucket * whole.width + output] = weight));
  dense.weights[(DENSE - 1) * dense.width + output] = usual;
}

function rowsOf({ starts, columns, values }: Design, rows: readonly number[]): Design {
  const kept = rows.flatMap((row) =>
    Array.from({ length: (starts[row + 1] ?? 0) - (starts[row] ?? 0) }, (_, at) => (starts[row] ?? 0) + at),
  );
  const ends = new Int32Array(rows.length + 1);
  rows.forEach((row, index) => (ends[index + 1] = (ends[index] ?? 0) + (starts[row + 1] ?? 0) - (starts[row] ?? 0)));
  return {
    starts: ends,
    columns: Int32Array.from(kept, (at) => columns[at] ?? 0),
    values: Float64Array.from(kept, (at) => values[at] ?? 0),
  };
}

type Parts = { readonly whole: Part; readonly instruction: Part; readonly dense: Part };

function toFile({ whole, instruction, dense }: Parts, { mean, deviation }: Spread): Omit<TaskModelFile, 'classes'> {
  const [text, head] = [inBytes(whole), inBytes(instruction)];
  const denseRow = (row: number): number[] =>
    Array.from(dense.weights.subarray(row * dense.width, (row + 1) * dense.width), rounded);
  return {
    version: 2,
    bias: denseRow(DENSE - 1),
    scales: text.scales,
    instructionScales: head.scales,
    surface: {
      mean: mean.map(rounded),
      deviation: deviation.map(rounded),
      weights: SURFACE_FEATURES.map((_, at) => denseRow(at)),
    },
    cues: CUE_GROUPS.map((_, group) => denseRow(SURFACE_FEATURES.length + group)),
    weights: text.bytes,
    instruction: head.bytes,
  };
}

/** A few weights are far larger than all others; steps are sized for the others. */
const CLIPPED = 0.0005;

function inBytes({ weights, width }: Part): { readonly scales: number[]; readonly bytes: string } {
  const scales = Array.from({ length: width }, (_, output) => {
    const sizes = Float64Array.from({ length: BUCKETS }, (_row, row) => Math.abs(weights[row * width + output] ?? 0));
    return Math.max(1e-9, sizes.sort()[Math.floor((1 - CLIPPED) * BUCKETS)] ?? 0) / 127;
  });
  const bytes = Int8Array.from(weights, (value, at) =>
    Math.max(-127, Math.min(127, Math.round(value / (scales[at % width] ?? 1)))),
  );
  return {
    scales: scales.map((scale) => Number(scale.toPrecision(6))),
    bytes: Buffer.from(bytes.buffer).toString('base64'),
  };
}
