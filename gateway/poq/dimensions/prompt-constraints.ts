import type { Constraint, CountUnit, LanguageCode } from './constraint.ts';
import { MARK_RULES } from './prompt-marks.ts';
import { optionRules, wordRules } from './prompt-wording.ts';
import { NUMBER, numberOf } from './spoken-numbers.ts';
import { splitPrompt } from './task.ts';

/**
 * Constraints that a prompt states in plain words. Conservative on purpose: a demand that is missed costs nobody
 * anything, one that was never made would punish an innocent answer. Only the instruction is read, not the passage.
 */
export function promptConstraints(prompt: string): Constraint[] {
  if (!CUE.test(prompt)) return []; // every request is read, and most demand nothing
  const { instruction } = splitPrompt(prompt);
  const text = instruction.slice(0, 8_000).replace(/\s+/gu, ' ');
  return distinct(RULES.flatMap((rule) => rule(text)));
}

/** Each demand once; paragraphs that a divider separates are not those that blank lines do. */
function distinct(found: readonly Constraint[]): Constraint[] {
  const divided = found.some((one) => one.kind === 'parts' && one.separator === '***');
  const kept = found.filter((one) => !(divided && one.kind === 'count' && one.unit === 'paragraphs'));
  return [...new Map(kept.map((one) => [JSON.stringify(one), one])).values()];
}

type Rule = (text: string) => Constraint[];

const UNIT = '(words?|sentences?|paragraphs?|lines?|characters?)';
const unitOf = (word: string | undefined): CountUnit => `${(word ?? '').toLowerCase().replace(/s$/, '')}s` as CountUnit;

const AT_MOST = new RegExp(
  `\\b(?:(?:in|with|using)? ?(?:at most|no more than|not more than|up to|a maximum of|max\\.?|fewer than or equal to)|within) ${NUMBER} ${UNIT}\\b`,
  'giu',
);
const UNDER = new RegExp(`\\b(?:(?:in|with)? ?(?:fewer than|less than|under)) ${NUMBER} ${UNIT}\\b`, 'giu');
const AT_LEAST = new RegExp(`\\b(?:at least|no fewer than|no less than|a minimum of) ${NUMBER} ${UNIT}\\b`, 'giu');
const EXACTLY = new RegExp(
  `\\b(?:(?:in|with|use|using|write) exactly|in (?:just|only)|exactly) ${NUMBER} ${UNIT}\\b`,
  'giu',
);
const IN_SENTENCES = /\b(?:in|into) (one|two|three|four|five|1|2|3|4|5) (sentences?)\b/giu;
const ONLY_WORD = /\b(?:answer|respond|reply) (?:with|in|using) (?:only |just )?(one|a single) word\b/iu;

const counts: Rule = (text) => [
  ...[...text.matchAll(AT_MOST)].map((m) => bound(m[2], undefined, numberOf(m[1]))),
  ...[...text.matchAll(UNDER)].map((m) => bound(m[2], undefined, Math.max(0, numberOf(m[1]) - 1))),
  ...[...text.matchAll(AT_LEAST)].map((m) => bound(m[2], numberOf(m[1]), undefined)),
  ...[...text.matchAll(EXACTLY)].map((m) => bound(m[2], numberOf(m[1]), numberOf(m[1]))),
  ...[...text.matchAll(IN_SENTENCES)].map((m) => bound(m[2], undefined, numberOf(m[1]))),
  ...(ONLY_WORD.test(text) ? [bound('words', 1, 1)] : []),
];

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

const json: Rule = (text) =>
  JSON_DEMAND.test(text) && !NO_JSON.test(text)
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

const list: Rule = (text) => {
  const shape = LIST.exec(text);
  const items = ITEMS.exec(text);
  if (shape === null && items === null) return [];
  const style = /^(?:numbered|ordered)$/iu.test(shape?.[1] ?? '') ? 'number' : shape === null ? 'any' : 'bullet';
  const amount = items === null ? undefined : numberOf(items[1] ?? items[2]);
  return [{ kind: 'list', style, ...(amount === undefined ? {} : { items: amount }) }];
};

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

const language: Rule = (text) => {
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

const wording: Rule = (text) => {
  const start = START.exec(text)?.[1];
  const end = END.exec(text)?.[1];
  return [
    ...(FENCE.test(text) ? [{ kind: 'codeFence' } as const] : []),
    ...(isWhole(UPPER, text) ? [{ kind: 'case', form: 'upper' } as const] : []),
    ...(isWhole(LOWER, text) ? [{ kind: 'case', form: 'lower' } as const] : []),
    ...(start === undefined ? [] : [{ kind: 'startsWith', text: start } as const]),
    ...(end === undefined ? [] : [{ kind: 'endsWith', text: end } as const]),
  ];
};

const RULES: readonly Rule[] = [counts, json, list, language, wording, wordRules, optionRules, ...MARK_RULES];

/** No rule can hold without one of these. */
const CUE = new RegExp(
  `word|sentence|paragraph|line|character|json|list|bullet|code|capital|case|letter|title|section|repeat|response|comma|quot|highlight|placeholder|postscript|one of|${Object.keys(LANGUAGES).join('|')}|["“]`,
  'iu',
);
