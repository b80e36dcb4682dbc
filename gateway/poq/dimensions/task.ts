import type { JsonValue } from '../../protocol/canonical-json.ts';
import { plainExpression } from './arithmetic.ts';
import { asRecord } from './request-view.ts';
import type { RequestView } from './request-view.ts';
import { contentTokens, stem } from './text.ts';
import { numbersIn } from './verifiable.ts';

/** What a prompt asks for, as far as its wording shows it. Only what is plain is taken; the rest stays open. */
export type Task = {
  readonly prompt: string;
  /** The text that the request brings along, if there is one, and everything around it. */
  readonly passage: string | undefined;
  readonly instruction: string;
  /** Labels to choose from. */
  readonly options: readonly string[];
  readonly wantsJson: boolean;
  /** The schema that the answer must meet, as the request gives it. */
  readonly schema: JsonValue | undefined;
  readonly wantsSummary: boolean;
  readonly wantsNumber: boolean;
  /** Whether that number is to be worked out of numbers in the prompt, and not known. */
  readonly computes: boolean;
  readonly instructionStems: ReadonlySet<string>;
};

const PASSAGE_LABEL =
  /[ \t]*(?:passage|text|context|article|document|paragraph|source|input|message|review|note|ticket|e-?mail|letter|notice|report|comment|post|story)[^:\n]{0,40}:[ \t]*\n?/iuy;
const NEXT_LABEL = /[ \t]*(?:question|task|instruction|answer|summary|output|label|fields?|schema)[^:\n]{0,40}:/iuy;
const LEAST_LABELLED_WORDS = 3;
const LEAST_PASSAGE_WORDS = 20;

export function readTask(request: Pick<RequestView, 'prompt' | 'responseFormat'> & { readonly user?: string }): Task {
  const { prompt } = request;
  const { passage, instruction } = splitPrompt(prompt, request.user);
  const wantsNumber = WANTS_NUMBER.test(instruction);
  return {
    prompt,
    passage,
    instruction,
    options: findOptions(instruction),
    wantsJson: request.responseFormat !== undefined || /\bjson\b/i.test(instruction),
    schema: asRecord(asRecord(request.responseFormat)['json_schema'])['schema'],
    wantsSummary: /\b(?:summar(?:y|ise|ize)|tl;?dr|condense|in (?:one|two|three) sentences?|main points?)\b/i.test(
      instruction,
    ),
    wantsNumber,
    computes: wantsNumber && (numbersIn(prompt).length >= 2 || plainExpression(instruction) !== undefined),
    instructionStems: new Set(contentTokens(instruction).map(stem)),
  };
}

/** The part of `readTask` that tells what is asked from what is only brought along. */
export function splitPrompt(prompt: string, user = prompt): Pick<Task, 'passage' | 'instruction'> {
  const passage = findPassage(user);
  return { passage, instruction: passage === undefined ? prompt : prompt.replace(passage, ' ') };
}

const WANTS_NUMBER =
  /\b(?:how (?:many|much|far|long|old|tall|high|heavy)|what is the (?:total|sum|difference|product|average|number)|calculate|compute)\b/i;

function findPassage(prompt: string): string | undefined {
  const labelled = findLabelled(prompt);
  if (labelled !== undefined) return labelled;
  const longest = longestParagraph(prompt);
  // A prompt of one paragraph is all instruction, unless a colon sets a long text off from a short order.
  return longest !== undefined && longest.trim() !== prompt.trim() ? longest : afterColon(prompt);
}

function findLabelled(prompt: string): string | undefined {
  const label = findLabel(PASSAGE_LABEL, prompt, 0);
  if (label === undefined) return undefined;
  const rest = prompt.slice(label.end);
  const next = rest.indexOf('\n');
  const end = (next === -1 ? undefined : findLabel(NEXT_LABEL, rest, next + 1)?.before) ?? paragraphEnd(rest);
  const text = rest.slice(0, end).trim();
  return hasWords(text, LEAST_LABELLED_WORDS) ? text : undefined;
}

function longestParagraph(prompt: string): string | undefined {
  let longest: string | undefined;
  for (const part of paragraphsOf(prompt))
    if (part.length > (longest?.length ?? -1) && hasWords(part, LEAST_PASSAGE_WORDS) && !part.trimEnd().endsWith('?'))
      longest = part;
  return longest;
}

type Label = { /** Where the line before it ends. */ readonly before: number; readonly end: number };

/** The first line, from the one at `from` on, that begins with a label. */
function findLabel(label: RegExp, text: string, from: number): Label | undefined {
  for (let line = from; ;) {
    label.lastIndex = line;
    if (isWordy(text.charCodeAt(line)) && label.test(text)) return { before: line - 1, end: label.lastIndex };
    const end = text.indexOf('\n', line);
    if (end === -1) return undefined;
    line = end + 1;
  }
}

/** Whether a line may begin with a word: a cheap look before a long one. */
const isWordy = (code: number): boolean => code === 32 || code === 9 || code > 64;

function paragraphEnd(text: string): number {
  const [first = ''] = paragraphsOf(text);
  return first.length;
}

const BLANK = /\s*\n/uy;

/** Parts between blank lines. */
function* paragraphsOf(text: string): Generator<string> {
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1;) {
    BLANK.lastIndex = at + 1;
    const isBlank = isSpace(text.charCodeAt(at + 1)) && BLANK.test(text);
    if (isBlank) {
      yield text.slice(start, at);
      start = BLANK.lastIndex;
    }
    at = text.indexOf('\n', isBlank ? start : at + 1);
  }
  yield text.slice(start);
}

function afterColon(prompt: string): string | undefined {
  const at = prompt.indexOf(':');
  if (at === -1 || at > 300) return undefined;
  const tail = prompt.slice(at + 1).trim();
  return hasWords(tail, LEAST_PASSAGE_WORDS) ? tail : undefined;
}

/** Looks no further than it has to. */
function hasWords(text: string, least: number): boolean {
  let words = 0;
  let afterSpace = true;
  const end = Math.min(text.length, 50_000);
  for (let at = 0; at < end && words < least; at += 1) {
    const space = isSpace(text.charCodeAt(at));
    if (afterSpace && !space) words += 1;
    afterSpace = space;
  }
  return words >= least;
}

const WIDE_SPACE = /\s/u;

function isSpace(code: number): boolean {
  if (code < 128) return code === 32 || (code >= 9 && code <= 13);
  return WIDE_SPACE.test(String.fromCharCode(code));
}

const OPTION_CUE =
  /\b(?:one of|either|options?|labels?|categories|classes|choices|(?:choose|pick|select)[^:.\n]{0,30}? (?:from|between)|classify[^:.\n]{0,80}?\bas)\b/giu;
const MAX_CUES = 20;
const MAX_OPTION_WORDS = 4;

/** Labels of "one of: a, b, c", "as positive, negative or neutral", or of lettered lines "A) …". */
export function findOptions(instruction: string): string[] {
  const text = instruction.slice(0, 8_000);
  const lettered = [...text.matchAll(/(?:^|\n)[ \t]*\(?[A-J][).:][ \t]+([^\n]{1,120})/gu)];
  if (lettered.length >= 2) return lettered.map((match) => (match[1] ?? '').trim());
  for (const cue of [...text.matchAll(OPTION_CUE)].slice(0, MAX_CUES)) {
    const options = listAfter(text.slice(cue.index + cue[0].length, cue.index + cue[0].length + 300));
    if (options.length >= 2) return options;
  }
  return spokenOptions(text);
}

/** "Is it positive, negative or neutral?" and "Answer yes or no": single words, so that no clause is taken for a label. */
function spokenOptions(text: string): string[] {
  const list =
    /\b((?:[\p{L}-]{2,24}, ){1,8}[\p{L}-]{2,24},? or [\p{L}-]{2,24})\b(?=[?.]|$)/u.exec(text)?.[1] ??
    /\b(?:answer|reply|respond)(?: only)?(?: with)? ([\p{L}-]{2,24} or [\p{L}-]{2,24})\b/iu.exec(text)?.[1];
  return list === undefined ? [] : list.split(/,? or |, /u);
}

/** The enumeration at the start of `text`, if there is one: "these labels: a, b or c." */
function listAfter(text: string): string[] {
  const colon = /^[^:.\n,]{0,60}:/u.exec(text)?.[0].length ?? 0;
  const sentence =
    text
      .slice(colon)
      .trimStart()
      .split(/[.;?!]|\n/u)[0] ?? '';
  if (!/,|\||\bor\b/iu.test(sentence)) return [];
  const parts = sentence
    .split(/\s*(?:,\s*(?:or\s|and\s)?|\sor\s|\|)\s*/iu)
    .map((part) => part.replace(/["'“”‘’[\](){}]/gu, '').trim());
  const options: string[] = [];
  for (const part of parts.filter((item) => item !== '')) {
    if (part.split(/\s+/u).length > MAX_OPTION_WORDS) break;
    options.push(part);
  }
  return options;
}
