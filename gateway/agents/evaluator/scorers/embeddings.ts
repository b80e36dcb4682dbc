import { toBps } from '../../../poq/dimensions/bps.ts';
import { independentVotes } from '../../../poq/dimensions/consistency.ts';
import { readAnswer, readRequest } from '../../../poq/dimensions/request-view.ts';
import { readTask } from '../../../poq/dimensions/task.ts';
import type { Task } from '../../../poq/dimensions/task.ts';
import { blend } from './model-server.ts';
import type { Evaluand, Scorer } from './scorer.ts';
import { scorerId, sourcesOf } from './scorer-id.ts';
import type { Opinion } from './second-opinion.ts';
import { cosine } from './vectors.ts';
import type { Embedder, Vector } from './vectors.ts';

/**
 * Hears, beside the base scorer, how near in meaning an answer is to other operators' answers, to the evaluator's own
 * second opinion, and to the passage it is about. Words alone cannot see that "automobile" is a car.
 */
export type EmbeddingsOptions = {
  readonly embed: Embedder;
  /** Stands in the id. */
  readonly modelName: string;
  readonly base: Scorer;
  /** Absent: the evaluator has no second opinion. */
  readonly opinion?: Opinion;
  /** Called when there were no usable vectors; the base scorer's accuracy then stands alone. */
  readonly onSilent: (reason: unknown) => void;
};

/** Largest share of nearness in the accuracy; reached with four halves of a voice, and in proportion below. */
const SHARE_BPS = 2_500;
const FULL_HALVES = 4;
/** Of another operator, of the second opinion, and of the passage when the answer should be a summary of it. */
const VOICE_HALVES = 2;
/** Of a passage that the answer only draws on: a short right answer is never near all of its text. */
const PASSAGE_HALVES = 1;
/** About the 512 tokens that common embedding models read. */
const MAX_TEXT = 2_000;
const WINDOW = 600;
const MAX_WINDOWS = 8;

/**
 * Texts about nothing that they share. Models differ in how near they call any two texts; how near they call these to
 * each other is a model's zero, which no answer can move.
 */
const UNRELATED = [
  'The harbour wall was painted green again after the storm.',
  'Please return library books to the desk before noon on Thursday.',
  'Seven musicians practised an old march behind the bakery.',
];
/** Above it, a model tells texts apart too little to be heard. */
const MOST_ZERO = 0.98;

/** Texts that say the same thing once, with their voice in halves, and how nearness to them is put together. */
type Voice = { readonly halves: number; readonly texts: readonly string[]; readonly of: 'nearest' | 'mean' };

export function createEmbeddingsScorer(options: EmbeddingsOptions): Scorer {
  const { base, modelName } = options;
  return {
    id: scorerId(
      'dgrid.embeddings',
      { model: modelName, share: SHARE_BPS, opinion: options.opinion !== undefined, base: base.id },
      sourcesOf(new URL('./', import.meta.url)),
    ),
    async score(evaluand) {
      const [scores, nearness] = await Promise.all([base.score(evaluand), nearnessOf(options, evaluand)]);
      if (nearness === undefined) return scores;
      const share = Math.floor((SHARE_BPS * Math.min(nearness.halves, FULL_HALVES)) / FULL_HALVES);
      return { ...scores, accuracy: blend(share, nearness.bps, scores.accuracy) };
    },
  };
}

type Nearness = { readonly bps: number; readonly halves: number };

async function nearnessOf(options: EmbeddingsOptions, evaluand: Evaluand): Promise<Nearness | undefined> {
  const task = readTask(readRequest(evaluand.request));
  const answer = clip(readAnswer(evaluand.response));
  if (isDefinite(task) || answer === '') return undefined;
  const voices = voicesOf(task, evaluand, await options.opinion?.(evaluand));
  if (voices.length === 0) return undefined;
  try {
    return await measure(options, answer, voices);
  } catch (error) {
    options.onSilent(error);
    return undefined;
  }
}

/** "40" and "41", or two labels, are neighbours for any model; such answers are compared exactly or not at all. */
function isDefinite(task: Task): boolean {
  return task.options.length > 0 || task.wantsNumber || task.wantsJson;
}

function voicesOf(task: Task, { peers }: Evaluand, opinion: string | undefined): Voice[] {
  const others = independentVotes(peers).map((group): Voice => {
    return { halves: VOICE_HALVES, texts: group.map(({ response }) => clip(readAnswer(response))), of: 'mean' };
  });
  const passage: Voice = {
    halves: task.wantsSummary ? VOICE_HALVES : PASSAGE_HALVES,
    texts: windows(task.passage ?? ''),
    of: task.wantsSummary ? 'mean' : 'nearest',
  };
  return [...others, { halves: VOICE_HALVES, texts: [clip(opinion ?? '')], of: 'mean' as const }, passage]
    .map((voice) => ({ ...voice, texts: voice.texts.filter((text) => text !== '') }))
    .filter(({ texts }) => texts.length > 0);
}

async function measure(options: EmbeddingsOptions, answer: string, voices: readonly Voice[]): Promise<Nearness> {
  const texts = [...new Set([answer, ...UNRELATED, ...voices.flatMap((voice) => voice.texts)])];
  const vectors = await options.embed(texts);
  const vectorOf = new Map(texts.map((text, index): [string, Vector | undefined] => [text, vectors[index]]));
  const nearness = (one: string, other: string): number[] => cosine(vectorOf.get(one), vectorOf.get(other));
  const zero = Math.max(0, mean(pairs(UNRELATED).flatMap(([one, other]) => nearness(one, other))));
  if (zero > MOST_ZERO) throw new Error('model calls everything alike');
  const heard = voices.flatMap(({ halves, of, texts: said }) => {
    const values = said.flatMap((text) => nearness(answer, text));
    if (values.length === 0) return [];
    return [{ halves, value: of === 'mean' ? mean(values) : Math.max(...values) }];
  });
  const halves = heard.reduce((sum, voice) => sum + voice.halves, 0);
  if (halves === 0) throw new Error('model found no direction in the texts');
  const value = heard.reduce((sum, voice) => sum + voice.halves * voice.value, 0) / halves;
  return { bps: toBps((value - zero) / (1 - zero)), halves };
}

function pairs(texts: readonly string[]): [string, string][] {
  return texts.flatMap((one, index) => texts.slice(index + 1).map((other): [string, string] => [one, other]));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clip(text: string): string {
  return text.slice(0, MAX_TEXT).toWellFormed().trim();
}

function windows(passage: string): string[] {
  const count = Math.min(MAX_WINDOWS, Math.ceil(passage.length / WINDOW));
  return Array.from({ length: count }, (_, index) => clip(passage.slice(index * WINDOW, (index + 1) * WINDOW)));
}
