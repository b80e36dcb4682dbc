import type { Constraint } from './constraint.ts';
import type { Rule } from './cues.ts';
import { AMOUNT, NUMBER, boundsOf, numberOf } from './spoken-numbers.ts';

/** Marks and parts that a prompt demands: sections, titles, placeholders, dividers. As plain as the other rules. */

type Make = (match: RegExpExecArray) => Constraint[];

function when(pattern: RegExp, text: string, make: Make): Constraint[] {
  const match = pattern.exec(text);
  return match === null ? [] : make(match);
}

const PARAGRAPHS = new RegExp(
  `\\b(?:(?:should|must) (?:be|have|contain)|there are|write|with|use|in) (?:exactly )?${NUMBER} paragraphs\\b`,
  'iu',
);
const BY_DIVIDER = /\bparagraphs?\b[^.]{0,80}\bseparated\b[^.]{0,60}(?<!\*)\*\*\*(?!\*)/iu;

const paragraphs: Rule = (text, says) =>
  !says('paragraphs')
    ? []
    : when(PARAGRAPHS, text, ([, number]) => {
        const count = numberOf(number);
        if (BY_DIVIDER.test(text)) return [{ kind: 'parts', separator: '***', count }];
        return [{ kind: 'count', unit: 'paragraphs', min: count, max: count }];
      });

const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];
const PARAGRAPH_START = new RegExp(
  `\\b(?:the (last|${ORDINALS.join('|')}) paragraph|paragraph ${NUMBER}) (?:should|must|has to) (?:start|begin) with (?:the )?(?:word )?["“'‘]?([\\p{L}\\p{N}-]{1,40})`,
  'giu',
);

const paragraphStart: Rule = (text, says) => {
  const found = says('paragraph') ? [...text.matchAll(PARAGRAPH_START)] : [];
  return found.map(([, ordinal, number, word]) => {
    const place = ordinal === undefined ? numberOf(number) : ORDINALS.indexOf(ordinal.toLowerCase()) + 1;
    return { kind: 'paragraphStart', index: place === 0 ? -1 : place, text: word ?? '' };
  });
};

const PLACEHOLDERS = new RegExp(`\\b${AMOUNT} placeholders?\\b[^.]{0,60}\\bbrackets?\\b`, 'iu');
const POSTSCRIPT =
  /\b(?:add|include|write|with|end with)\b[^.]{0,30}\bpostscript\b(?:[^.]{0,30}\b(?:starting|beginning|starts|begins) with ["“'‘]?(P\.?\s?P?\.?\s?S))?/iu;
const HIGHLIGHTS = new RegExp(
  `\\bhighlight ${AMOUNT} (?:sections?|parts?|phrases?|words?)\\b[^.]{0,60}(?:\\bmarkdown\\b|\\*)`,
  'iu',
);
const SECTIONS = new RegExp(`\\b(?:have|contain|write|with|in) ${AMOUNT} sections?\\b`, 'iu');
const SECTION_MARK = /\bbeginning of each section with ["“'‘]?(\p{L}{2,20})(?: X\b|\b)/iu;
const TITLE = /\btitle\b[^.]{0,60}(?:\bdouble (?:angular|angle) brackets\b|<<)/iu;
const CAPITAL_WORDS = new RegExp(
  `\\bwords? (?:with|in) all (?:capital letters|capitals|caps) (?:should|must) (?:appear|occur|be used) ${AMOUNT} times?\\b`,
  'iu',
);
const QUOTES =
  /\b(?:wrap|put|enclose) (?:your |the )?(?:entire |whole )?(?:response|answer|reply|output) (?:in|with|inside|within) (?:double )?quot(?:ation marks|es)\b/iu;
const NO_COMMAS =
  /\b(?:no|without(?: using)?(?: any)?|avoid(?: using)?(?: any)?|(?:refrain|abstain) from (?:the use of |using )?(?:any )?|(?:do not|don'?t|never) (?:use|include) (?:any )?) ?commas?\b/iu;
const TWO_RESPONSES =
  /\btwo (?:different )?(?:responses|answers)\b.{0,120}(?:\b(?:6|six) asterisks?\b|(?<!\*)\*{6}(?!\*))/iu;

type Mark = { readonly cues: readonly string[]; readonly pattern: RegExp; readonly make: (text: string) => Make };

const MARKS: readonly Mark[] = [
  {
    cues: ['placeholder'],
    pattern: PLACEHOLDERS,
    make:
      () =>
      ([, relation, number]) => [{ kind: 'placeholders', ...boundsOf(relation, number) }],
  },
  {
    cues: ['postscript'],
    pattern: POSTSCRIPT,
    make:
      () =>
      ([, marker]) => [{ kind: 'postscript', marker: marker ?? 'P.S' }],
  },
  {
    cues: ['highlight'],
    pattern: HIGHLIGHTS,
    make:
      () =>
      ([, relation, number]) => [{ kind: 'highlights', ...boundsOf(relation, number) }],
  },
  {
    cues: ['section'],
    pattern: SECTION_MARK,
    make:
      (text) =>
      ([, marker = '']) =>
        when(SECTIONS, text, ([, relation, number]) => [{ kind: 'sections', marker, ...boundsOf(relation, number) }]),
  },
  { cues: ['title'], pattern: TITLE, make: () => () => [{ kind: 'title' }] },
  {
    cues: ['all cap'],
    pattern: CAPITAL_WORDS,
    make:
      () =>
      ([, relation, number]) => [{ kind: 'capitalWords', ...boundsOf(relation, number) }],
  },
  { cues: ['quot'], pattern: QUOTES, make: () => () => [{ kind: 'quoted' }] },
  { cues: ['comma'], pattern: NO_COMMAS, make: () => () => [{ kind: 'without', characters: ',，、' }] },
  {
    cues: ['two '],
    pattern: TWO_RESPONSES,
    make: () => () => [{ kind: 'parts', separator: '******', count: 2, distinct: true }],
  },
];

const marks: Rule = (text, says) =>
  MARKS.filter(({ cues }) => says(...cues)).flatMap(({ pattern, make }) => when(pattern, text, make(text)));

const REPEAT =
  /(?:\bfirst,? )?\brepeat the (?:request|prompt|question|instruction)s?(?: above)?(?: exactly)? (?:word for word|verbatim|without (?:any )?changes?|as it is|exactly as)/iu;
const LEAST_REPEATED = 8;

/** What is to be repeated is the request before this demand. */
const repeat: Rule = (text, says) =>
  !says('repeat the')
    ? []
    : when(REPEAT, text, ({ index }) => {
        const request = text.slice(0, index).trim();
        return request.length < LEAST_REPEATED ? [] : [{ kind: 'repeat', text: request }];
      });

export const MARK_RULES: readonly Rule[] = [paragraphs, paragraphStart, marks, repeat];
