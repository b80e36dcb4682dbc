import assert from 'node:assert/strict';

import fc from 'fast-check';

import { decodeBytes } from '../../../gateway/route/text/base64.ts';
import { CUE_GROUPS, markCues } from '../../../gateway/route/text/cues.ts';
import { answerLengthOf } from '../../../gateway/route/text/answer-length.ts';
import { withoutCourtesy } from '../../../gateway/route/text/courtesy.ts';
import { languageOf } from '../../../gateway/route/text/language.ts';
import { SURFACE_FEATURES } from '../../../gateway/route/text/surface.ts';
import { BUCKETS, createFeatureReader } from '../../../gateway/route/text/features.ts';
import { instructionOf } from '../../../gateway/route/text/instruction.ts';
import { bounded, WINDOW } from '../../../gateway/route/text/window.ts';

describe('text features', () => {
  const reader = createFeatureReader();
  const read = (text: string): string[] => {
    const { size, buckets, counts, surface } = reader.read(text);
    const pairs = Array.from({ length: size }, (_, index) => `${buckets[index]}:${counts[index]}`);
    return [...pairs, ...Array.from(surface, String)];
  };

  it('returns the same whatever was read before', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 300 }), (before, text) => {
        const fresh = createFeatureReader().read(text);
        const expected = [fresh.size, ...fresh.buckets.slice(0, fresh.size), ...fresh.surface];
        reader.read(before);
        const again = reader.read(text);
        assert.deepEqual([again.size, ...again.buckets.slice(0, again.size), ...again.surface], expected);
      }),
      { seed: 11, numRuns: 20 },
    );
  });

  it('returns distinct buckets in range and finite counts for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        const { size, buckets, surface } = reader.read(text);
        const used = buckets.subarray(0, size);
        assert.equal(new Set(used).size, size);
        assert.ok(used.every((bucket) => bucket >= 0 && bucket < BUCKETS));
        assert.ok(surface.every(Number.isFinite));
      }),
      { seed: 12 },
    );
  });

  it('reads the ends of a long text only: what stands between changes nothing but its length', () => {
    const [start, end] = ['Summarise this. '.repeat(300), ' And keep it short.'.repeat(200)];
    assert.deepEqual(read(`${start}${'a'.repeat(50_000)}${end}`), read(`${start}${'?'.repeat(50_000)}${end}`));
    assert.ok(bounded('x'.repeat(10_000_000)).length <= WINDOW + 1);
    assert.ok(instructionOf('x'.repeat(10_000_000)).length < 300);
  });

  it('returns the first and the last line as the instruction', () => {
    assert.equal(instructionOf(`Translate:\n${'x '.repeat(200)}\ninto French`), 'Translate:\ninto French');
    assert.equal(instructionOf('  Hello\n'), 'Hello');
  });

  it('returns the same for a request with courtesy around it, and for blank lines', () => {
    const plain = 'Which river flows through Vienna?\nName its length, too.';
    for (const polite of [
      `Please answer this: ${plain}`,
      `Hello, please ${plain}`,
      `${plain}\n\nThanks a lot!`,
      `\n${plain} Merci d'avance.\n`,
    ]) {
      assert.equal(withoutCourtesy(polite), plain);
      assert.deepEqual(read(polite).slice(0, -SURFACE_FEATURES.length), read(plain).slice(0, -SURFACE_FEATURES.length));
    }
    for (const courtesy of ['Thanks!', 'Hello there', 'please', '']) assert.equal(withoutCourtesy(courtesy), courtesy);
    const lines = SURFACE_FEATURES.indexOf('lines');
    const linesOf = (text: string): number | undefined => reader.read(text).surface[lines];
    assert.equal(linesOf(plain), linesOf(plain.replace('\n', '\n\n\n')));
  });

  const languages: readonly (readonly [string, string | undefined])[] = [
    ['What is the capital of Norway?', 'en'],
    ['Wie heißt die Hauptstadt von Norwegen?', 'de'],
    ['Quelle est la capitale de la Norvège ?', 'fr'],
    ['¿Cuál es la capital de Noruega?', 'es'],
    ['Qual è la capitale della Norvegia?', 'it'],
    ['Qual é a capital da Noruega? Não sei.', 'pt'],
    ['Wat is de hoofdstad van Noorwegen?', 'nl'],
    ['Jaka jest stolica Norwegii i co to jest fiord?', 'pl'],
    ['挪威的首都是哪里？', 'zh'],
    ['ノルウェーの首都はどこですか。', 'ja'],
    ['노르웨이의 수도는 어디입니까?', 'ko'],
    ['Какая столица Норвегии?', 'ru'],
    ['ما هي عاصمة النرويج؟', 'ar'],
    ['x = 3; y = 4', undefined],
    ['', undefined],
  ];
  for (const [text, language] of languages)
    it(`returns ${language ?? 'no language'} for "${text}"`, () => assert.equal(languageOf(text), language));

  const lengths: readonly (readonly [string, number | undefined, number])[] = [
    ['summarise this in one sentence', 25, 1],
    ['write a 500-word essay on bees', 700, 1],
    ['list 20 rivers', 300, 1],
    ['five catchy names for a band', 75, 1],
    ['fasse das in zwei sätzen zusammen', 50, 1],
    ['answer with one word', 8, 1],
    ['explain in detail', undefined, 2],
    ['a short poem about rain', undefined, 0.5],
    ['who are you?', undefined, 1],
    ['9999 pages', 8_192, 1],
  ];
  for (const [text, tokens, factor] of lengths)
    it(`returns ${tokens ?? `${factor} times the usual`} tokens for "${text}"`, () =>
      assert.deepEqual(answerLengthOf(text), { tokens, factor }));

  it('marks words that name a task, in any language', () => {
    const marks = new Float64Array(CUE_GROUPS.length);
    const marked = (text: string): string[] => {
      markCues(text.toLowerCase(), marks);
      return CUE_GROUPS.filter((_, index) => marks[index] === 1);
    };
    for (const text of ['Translate this', 'Traduis ceci', 'Переведи', '请翻译', 'Bitte übersetze'])
      assert.ok(marked(text).includes('translation'), text);
    assert.ok(marked('Hi!').includes('chat'));
    assert.ok(!marked('History').includes('chat'), 'a whole word, not the start of one');
    assert.deepEqual(marked(''), []);
  });
});

describe('base64', () => {
  it('returns the bytes that the platform encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.deepEqual([...decodeBytes(Buffer.from(bytes).toString('base64'))], [...bytes]);
      }),
      { seed: 13 },
    );
  });
});
