import { NEGATIONS, NEGATIVE, NEUTRAL_NAMES, POSITIVE, wordsForLabel } from './lexicon.ts';
import { tokenize } from './text.ts';

export type ClassificationLevel = {
  /** Word lists with negation, each word only once, word lists without negation, or only the label's own name. */
  readonly evidence: 'full' | 'distinct' | 'no-negation' | 'literal';
  /** The bare label, or a sentence around it. */
  readonly bare: boolean;
};

export function classify(text: string, labels: readonly string[], level: ClassificationLevel): string {
  const label = isSentiment(labels) ? bySentiment(text, labels, level) : bySubject(text, labels, level);
  return level.bare ? label : `I would say that this is probably ${label}, but it depends on how one reads it.`;
}

const POSITIVE_NAME = /^(?:very )?(?:positive|good|happy|favou?rable|satisfied)$/i;
const NEGATIVE_NAME = /^(?:very )?(?:negative|bad|unhappy|unfavou?rable|dissatisfied)$/i;

function isSentiment(labels: readonly string[]): boolean {
  return labels.some((label) => POSITIVE_NAME.test(label)) && labels.some((label) => NEGATIVE_NAME.test(label));
}

function bySentiment(text: string, labels: readonly string[], level: ClassificationLevel): string {
  const balance = level.evidence === 'literal' ? 1 : balances[level.evidence](text);
  const wanted = balance > 0 ? POSITIVE_NAME : balance < 0 ? NEGATIVE_NAME : NEUTRAL_NAMES;
  return labels.find((label) => wanted.test(label)) ?? labels[0] ?? '';
}

/** The judge's own: pleasant minus unpleasant words, each of them once; only the two words before can turn one round. */
function distinctBalance(text: string): number {
  const tokens = tokenize(text);
  const moods = new Map<string, number>();
  tokens.forEach(({ stem }, index) => {
    const mood = POSITIVE.has(stem) ? 1 : NEGATIVE.has(stem) ? -1 : 0;
    const turned = tokens.slice(Math.max(0, index - 2), index).some(({ lower }) => NEGATIONS.has(lower));
    if (mood !== 0) moods.set(stem, turned ? -mood : mood);
  });
  return [...moods.values()].reduce((sum, mood) => sum + mood, 0);
}

const balances = {
  full: (text: string) => moodBalance(text, true),
  distinct: distinctBalance,
  'no-negation': (text: string) => moodBalance(text, false),
} as const;

/** Pleasant minus unpleasant words; a negation up to three words before turns a word round, "but" doubles what follows. */
export function moodBalance(text: string, withNegation: boolean): number {
  const tokens = tokenize(text);
  let balance = 0;
  let weight = 1;
  tokens.forEach((token, index) => {
    if (token.lower === 'but' || token.lower === 'however') weight = 2;
    const mood = POSITIVE.has(token.stem) ? 1 : NEGATIVE.has(token.stem) ? -1 : 0;
    if (mood === 0 || NEGATIONS.has(token.lower)) return;
    const before = tokens.slice(Math.max(0, index - 3), index);
    const turned = withNegation && before.some((other) => NEGATIONS.has(other.lower.replace('’', "'")));
    balance += (turned ? -mood : mood) * (withNegation ? weight : 1);
  });
  return balance;
}

function bySubject(text: string, labels: readonly string[], level: ClassificationLevel): string {
  const found = tokenize(text).map((token) => token.stem);
  const stems = level.evidence === 'distinct' ? [...new Set(found)] : found;
  const score = (label: string): number => {
    const own = new Set(tokenize(label).map((token) => token.stem));
    const known = level.evidence === 'literal' ? own : wordsForLabel(label);
    return stems.reduce((sum, word) => sum + (known.has(word) ? 1 : 0) + (own.has(word) ? 0.5 : 0), 0);
  };
  const scored = labels.map((label) => ({ label, score: score(label) }));
  const best = scored.toSorted((a, b) => b.score - a.score)[0];
  const fallback = labels.find((label) => /^(?:other|general|none)$/i.test(label)) ?? labels[0] ?? '';
  return best !== undefined && best.score > 0 ? best.label : fallback;
}
