import assert from 'node:assert/strict';

import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { kinOf } from '../../../gateway/registry/model-kin.ts';
import { createQualityBook } from '../../../gateway/registry/quality-book.ts';

describe('the kin of a model', () => {
  const akin: readonly (readonly [string, string])[] = [
    ['meta-llama/Llama-3.1-8B-Instruct', 'llama-3-8b'],
    ['qwen2.5-7b-instruct', 'Qwen/Qwen2.5-Coder-7B'],
    ['gpt-4o-mini', 'openai/gpt-4.1'],
    ['gemma-2-9b-it', 'gemma-2-9b-it:free'],
  ];
  for (const [one, other] of akin)
    it(`returns the same for ${one} and ${other}`, () => assert.equal(kinOf(one), kinOf(other)));

  const strangers: readonly (readonly [string, string])[] = [
    ['llama-3.1-8b', 'llama-3.1-70b'],
    ['llama-2-7b', 'llama-3-8b'],
    ['mistral-7b-instruct', 'gemma-7b'],
    ['model-1', 'model-2'],
    ['模型', 'другая'],
  ];
  for (const [one, other] of strangers)
    it(`returns different ones for ${one} and ${other}`, () => assert.notEqual(kinOf(one), kinOf(other)));

  it('returns something for any id', () => {
    for (const id of ['', '/', '---', '8b', 'a'.repeat(200)]) assert.equal(typeof kinOf(id), 'string');
  });
});

describe('the quality expected of a model without history', () => {
  const node = `0x${'01'.repeat(20)}` as const;
  const ask = (model: string) => ({ node, model: keccakText(model), kin: kinOf(model), family: 1, complexity: 5_000 });
  const tell = (book: ReturnType<typeof createQualityBook>, model: string, quality: number): void => {
    for (let time = 0; time < 30; time += 1)
      book.recordScore({ ...ask(model), node: `0x${'02'.repeat(20)}`, score: quality, quality });
  };

  it('returns more after good results of its kin, less after bad ones, and nothing new after those of strangers', () => {
    const expectAfter = (model: string, quality: number): number => {
      const book = createQualityBook();
      book.predict(ask(model));
      tell(book, model, quality);
      return book.predict(ask('llama-3.3-8b-instruct')).qualityBps;
    };
    const before = createQualityBook().predict(ask('llama-3.3-8b-instruct')).qualityBps;
    assert.ok(expectAfter('Llama-3.1-8B', 9_500) > before + 800);
    assert.ok(expectAfter('Llama-3.1-8B', 3_000) < before - 800);
    assert.equal(expectAfter('llama-3.1-70b', 9_500), before);
  });

  it('returns what the model itself has shown once it has', () => {
    const book = createQualityBook();
    for (const model of ['Llama-3.1-8B', 'llama-3.3-8b']) book.predict(ask(model));
    tell(book, 'Llama-3.1-8B', 3_000);
    const [kin] = [book.predict(ask('llama-3.3-8b')).qualityBps];
    tell(book, 'llama-3.3-8b', 9_000);
    assert.ok(book.predict(ask('llama-3.3-8b')).qualityBps > kin + 3_000);
  });
});
