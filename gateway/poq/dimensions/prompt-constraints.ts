import type { Constraint, CountUnit, LanguageCode } from './constraint.ts';
import { cuesOf } from './cues.ts';
import type { Rule } from './cues.ts';
import { MARK_RULES } from './prompt-marks.ts';
import { optionRules, wordRules } from './prompt-wording.ts';
import { NUMBER, numberOf } from './spoken-numbers.ts';
import { splitPrompt } from './task.ts';

/**
 * Constraints that a prompt states in plain words. Conservative on purpose: a demand that is missed costs nobody
 * anything, one that was never made would punish an innocent answer. Only the instruction is read, not the passage.
 */
export function promptConstraints(prompt: string): Constraint[] {
  const { instruction } = splitPrompt(prompt);
  const text = instruction.slice(0, 8_000).replace(/ \s+|[^\S ]\s*/gu, ' ');
  const says = cuesOf(text);
  return distinct(RULES.flatMap((rule) => rule(text, says)));
}

/** Each demand once; paragraphs that a divider separates are not those that blank lines do. */
function distinct(found: readonly Constraint[]): Constraint[] {
  const divided = found.some((one) => one.kind === 'parts' && one.separator === '***');
  const kept = found.filter((one) => !(divided && one.kind === 'count' && one.unit === 'paragraphs'));
  return [...new Map(kept.map((one) => [JSON.stringify(one), one])).values()];
}

const UNIT = '(words?|sentences?|paragraphs?|lines?|characters?)';
const unitOf = (word: string | undefined): CountUnit => `${(word ?? '').toLowerCase().replace(/s$/, '')}s` as CountUnit;

const AT_MOST = new RegExp(
  `\\b(?:at most|no more than|not more than|up to|a maximum of|max\\.?|fewer than or equal to|within) ${NUMBER} ${UNIT}\\b`,
  'giu',
);
const UNDER = new RegExp(`\\b(?:fewer than|less than|under) ${NUMBER} ${UNIT}\\b`, 'giu');
const AT_LEAST = new RegExp(`\\b(?:at least|no fewer than|no less than|a minimum of) ${NUMBER} ${UNIT}\\b`, 'giu');
const EXACTLY = new RegExp(`\\b(?:exactly|in (?:just|only)) ${NUMBER} ${UNIT}\\b`, 'giu');
const IN_SENTENCES = /\b(?:in|into) (one|two|three|four|five|1|2|3|4|5) (sentences?)\b/giu;
const ONLY_WORD = /\b(?:answer|respond|reply) (?:with|in|using) (?:only |just )?(one|a single) word\b/iu;

type Counted = {
  readonly cues: readonly string[];
  readonly pattern: RegExp;
  readonly bounds: (amount: number) => readonly [min: number | undefined, max: number | undefined];
};

const COUNTED: readonly Counted[] = [
  {
    cues: [
      'at most',
      'no more than',
      'not more than',
      'up to',
      'a maximum of',
      'max ',
      'max. ',
      'or equal to',
      'within ',
    ],
    pattern: AT_MOST,
    bounds: (amount) => [undefined, amount],
  },
  {
    cues: ['fewer than', 'less than', 'under '],
    pattern: UNDER,
    bounds: (amount) => [undefined, Math.max(0, amount - 1)],
  },
  {
    cues: ['at least', 'no fewer than', 'no less than', 'a minimum of'],
    pattern: AT_LEAST,
    bounds: (amount) => [amount, undefined],
  },
  { cues: ['exactly ', 'in just ', 'in only '], pattern: EXACTLY, bounds: (amount) => [amount, amount] },
  { cues: ['sentence'], pattern: IN_SENTENCES, bounds: (amount) => [undefined, amount] },
];

const counts: Rule = (text, says) => {
  if (!says('word', 'sentence', 'paragraph', 'line', 'character')) return [];
  const found = COUNTED.filter(({ cues }) => says(...cues)).flatMap(({ pattern, bounds }) =>
    [...text.matchAll(pattern)].map(([, number, unit]) => bound(unit, ...bounds(numberOf(number)))),
  );
  return says('one word', 'single word') && ONLY_WORD.test(text) ? [...found, bound('words', 1, 1)] : found;
};

function bound(unit: string | undefined, min: number | undefined, max: number | undefined): Constraint {
  return {
    kind: 'count',
    unit: unitOf(unit),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

const JSON_DEMAND =
  /\b(?:(?:in|as|into|return|output|respond with|reply with|answer with|give|produce|valid|only) (?:(?:a|an|the|only|just|valid|strict|raw|single|one) )*json\b|json (?:only|object only))/iu;
const NO_JSON = /\b(?:not?|without|don'?t|do not|never|instead of|rather than)\b[^.]{0,24}\bjson\b/iu;

const json: Rule = (text, says) =>
  says('json') && JSON_DEMAND.test(text) && !NO_JSON.test(text)
    ? [{ kind: 'json', raw: false, objectOnly: /\bjson object\b/iu.test(text) }]
    : [];

const LIST = new RegExp(
  `\\b(?:as|in|return|give|write|use|using|format(?:ted)? as) (?:a |the )?(?:(bullet(?:ed|ed-point|-point| point)?|numbered|unordered|ordered) )list\\b|\\bin bullet points\\b`,
  'iu',
);
const ITEMS = new RegExp(
  `\\b(?:list|bullet list|bulleted list|numbered list) (?:of|with) (?:exactly )?${NUMBER} (?:items?|points?|bullets?|entries)\\b|\\b(?:exactly|contain|contains|have|with|include|give|write|in|use) (?:exactly )?${NUMBER} bullet points?\\b`,
  'iu',
);

const list: Rule = (text, says) => {
  const shape = says('list', 'bullet') ? LIST.exec(text) : null;
  const items = says('list of', 'list with', 'bullet point') ? ITEMS.exec(text) : null;
  return shape === null && items === null ? [] : [listOf(shape, items)];
};

function listOf(shape: RegExpExecArray | null, items: RegExpExecArray | null): Constraint {
  const style = /^(?:numbered|ordered)$/iu.test(shape?.[1] ?? '') ? 'number' : shape === null ? 'any' : 'bullet';
  return { kind: 'list', style, ...(items === null ? {} : { items: numberOf(items[1] ?? items[2]) }) };
}

const LANGUAGES: { readonly [name: string]: LanguageCode } = {
  english: 'en',
  french: 'fr',
  german: 'de',
  spanish: 'es',
  italian: 'it',
  portuguese: 'pt',
  dutch: 'nl',
  russian: 'ru',
  chinese: 'zh',
  japanese: 'ja',
  korean: 'ko',
  arabic: 'ar',
  hindi: 'hi',
  greek: 'el',
  hebrew: 'he',
  thai: 'th',
};
const LANGUAGE = new RegExp(
  `\\b(?:(?:answer|respond|reply|write|written|summarise|summarize|explain)(?: [a-z]+){0,4}? in|translate(?: [^.:]{1,60})? (?:in)?to|(?:response|answer|output|summary) (?:must|should) be in) (${Object.keys(LANGUAGES).join('|')})\\b`,
  'iu',
);

const language: Rule = (text, says) => {
  if (!says(...Object.keys(LANGUAGES))) return [];
  const code = LANGUAGES[(LANGUAGE.exec(text)?.[1] ?? '').toLowerCase()];
  return code === undefined ? [] : [{ kind: 'language', code }];
};

const FENCE = /\b(?:in|inside|within|as) (?:a |one |a single )?(?:markdown |fenced )?code (?:block|fence)\b/iu;
const UPPER = /\b(?:in )?(?:all |entirely in |only )(?:capital letters|capitals|upper ?case)\b/iu;
const LOWER = /\b(?:in )?(?:all |entirely in |only )(?:lower ?case(?: letters)?|small letters)\b/iu;
const QUOTED = '["“]([^"”]{1,80})["”]';
const START = new RegExp(
  `\\b(?:start|begin) (?:your |the )?(?:answer|response|reply|output) with (?:the |this )?(?:exact )?(?:(?:word|phrase|sentence)s?:? )?${QUOTED}`,
  'iu',
);
const END = new RegExp(
  `\\b(?:end|finish) (?:your |the )?(?:answer|response|reply|output) with (?:the |this )?(?:exact )?(?:(?:word|phrase|sentence)s?:? )?${QUOTED}`,
  'iu',
);
/** "Words in all capitals should appear twice" and "the title in all capitals" are not about the whole answer. */
const PART =
  /\b(?:words?|titles?|head(?:ings?|ers?|lines?)|names?|labels?|keys?|lines?|sections?|acronyms?|not|never|avoid|don'?t|without)\b[^.!?]{0,40}$/iu;

function isWhole(form: RegExp, text: string): boolean {
  const at = form.exec(text)?.index;
  return at !== undefined && !PART.test(text.slice(Math.max(0, at - 80), at));
}

const WORDING: readonly {
  readonly cues: readonly string[];
  readonly read: (text: string) => Constraint | undefined;
}[] = [
  { cues: ['code '], read: (text) => (FENCE.test(text) ? { kind: 'codeFence' } : undefined) },
  { cues: ['capital', 'upper'], read: (text) => (isWhole(UPPER, text) ? { kind: 'case', form: 'upper' } : undefined) },
  {
    cues: ['lower', 'small letters'],
    read: (text) => (isWhole(LOWER, text) ? { kind: 'case', form: 'lower' } : undefined),
  },
  { cues: ['start ', 'begin '], read: (text) => withText('startsWith', START.exec(text)?.[1]) },
  { cues: ['end ', 'finish '], read: (text) => withText('endsWith', END.exec(text)?.[1]) },
];

const withText = (kind: 'startsWith' | 'endsWith', text: string | undefined): Constraint | undefined =>
  text === undefined ? undefined : { kind, text };

const wording: Rule = (text, says) => WORDING.flatMap(({ cues, read }) => (says(...cues) ? (read(text) ?? []) : []));

const RULES: readonly Rule[] = [counts, json, list, language, wording, wordRules, optionRules, ...MARK_RULES];
