import { contentTokens, splitSentences, wordCount } from './text.ts';

export type SummaryLevel = {
  /** Sentences by how much of the text they share, or simply the first ones. */
  readonly choice: 'central' | 'frequent' | 'lead' | 'last';
  readonly obeysLimits: boolean;
};

export type SummaryLimits = { readonly maxWords: number | undefined; readonly maxSentences: number | undefined };

/** Extractive: sentences of the text in their own order, within the asked length. */
export function summarise(text: string, limits: SummaryLimits, level: SummaryLevel): string {
  const sentences = splitSentences(text);
  const ranked = rank(sentences, level.choice);
  const { maxWords, maxSentences } = level.obeysLimits ? bounds(limits, sentences.length) : generous(sentences.length);
  const chosen: number[] = [];
  let words = 0;
  for (const index of ranked) {
    const length = wordCount(sentences[index] ?? '');
    if (chosen.length >= maxSentences || words + length > maxWords) continue;
    chosen.push(index);
    words += length;
  }
  if (chosen.length === 0) return clip(sentences[ranked[0] ?? 0] ?? '', maxWords);
  return chosen
    .toSorted((a, b) => a - b)
    .map((index) => sentences[index])
    .join(' ');
}

type Bounds = { readonly maxWords: number; readonly maxSentences: number };

function bounds(limits: SummaryLimits, count: number): Bounds {
  return {
    maxWords: limits.maxWords ?? Infinity,
    maxSentences: limits.maxSentences ?? Math.max(1, Math.ceil(count / 3)),
  };
}

function generous(count: number): Bounds {
  return { maxWords: Infinity, maxSentences: Math.ceil(count / 2) + 1 };
}

function rank(sentences: readonly string[], choice: SummaryLevel['choice']): number[] {
  const order = sentences.map((_, index) => index);
  if (choice === 'lead') return order;
  if (choice === 'last') return order.reverse();
  const scores = choice === 'frequent' ? frequency(sentences) : centrality(sentences);
  return order.toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
}

/** How common a sentence's content words are in the whole text, on average: the judge's own measure. */
function frequency(sentences: readonly string[]): number[] {
  const stems = sentences.map((sentence) => contentTokens(sentence).map((token) => token.stem));
  const all = stems.flat();
  return stems.map((list) => {
    const common = list.reduce((sum, word) => sum + all.filter((other) => other === word).length, 0);
    return list.length === 0 ? 0 : common / list.length;
  });
}

/** LexRank by power iteration on rarity-weighted cosine similarity, with a little credit for standing early. */
function centrality(sentences: readonly string[]): number[] {
  const stems = sentences.map((sentence) => new Set(contentTokens(sentence).map((token) => token.stem)));
  const weight = (word: string): number =>
    Math.log(1 + sentences.length / (1 + stems.filter((set) => set.has(word)).length));
  const norm = (set: ReadonlySet<string>): number =>
    Math.sqrt([...set].reduce((sum, word) => sum + weight(word) ** 2, 0));
  const similarity = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
    const shared = [...a].filter((word) => b.has(word)).reduce((sum, word) => sum + weight(word) ** 2, 0);
    const scale = norm(a) * norm(b);
    return scale === 0 ? 0 : shared / scale;
  };
  const edges = stems.map((a, i) => stems.map((b, j) => (i === j ? 0 : similarity(a, b))));
  let scores = sentences.map(() => 1 / Math.max(1, sentences.length));
  for (let round = 0; round < 20; round += 1) {
    scores = scores.map((_, i) => {
      const received = edges.reduce((sum, row, j) => {
        const out = row.reduce((total, value) => total + value, 0);
        return sum + (out === 0 ? 0 : ((row[i] ?? 0) / out) * (scores[j] ?? 0));
      }, 0);
      return 0.15 / sentences.length + 0.85 * received;
    });
  }
  return scores.map((score, index) => score * (index === 0 ? 2 : 1 + 0.2 / (1 + index)));
}

/** A sentence that is too long loses its side remarks first, then its end. */
function clip(sentence: string, maxWords: number): string {
  if (wordCount(sentence) <= maxWords) return sentence;
  const bare = sentence.replace(/\s*\([^)]*\)/g, '').replace(/,\s+(?:which|who|where)[^,.]*(?=[,.])/g, '');
  if (wordCount(bare) <= maxWords) return bare;
  return `${bare
    .split(/\s+/)
    .slice(0, maxWords)
    .join(' ')
    .replace(/[,;:.]$/, '')}.`;
}
