import type { Constraint } from './constraint.ts';
import type { Rule } from './cues.ts';
import { AMOUNT, boundsOf } from './spoken-numbers.ts';

/** Words and letters that a prompt demands or forbids. Quoted ones only, unless it says how often they must appear. */

const QUOTED = `(?:["“]([^"”]{1,80})["”]|(?<![\\p{L}\\p{N}])['‘]([^'’]{1,80})['’](?![\\p{L}\\p{N}]))`;
const ANY_QUOTED = new RegExp(QUOTED, 'gu');
const BARE_QUOTED = QUOTED.replace('([^"”]', '(?:[^"”]').replace("([^'’]", "(?:[^'’]");
const LIST = `(${BARE_QUOTED}(?:(?:,? and |,? or |, )${BARE_QUOTED}){0,15})`;
const NAMED = '(?:the )?(?:following )?(?:key)?(?:words?|phrases?|terms?):? ';

const INCLUDE = new RegExp(`\\b(?:include|includes|including|use|mention|contain) ${NAMED}${LIST}`, 'giu');
const EXCLUDE = new RegExp(
  `\\b(?:do not|don'?t|never|avoid|must not|should not|without) (?:use|using|include|including|mention|mentioning|contain|containing) ${NAMED}${LIST}`,
  'giu',
);
const WORD = `(?:${QUOTED}|([\\p{L}-]{2,40}))`;
const FREQUENCY = new RegExp(
  `\\bthe (?:key)?(?:word|phrase) ${WORD} (?:should|must|has to|needs to|shall) (?:appear|occur|be (?:used|mentioned|included)) ${AMOUNT} times?\\b`,
  'giu',
);
const LETTER = new RegExp(
  `\\bthe letter ["“'‘]?(\\p{L})["”'’]? (?:should|must|has to|needs to|shall) (?:appear|occur|be used) ${AMOUNT} times?\\b`,
  'giu',
);

const quotedIn = (list: string): string[] => [...list.matchAll(ANY_QUOTED)].map(([, one, other]) => one ?? other ?? '');
const listed = (text: string, rule: RegExp): string[] =>
  [...text.matchAll(rule)].flatMap(([, list]) => quotedIn(list ?? ''));

export const wordRules: Rule = (text, says) => {
  const quotes = says('"', '“', "'", '‘') && says('word', 'phrase', 'term');
  const excluded = quotes ? listed(text, EXCLUDE) : [];
  const timed = (rule: RegExp) => (says(' time') ? [...text.matchAll(rule)] : []);
  const counted = timed(FREQUENCY).map(([, one, other, bare, relation, number]): Constraint => ({
    kind: 'include',
    text: one ?? other ?? bare ?? '',
    ...boundsOf(relation, number),
  }));
  const letters = timed(LETTER).map(([, letter, relation, number]): Constraint => ({
    kind: 'letter',
    letter: letter ?? '',
    ...boundsOf(relation, number),
  }));
  // "Do not use the word" ends like "use the word".
  const included = (quotes ? listed(text, INCLUDE) : []).filter((word) => !excluded.includes(word));
  return [
    ...included.map((word) => ({ kind: 'include', text: word }) as const),
    ...excluded.map((word) => ({ kind: 'exclude', text: word }) as const),
    ...counted,
    ...letters,
  ];
};

const OPTIONS = new RegExp(
  `\\b(?:answer|respond|reply) with (?:exactly |only )?one of (?:the following|these)(?: options| answers| phrases)?: ?\\(?${LIST}`,
  'iu',
);

/** Whole answers to choose from, in quotation marks. */
export const optionRules: Rule = (text, says) => {
  if (!says('one of')) return [];
  const options = quotedIn(OPTIONS.exec(text)?.[1] ?? '');
  return options.length < 2 ? [] : [{ kind: 'choice', options }];
};
