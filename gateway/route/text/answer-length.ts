/**
 * How long an answer the request asks for, in tokens, where it says so: "in one sentence", "500 words", "ten names". Read
 * from the instruction alone, which is a few hundred characters at most. Numbers are of English, German, French, Spanish,
 * Italian and Portuguese, which write such demands alike.
 */
const TOKENS_PER_WORD = 1.4;

const NUMBERS: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  single: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  twenty: 20,
  fifty: 50,
  hundred: 100,
  ein: 1,
  einem: 1,
  einen: 1,
  zwei: 2,
  drei: 3,
  vier: 4,
  fünf: 5,
  zehn: 10,
  une: 1,
  un: 1,
  deux: 2,
  trois: 3,
  cinq: 5,
  dix: 10,
  una: 1,
  uma: 1,
  dos: 2,
  tres: 3,
  cinco: 5,
  diez: 10,
  due: 2,
  tre: 3,
  cinque: 5,
  dieci: 10,
  duas: 2,
  três: 3,
  dez: 10,
};

/** Tokens of one of each, by how the word begins. */
const UNITS: Readonly<Record<string, number>> = {
  ...unit('word wort wört mot palabra parol palavra', TOKENS_PER_WORD),
  ...unit('character zeichen caractère caracter caratter', 0.25),
  ...unit('sentence line sätz satz zeile phrase ligne frase línea linea riga righe linha verse', 25),
  ...unit('bullet point punkt stichpunkt punto punti ponto item key', 25),
  ...unit('paragraph absätz absatz párrafo', 120),
  ...unit('page seite página pagin', 600),
  ...unit(
    'name title tagline slogan idea example synonym caption headline tip fact reason titel idee nom título titol',
    15,
  ),
};

function unit(stems: string, tokens: number): Record<string, number> {
  return Object.fromEntries(stems.split(' ').map((stem) => [stem, tokens]));
}

const alternatives = (words: readonly string[]): string => words.toSorted((a, b) => b.length - a.length).join('|');
const COUNT = String.raw`(\d{1,4}|${alternatives(Object.keys(NUMBERS))})`;
/** "Five catchy names", "a 500-word essay": two words may stand between. */
const DEMAND = new RegExp(String.raw`\b${COUNT}[ -](?:[a-zà-þ]{2,12} ){0,2}?(${alternatives(Object.keys(UNITS))})`);
/** "A list of 20 rivers", "name three of them": whatever they are, they are short. */
const LISTED = new RegExp(
  String.raw`\b(?:list|name|give me|suggest|nenne|cite|donne|enumera|dame|elenca) (?:of )?${COUNT}\b`,
);
const LISTED_TOKENS = 15;
const LABEL_ONLY =
  /\b(?:one word|single word|ein wort|un seul mot|una sola palabra|yes or no|true or false|ja oder nein|oui ou non|s[íì] o no|label only|number only|only the (?:label|number|answer|letter|name)|answer only)\b/;
const BRIEF = /\b(?:brief|briefly|short|shorter|concise|tl;?dr|kurz|bref|brièvement|breve|brevemente|corto)\b/;
const LONG =
  /\b(?:essay|detailed|in detail|step by step|comprehensive|thorough|in depth|ausführlich|en détail|detallad[ao])\b/;

const LABEL_TOKENS = 8;
const LEAST = 4;
const MOST = 8_192;

export type AnswerLength = {
  /** Stated in the request. */
  readonly tokens: number | undefined;
  /** Where only more or less than usual is asked for. */
  readonly factor: number;
};

/** @param instruction in lower case, a few hundred characters. */
export function answerLengthOf(instruction: string): AnswerLength {
  if (LABEL_ONLY.test(instruction)) return { tokens: LABEL_TOKENS, factor: 1 };
  const demand = DEMAND.exec(instruction);
  if (demand !== null) return stated(demand[1], UNITS[demand[2] ?? ''] ?? LISTED_TOKENS);
  const listed = LISTED.exec(instruction);
  if (listed !== null) return stated(listed[1], LISTED_TOKENS);
  if (LONG.test(instruction)) return { tokens: undefined, factor: 2 };
  return { tokens: undefined, factor: BRIEF.test(instruction) ? 0.5 : 1 };
}

function stated(count: string | undefined, each: number): AnswerLength {
  const number = NUMBERS[count ?? ''] ?? Number(count ?? 1);
  return { tokens: Math.min(MOST, Math.max(LEAST, Math.ceil(number * each))), factor: 1 };
}
