/** Sentences, words and stems: the whole of what the demo's backends know about English. */

export type Token = { readonly text: string; readonly lower: string; readonly stem: string; readonly at: number };

const ABBREVIATION = /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|No|vs|etc|e\.g|i\.e|approx|Inc|Ltd|[A-Z])\.$/;

/** Splits at `.`, `!`, `?` before white space, and at line breaks; keeps "Dr. Ito" and "3.5" whole. */
export function splitSentences(text: string): string[] {
  const sentences: string[] = [];
  for (const line of text.split(/\n+/)) {
    let rest = '';
    for (const piece of line.split(/(?<=[.!?]["')\]]?)\s+/)) {
      rest = rest === '' ? piece : `${rest} ${piece}`;
      if (ABBREVIATION.test(rest)) continue;
      if (rest.trim() !== '') sentences.push(rest.trim());
      rest = '';
    }
    if (rest.trim() !== '') sentences.push(rest.trim());
  }
  return sentences;
}

const WORD = /[\p{L}\p{N}]+(?:[.,'’:-][\p{L}\p{N}]+)*/gu;

export function tokenize(text: string): Token[] {
  return [...text.matchAll(WORD)].map((match) => {
    const lower = match[0].toLowerCase();
    return { text: match[0], lower, stem: stem(lower), at: match.index };
  });
}

/** What a careless backend does: splits at blanks and keeps the punctuation and the endings. */
export function tokenizeCoarsely(text: string): Token[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    lower: match[0].toLowerCase(),
    stem: match[0].toLowerCase(),
    at: match.index,
  }));
}

export function wordCount(text: string): number {
  return text.trim() === '' ? 0 : text.trim().split(/\s+/).length;
}

const STOP_WORDS = new Set(
  `a about above after again all also am an and any are as at be because been before being below between both but by can
   could did do does doing down during each few for from further had has have having he her here hers him his how i if in
   into is it its itself just me more most my no nor not now of off on once only or other our out over own same she so
   some such than that the their them then there these they this those through to too under until up very was we were
   what when where which while who whom whose why will with would you your`.split(/\s+/),
);

export function isStopWord(lower: string): boolean {
  return STOP_WORDS.has(lower);
}

const IRREGULAR: Readonly<Record<string, string>> = {
  built: 'build',
  bought: 'buy',
  sold: 'sell',
  found: 'find',
  wrote: 'write',
  written: 'write',
  began: 'begin',
  begun: 'begin',
  led: 'lead',
  made: 'make',
  grew: 'grow',
  grown: 'grow',
  took: 'take',
  taken: 'take',
  gave: 'give',
  given: 'give',
  won: 'win',
  came: 'come',
  went: 'go',
  gone: 'go',
  left: 'leave',
  kept: 'keep',
  held: 'hold',
  chose: 'choose',
  chosen: 'choose',
  paid: 'pay',
  ran: 'run',
  met: 'meet',
  spent: 'spend',
  brought: 'bring',
  caught: 'catch',
  taught: 'teach',
  children: 'child',
  people: 'person',
  men: 'man',
  women: 'woman',
  died: 'die',
  death: 'die',
};

/** A light stemmer: plural, past and -ing endings, a doubled final consonant, a final e. */
export function stem(lower: string): string {
  const irregular = IRREGULAR[lower];
  if (irregular !== undefined) return dropFinalE(irregular);
  let word = lower.replace(/['’]s$/, '');
  if (word.length > 4) word = word.replace(/ies$/, 'y').replace(/(s|x|z|ch|sh)es$/, '$1');
  if (word.length > 3) word = word.replace(/([^su])s$/, '$1');
  if (word.length > 5) word = word.replace(/(?:ing|ied|ed|ly)$/, '');
  else if (word.length > 4) word = word.replace(/ed$/, '');
  word = word.replace(/([bdgmnprt])\1$/, '$1');
  return dropFinalE(word);
}

function dropFinalE(word: string): string {
  return word.length > 3 ? word.replace(/e$/, '').replace(/i$/, 'y') : word;
}

/** Content words only. */
export function contentTokens(text: string): Token[] {
  return tokenize(text).filter((token) => !isStopWord(token.lower));
}
