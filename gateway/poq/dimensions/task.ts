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
  /(?:^|\n)[ \t]*(?:passage|text|context|article|document|paragraph|source|input|message|review|note|ticket|e-?mail|letter|notice|report|comment|post|story)[^:\n]{0,40}:[ \t]*\n?/iu;
const NEXT_LABEL = /\n[ \t]*(?:question|task|instruction|answer|summary|output|label|fields?|schema)[^:\n]{0,40}:/iu;
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
  const label = PASSAGE_LABEL.exec(prompt);
  if (label !== null) {
    const rest = prompt.slice(label.index + label[0].length);
    const end = NEXT_LABEL.exec(rest)?.index ?? paragraphEnd(rest);
    const text = rest.slice(0, end).trim();
    if (wordCount(text) >= LEAST_LABELLED_WORDS) return text;
  }
  const paragraphs = prompt
    .split(/\n\s*\n/u)
    .filter((part) => wordCount(part) >= LEAST_PASSAGE_WORDS && !part.trimEnd().endsWith('?'));
  const longest = paragraphs.toSorted((a, b) => b.length - a.length)[0];
  // A prompt of one paragraph is all instruction, unless a colon sets a long text off from a short order.
  return longest !== undefined && longest.trim() !== prompt.trim() ? longest : afterColon(prompt);
}

function paragraphEnd(text: string): number {
  const at = text.search(/\n\s*\n/u);
  return at === -1 ? text.length : at;
}

function afterColon(prompt: string): string | undefined {
  const at = prompt.indexOf(':');
  if (at === -1 || at > 300) return undefined;
  const tail = prompt.slice(at + 1).trim();
  return wordCount(tail) >= LEAST_PASSAGE_WORDS ? tail : undefined;
}

const wordCount = (text: string): number => text.slice(0, 50_000).split(/\s+/u).filter(Boolean).length;

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
