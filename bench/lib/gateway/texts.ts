import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Prose of any length by a small seeded generator: every run repeats it, and no two texts are alike. Its words are those
 * that a tokenizer learned, in the order in which it learned them, as often as words of a language are (the law of Zipf
 * and Mandelbrot); some are put together of two, as names and technical terms are. A hundred kilobytes have
 * some six thousand different words, more than a book has on as many pages.
 */
const EXPONENT = 1.15;
const OFFSET = 2.7;
const COMPOUND = 0.02;
const NUMBER = 0.01;
const COMMA = 0.07;
const PARAGRAPH = 0.15;

function learnedWords(): readonly string[] {
  const list = readFileSync(fileURLToPath(import.meta.resolve('gpt-tokenizer/data/o200k_base.tiktoken')), 'latin1');
  return list.split('\n').flatMap((line) => {
    const token = Buffer.from(line.slice(0, line.indexOf(' ')), 'base64').toString('latin1');
    return /^ [a-z]{2,}$/.test(token) ? [token.slice(1)] : [];
  });
}

export function createTexts(seed: number): (bytes: number) => string {
  const words = learnedWords();
  let state = seed >>> 0 || 1;
  const chance = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const [first, last] = [OFFSET ** (1 - EXPONENT), (words.length + OFFSET) ** (1 - EXPONENT)];
  const common = (): string => {
    const rank = (first - chance() * (first - last)) ** (1 / (1 - EXPONENT)) - OFFSET;
    return words[Math.min(words.length - 1, Math.floor(rank))] ?? '';
  };
  const word = (): string => {
    if (chance() < NUMBER) return String(Math.floor(chance() * 3_000));
    return chance() < COMPOUND ? common() + (words[Math.floor(chance() * words.length)] ?? '') : common();
  };
  const sentence = (): string => {
    const parts = Array.from({ length: 5 + Math.floor(chance() * 20) }, () =>
      chance() < COMMA ? `${word()},` : word(),
    );
    const text = parts.join(' ').replace(/,?$/, '.');
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}${chance() < PARAGRAPH ? '\n\n' : ' '}`;
  };
  return (bytes) => {
    const sentences: string[] = [];
    for (let size = 0; size < bytes;) {
      const made = sentence();
      sentences.push(made);
      size += made.length;
    }
    return sentences.join('').slice(0, bytes);
  };
}
