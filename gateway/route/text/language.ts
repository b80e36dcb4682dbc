import { Char, classOf } from './characters.ts';

/** Frequent little words that other languages here lack, or nearly. English comes last: its words are borrowed most. */
const STOP_WORDS: Readonly<Record<string, string>> = {
  de: `der die das und ist nicht ein eine einen für mit von zu den dem auf wie was ich du wir sie bitte im aus bei sind wird kann
    mir mich über wer wo warum welche auch oder wenn`,
  fr: `le la les des une est et du que qui pour dans avec sur ce cette je tu vous nous il elle au aux ne pas plus quel quelle
    comment pourquoi merci mon ma mes sont être`,
  es: `el los las una es y que del para con por qué cómo cuál quién este esta yo tú usted su sus al lo no más muy cuando dónde mi
    está son como`,
  it: `il lo gli una è e che di del della per con non come cosa chi questo questa sono sei mi ti perché quale dove nel nella più
    alla dei`,
  pt: `o os as um uma é e que do da dos das para com não como qual quem este esta isto você eu em no na por mais está são seu
    sua ao`,
  nl: `de het een en is niet van voor met dat die wat hoe wie waar ik je we op te in zijn deze dit naar aan ook of mij`,
  pl: `i w nie na się jest to że do z jak co kto dla ten ta czy po od przez proszę są mi`,
  sv: `och att det är en ett inte som för med på av den till var hur vad jag du kan har om från`,
  tr: `ve bir bu için ile ne nasıl mi mı değil var olarak daha çok ben sen`,
  en: `the of and to is in that it for on are with as be this was what how who why you i my your can please from which do
    does a an at by or me`,
};

const LANGUAGES = Object.keys(STOP_WORDS);
const OFFSET = 0x811c9dc5;
const step = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193);
const hashOf = (word: string): number =>
  Array.from({ length: word.length }, (_, at) => word.charCodeAt(at)).reduce(step, OFFSET);

/** Which languages have a word, one bit each, by the word's hash. */
const KNOWN = new Map<number, number>();
LANGUAGES.forEach((language, index) => {
  for (const word of (STOP_WORDS[language] ?? '').split(/\s+/))
    KNOWN.set(hashOf(word), (KNOWN.get(hashOf(word)) ?? 0) | (1 << index));
});

/** Scripts that one language is written in, as far as routing tells languages apart: first and last code. */
const SCRIPTS: readonly (readonly [language: string, from: number, to: number])[] = [
  ['ja', 0x3040, 0x30ff],
  ['ko', 0xac00, 0xd7af],
  ['ko', 0x1100, 0x11ff],
  ['zh', 0x4e00, 0x9fff],
  ['ru', 0x0400, 0x04ff],
  ['el', 0x0370, 0x03ff],
  ['he', 0x0590, 0x05ff],
  ['ar', 0x0600, 0x06ff],
  ['hi', 0x0900, 0x097f],
  ['bn', 0x0980, 0x09ff],
  ['ta', 0x0b80, 0x0bff],
  ['th', 0x0e00, 0x0e7f],
];
const LATIN = 0x0250;

/** So much of a text is enough to tell. */
const READ = 400;
/** Two little words must agree; names and loans are found anywhere. */
const LEAST_HITS = 2;
const UPPER = /[A-ZÀ-Þ]/;

/** @returns the language a text is written in (ISO 639-1), or undefined where that is not plain. */
export function languageOf(text: string): string | undefined {
  const start = text.slice(0, READ);
  const lower = UPPER.test(start) ? start.toLowerCase() : start;
  return scriptOf(lower) ?? latinOf(lower);
}

const scriptAt = (code: number): string | undefined =>
  code < LATIN ? undefined : SCRIPTS.find(([, from, to]) => code >= from && code <= to)?.[0];

function scriptOf(text: string): string | undefined {
  const counts = new Map<string, number>();
  let [latin, others] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (classOf(code) === Char.letter && code < LATIN) latin += 1;
    const language = scriptAt(code);
    if (language === undefined) continue;
    others += 1;
    counts.set(language, (counts.get(language) ?? 0) + 1);
  }
  // A sign of these scripts says about as much as two letters.
  if (2 * others <= latin) return undefined;
  // Japanese is told from Chinese by its own syllables.
  if (10 * (counts.get('ja') ?? 0) >= Math.max(1, others)) return 'ja';
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

function latinOf(text: string): string | undefined {
  const hits = new Uint16Array(LANGUAGES.length);
  let [hash, letters] = [OFFSET, 0];
  for (let at = 0; at <= text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (classOf(code) === Char.letter) {
      hash = step(hash, code);
      letters += 1;
      continue;
    }
    if (letters > 0) countHit(KNOWN.get(hash) ?? 0, hits);
    [hash, letters] = [OFFSET, 0];
  }
  return mostHit(hits);
}

function countHit(languages: number, hits: Uint16Array): void {
  for (let index = 0; languages >> index !== 0; index += 1)
    if (((languages >> index) & 1) === 1) hits[index] = (hits[index] ?? 0) + 1;
}

/** Undefined where two languages are as likely. */
function mostHit(hits: Uint16Array): string | undefined {
  let [best, most, second] = [-1, LEAST_HITS - 1, 0];
  hits.forEach((count, index) => {
    if (count > most) [best, most, second] = [index, count, Math.max(second, best === -1 ? 0 : most)];
    else second = Math.max(second, count);
  });
  return most > second ? LANGUAGES[best] : undefined;
}
