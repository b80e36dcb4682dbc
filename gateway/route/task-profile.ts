import { FAMILIES } from '../protocol/constants.ts';
import type { FamilyName } from '../protocol/constants.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import type { JsonObject } from '../protocol/content.ts';

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
};

/** How far into the text is read, from either end: a 10 MB prompt costs no more than an 8 KB one. */
const WINDOW = 4_096;

type Cue = { readonly family: FamilyName; readonly pattern: RegExp; readonly weight: number };

// Surface cues, in English; each adds its weight once. Patterns are linear: no nested repetition.
const CUES: readonly Cue[] = [
  {
    family: 'code',
    pattern: /```|\bdef \w+\(|\bfunction \w+\(|\bclass \w+|#include|\bSELECT\b.{0,80}\bFROM\b/,
    weight: 4,
  },
  {
    family: 'code',
    pattern: /\b(python|javascript|typescript|java|rust|sql|regex|bash|compile|unit tests?|refactor|debug)\b/i,
    weight: 3,
  },
  {
    family: 'maths',
    pattern: /\b(how many|how much|calculate|compute|what is the (sum|total|product|difference))\b/i,
    weight: 2,
  },
  {
    family: 'maths',
    pattern: /\d+\s*[-+*/×÷^]\s*\d+|\b(equation|integral|derivative|solve for|percent(age)?|remainder)\b/i,
    weight: 3,
  },
  {
    family: 'reasoning',
    pattern: /\b(step by step|deduce|logic(al)?|puzzle|which of the following|therefore|premise|if and only if)\b/i,
    weight: 2,
  },
  {
    family: 'reading',
    pattern: /\b(passage|context|paragraph|article|according to (the )?(text|passage|context))\b\s*[:.,]?/i,
    weight: 3,
  },
  { family: 'reading', pattern: /\b(answer|question)\b.{0,60}\b(passage|text|context|above|below)\b/i, weight: 2 },
  {
    family: 'summary',
    pattern: /\b(summari[sz]e|summary|tl;?dr|abstract of|main points|key points|shorten)\b/i,
    weight: 5,
  },
  {
    family: 'extraction',
    pattern: /\b(extract|pull out|list all|find all|fill in the (schema|fields)|fields?:|as json with)\b/i,
    weight: 5,
  },
  {
    family: 'classification',
    pattern: /\b(classify|categori[sz]e|label|sentiment|spam|which (category|class|topic)|positive or negative)\b/i,
    weight: 5,
  },
  {
    family: 'translation',
    pattern:
      /\b(translate|translation|into (french|german|spanish|italian|chinese|japanese|english|portuguese|russian))\b/i,
    weight: 5,
  },
  {
    family: 'creative',
    pattern:
      /\b(poem|story|haiku|lyrics|slogan|novel|screenplay|imagine|write (me )?an? (short )?(tale|song|essay|letter))\b/i,
    weight: 4,
  },
  { family: 'knowledge', pattern: /^(who|what|when|where|which|in which|name the)\b/i, weight: 1 },
  {
    family: 'knowledge',
    pattern: /\b(capital of|invented|discovered|author of|year did|born in|founded)\b/i,
    weight: 2,
  },
  { family: 'chat', pattern: /^(hi|hello|hey|thanks|thank you|good (morning|evening)|how are you)\b/i, weight: 5 },
];

/** A pure function of the body. The caller may state the family with `task`; a trained model may take this one's place. */
export function profileTask(body: JsonObject): TaskProfile {
  const surface = readSurface(body);
  const stated = FAMILIES.findIndex((family) => family === body['task']);
  const family = stated === -1 ? guessFamily(surface, body) : stated;
  const promptTokens = Math.ceil(surface.characters / 4) + 3 * surface.turns;
  return {
    family,
    complexity: complexityOf(surface, family),
    promptTokens,
    expectedTokens: expectedTokens(body, family, promptTokens),
    needs: neededCapabilities(body, surface),
  };
}

type Surface = {
  /** Start and end of the last user message, with what stands before it in the same message. */
  readonly text: string;
  readonly characters: number;
  readonly turns: number;
  readonly hasImage: boolean;
};

function readSurface(body: JsonObject): Surface {
  const messages = Array.isArray(body['messages']) ? (body['messages'] as readonly JsonValue[]) : [];
  let characters = 0;
  let hasImage = false;
  let text = '';
  for (const message of messages) {
    const read = readMessage(message);
    characters += read.characters;
    hasImage ||= read.hasImage;
    if (read.role === 'user' || text === '') text = read.text;
  }
  return { text, characters, turns: messages.length, hasImage };
}

function readMessage(message: JsonValue): { role: string; text: string; characters: number; hasImage: boolean } {
  const entry =
    typeof message === 'object' && message !== null && !Array.isArray(message) ? (message as JsonObject) : {};
  const role = typeof entry['role'] === 'string' ? entry['role'] : '';
  const { content } = entry;
  if (typeof content === 'string') return { role, text: bounded(content), characters: content.length, hasImage: false };
  if (!Array.isArray(content)) return { role, text: '', characters: 0, hasImage: false };
  const parts = content as readonly JsonValue[];
  const texts = parts.flatMap((part) => {
    const value = typeof part === 'object' && part !== null && 'text' in part ? part.text : undefined;
    return typeof value === 'string' ? [value] : [];
  });
  const characters = texts.reduce((sum, value) => sum + value.length, 0);
  const hasImage = parts.some((part) => typeof part === 'object' && part !== null && 'image_url' in part);
  return { role, text: bounded(texts.map(bounded).join('\n')), characters, hasImage };
}

const bounded = (text: string): string =>
  text.length <= 2 * WINDOW ? text : `${text.slice(0, WINDOW)}\n${text.slice(-WINDOW)}`;

function guessFamily(surface: Surface, body: JsonObject): number {
  const scores = new Map<FamilyName, number>();
  for (const { family, pattern, weight } of CUES) {
    if (pattern.test(surface.text)) scores.set(family, (scores.get(family) ?? 0) + weight);
  }
  if (wantsSchema(body)) scores.set('extraction', (scores.get('extraction') ?? 0) + 3);
  let best: FamilyName = surface.text.length < 400 ? 'chat' : 'other';
  let bestScore = 0;
  for (const family of FAMILIES) {
    const score = scores.get(family) ?? 0;
    if (score > bestScore) [best, bestScore] = [family, score];
  }
  return FAMILIES.indexOf(best);
}

function wantsSchema(body: JsonObject): boolean {
  const format = body['response_format'];
  return typeof format === 'object' && format !== null && 'type' in format && format.type === 'json_schema';
}

const BASE_COMPLEXITY: Record<FamilyName, number> = {
  chat: 1_000,
  code: 5_500,
  maths: 5_000,
  reasoning: 6_000,
  reading: 3_000,
  knowledge: 3_000,
  summary: 3_500,
  extraction: 3_000,
  classification: 2_000,
  translation: 3_500,
  creative: 4_000,
  other: 4_000,
};

function complexityOf(surface: Surface, family: number): number {
  const name = FAMILIES[family] ?? 'other';
  const numbers = Math.min(surface.text.match(/\d+(?:[.,]\d+)?/g)?.length ?? 0, 12);
  const clauses = Math.min(surface.text.match(/[,;:?]|\b(?:and|then|if|because|but)\b/gi)?.length ?? 0, 40);
  const length = Math.min(Math.floor(Math.log2(1 + surface.characters / 64) * 250), 2_500);
  const arithmetic = name === 'maths' || name === 'reasoning' ? 150 * numbers : 0;
  return Math.min(10_000, Math.floor(BASE_COMPLEXITY[name] / 2) + length + arithmetic + 40 * clauses);
}

function expectedTokens(body: JsonObject, family: number, promptTokens: number): number {
  const name = FAMILIES[family] ?? 'other';
  const long = name === 'code' || name === 'creative';
  const guess = name === 'translation' ? promptTokens : long ? 600 : name === 'classification' ? 16 : 200;
  const cap = body['max_completion_tokens'] ?? body['max_tokens'];
  return typeof cap === 'number' && cap > 0 ? Math.min(Math.ceil(cap), guess) : Math.min(guess, 4_096);
}

function neededCapabilities(body: JsonObject, surface: Surface): string[] {
  const needs: string[] = [];
  const format = body['response_format'];
  const type = typeof format === 'object' && format !== null && 'type' in format ? format.type : undefined;
  if (type === 'json_schema' || type === 'json_object') needs.push('json');
  if (Array.isArray(body['tools']) && body['tools'].length > 0) needs.push('tools');
  if (surface.hasImage) needs.push('vision');
  return needs;
}
