import { FAMILIES } from '../protocol/constants.ts';
import type { FamilyName } from '../protocol/constants.ts';
import type { JsonObject } from '../protocol/content.ts';
import weights from './model/task-model.json' with { type: 'json' };
import { createTaskModel } from './task-model.ts';
import { answerLengthOf } from './text/answer-length.ts';
import { languageOf } from './text/language.ts';
import { readTaskText } from './task-text.ts';
import type { TaskText } from './task-text.ts';
import type { TextFeatures } from './text/features.ts';

/** What kind of work a request is, as far as routing needs to know. All integers, so that it can be hashed. */
export type TaskProfile = {
  /** Position in `FAMILIES`. */
  readonly family: number;
  /** 0…10,000: how hard the request looks. */
  readonly complexity: number;
  readonly promptTokens: number;
  readonly expectedTokens: number;
  /** Capabilities a model must have, sorted. */
  readonly needs: readonly string[];
  /** What the request is written in (ISO 639-1), where that is plain: models that name their languages must name it. */
  readonly language?: string;
};

/** Trained by scripts/train-routing.ts; decoded once. */
const guessTask = createTaskModel(weights);

/** A pure function of the body. The caller may state the family with `task`. */
export const profileTask = (body: JsonObject): TaskProfile => readTask(body).profile;

/** The profile with what it was read from; the features are valid until the next text is read. */
export function readTask(body: JsonObject): { readonly profile: TaskProfile; readonly features: TextFeatures } {
  const surface = readTaskText(body);
  const { logits, complexity, features, instruction } = guessTask(surface.text);
  const stated = FAMILIES.findIndex((family) => family === body['task']);
  const family = stated === -1 ? likeliest(logits, surface, body) : stated;
  const promptTokens = Math.ceil(surface.characters / 4) + 3 * surface.turns;
  const language = languageOf(instruction);
  const profile = {
    family,
    complexity: complexityOf(complexity, family, surface, promptTokens),
    promptTokens,
    expectedTokens: expectedTokens(body, family, promptTokens, instruction),
    needs: neededCapabilities(body, surface),
    ...(language === undefined ? {} : { language }),
  };
  return { profile, features };
}

/** A form to fill in is not proof of extraction, but it makes it likelier. */
const SCHEMA_LOGIT = 1.5;

function likeliest(logits: Float64Array, surface: TaskText, body: JsonObject): number {
  if (surface.text.trim() === '') return FAMILIES.indexOf(surface.characters === 0 ? 'chat' : 'other');
  let best = 0;
  let most = -Infinity;
  for (let family = 0; family < FAMILIES.length; family += 1) {
    const bonus = FAMILIES[family] === 'extraction' && wantsSchema(body) ? SCHEMA_LOGIT : 0;
    const logit = (logits[family] ?? 0) + bonus;
    if (logit > most) [best, most] = [family, logit];
  }
  return best;
}

/** More than a model can be shown in training is more to keep in mind: each doubling beyond this adds a little. */
const USUAL_TOKENS = 500;

/** What the kind of work says, where no model has been tried on anything like the text. */
const USUAL_COMPLEXITY: Readonly<Record<FamilyName, number>> = {
  chat: 1_000,
  code: 5_000,
  maths: 4_000,
  reasoning: 5_500,
  reading: 3_000,
  knowledge: 3_500,
  summary: 3_500,
  extraction: 3_000,
  classification: 2_000,
  translation: 3_500,
  creative: 4_000,
  other: 3_500,
};

/** Where models have been tried on similar texts that says most; what is usual for the family steadies it elsewhere. */
const USUAL_SHARE = 0.2;

/** @param seen share of models expected to fail, as the task model says. */
export function complexityOfText(seen: number, family: number): number {
  const usual = USUAL_COMPLEXITY[FAMILIES[family] ?? 'other'];
  return USUAL_SHARE * usual + (1 - USUAL_SHARE) * 10_000 * Math.max(0, Math.min(1, seen));
}

function complexityOf(seen: number, family: number, { turns }: TaskText, promptTokens: number): number {
  const length = 300 * Math.max(0, Math.log2(promptTokens / USUAL_TOKENS));
  const history = 50 * Math.min(Math.max(0, turns - 1), 20);
  return Math.min(10_000, Math.round(complexityOfText(seen, family) + length + history));
}

function wantsSchema(body: JsonObject): boolean {
  const format = body['response_format'];
  return typeof format === 'object' && format !== null && 'type' in format && format.type === 'json_schema';
}

/** Length of a usual answer: so many tokens, and so many for each token of the prompt. */
const USUAL_ANSWER: Readonly<Record<FamilyName, readonly [fixed: number, perToken: number]>> = {
  chat: [80, 0],
  code: [600, 0],
  maths: [250, 0],
  reasoning: [300, 0],
  reading: [80, 0],
  knowledge: [200, 0],
  summary: [60, 0.15],
  extraction: [60, 0.3],
  classification: [16, 0],
  translation: [0, 1],
  creative: [600, 0],
  other: [40, 1],
};
/** Here "two lines" and "three apples" are part of the problem, and say nothing of its answer. */
const COUNTS_THINGS: ReadonlySet<FamilyName> = new Set(['maths', 'reasoning', 'reading', 'code', 'translation']);
const LONGEST_ANSWER = 8_192;

function expectedTokens(body: JsonObject, family: number, promptTokens: number, instruction: string): number {
  const name = FAMILIES[family] ?? 'other';
  const [fixed, perToken] = USUAL_ANSWER[name];
  const { tokens, factor } = answerLengthOf(instruction);
  const usual = Math.min(LONGEST_ANSWER, factor * (fixed + perToken * promptTokens));
  const guess = Math.max(1, Math.ceil(tokens === undefined || COUNTS_THINGS.has(name) ? usual : tokens));
  const cap = body['max_completion_tokens'] ?? body['max_tokens'];
  return typeof cap === 'number' && cap > 0 ? Math.min(Math.ceil(cap), guess) : guess;
}

function neededCapabilities(body: JsonObject, surface: TaskText): string[] {
  const needs: string[] = [];
  const format = body['response_format'];
  const type = typeof format === 'object' && format !== null && 'type' in format ? format.type : undefined;
  if (type === 'json_schema' || type === 'json_object') needs.push('json');
  if (Array.isArray(body['tools']) && body['tools'].length > 0) needs.push('tools');
  if (surface.hasImage) needs.push('vision');
  return needs;
}
