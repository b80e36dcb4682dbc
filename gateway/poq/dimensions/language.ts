import type { LanguageCode } from './constraint.ts';
import { MAX_COMPARED } from './text.ts';

/** Scripts that belong to one language here. */
const SCRIPTS: readonly (readonly [LanguageCode, RegExp])[] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['zh', /\p{Script=Han}/gu],
  ['ru', /\p{Script=Cyrillic}/gu],
  ['ar', /\p{Script=Arabic}/gu],
  ['hi', /\p{Script=Devanagari}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['th', /\p{Script=Thai}/gu],
];

/** The most frequent words of languages in Latin script, as far as they do not mean something in a neighbour. */
const WORDS: readonly (readonly [LanguageCode, ReadonlySet<string>])[] = [
  ['en', words('the of and to is that it for was with are this be from have by not which you they their has were')],
  [
    'fr',
    words('le les et des est une dans que pour qui pas sur avec sont ce il elle nous vous du au cette ses aux être'),
  ],
  ['de', words('der die das und ist nicht ein eine mit von zu den dem auf für sich auch wird sind im es als des ich')],
  ['es', words('el los las y es una en que por con para del su se lo como más pero son está al este')],
  ['it', words('il lo gli e è una di che per con del della sono si nel non da più come anche questo alla')],
  ['pt', words('o os e é uma em que por com para do da não se mais como foi são ao um as dos')],
  ['nl', words('de het een en van is dat niet op te zijn voor met die er aan ook als bij maar naar')],
];

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '));
}

/**
 * Language of a text, or undefined when it is too short or too mixed to tell. Scripts decide first, then the share of
 * the commonest words.
 */
export function languageOf(text: string): LanguageCode | undefined {
  const sample = text.slice(0, MAX_COMPARED).toWellFormed().toLowerCase();
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  return letters === 0 ? undefined : (byScript(sample, letters) ?? byWords(sample.match(/\p{L}+/gu) ?? []));
}

function byScript(sample: string, letters: number): LanguageCode | undefined {
  // Japanese mixes its own scripts with Chinese characters: a little of them is enough.
  const enough = (code: LanguageCode): number => (code === 'ja' ? 0.15 : 0.5) * letters;
  return SCRIPTS.find(([code, script]) => (sample.match(script)?.length ?? 0) > enough(code))?.[0];
}

function byWords(found: readonly string[]): LanguageCode | undefined {
  const counts = WORDS.map(([code, common]) => ({ code, count: found.filter((word) => common.has(word)).length }));
  const [first, second] = counts.toSorted((a, b) => b.count - a.count);
  if (first === undefined || second === undefined || first.count < 2) return undefined;
  const clear = first.count >= 0.1 * found.length && first.count >= 1.3 * second.count;
  return clear ? first.code : undefined;
}
