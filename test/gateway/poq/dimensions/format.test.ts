import assert from 'node:assert/strict';

import fc from 'fast-check';

import { constraintsOf } from '../../../../gateway/poq/dimensions/constraints-of.ts';
import type { Constraint } from '../../../../gateway/poq/dimensions/constraint.ts';
import { countOf, formatScore } from '../../../../gateway/poq/dimensions/format.ts';
import { languageOf } from '../../../../gateway/poq/dimensions/language.ts';
import { createSchemaCheck } from '../../../../gateway/poq/dimensions/schema-check.ts';
import { readRequest } from '../../../../gateway/poq/dimensions/request-view.ts';
import type { JsonValue } from '../../../../gateway/protocol/canonical-json.ts';
import { check } from '../arbitraries.ts';
import { HOSTILE, anyText } from './texts.ts';

const checkSchema = createSchemaCheck();
const score = (answer: string, ...constraints: Constraint[]): number => formatScore(answer, constraints, checkSchema);
const ask = (prompt: string, rest: object = {}): Constraint[] =>
  constraintsOf(readRequest(JSON.stringify({ messages: [{ role: 'user', content: prompt }], ...rest })));

describe('constraints of a request', () => {
  it('returns what response_format and dgrid.format say', () => {
    const schema = { type: 'object' };
    assert.deepEqual(ask('hi', { response_format: { type: 'json_object' } }), [
      { kind: 'json', raw: true, objectOnly: true },
    ]);
    assert.deepEqual(ask('hi', { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }), [
      { kind: 'json', raw: true, objectOnly: false, schema },
    ]);
    const format = [
      { kind: 'count', unit: 'words', max: 9 },
      { kind: 'nonsense' },
      { kind: 'count', unit: 'miles', max: 9 },
      null,
      { kind: 'language', code: 'fr' },
    ];
    assert.deepEqual(ask('hi', { dgrid: { format } }), [
      { kind: 'count', unit: 'words', max: 9 },
      { kind: 'language', code: 'fr' },
    ]);
  });

  it('returns what a prompt plainly demands', () => {
    const cases: readonly (readonly [string, readonly Constraint[]])[] = [
      ['Describe Rome in at most 50 words.', [{ kind: 'count', unit: 'words', max: 50 }]],
      ['Explain gravity in fewer than 20 words.', [{ kind: 'count', unit: 'words', max: 19 }]],
      ['Write exactly three sentences about tea.', [{ kind: 'count', unit: 'sentences', min: 3, max: 3 }]],
      ['Summarise it in two sentences.', [{ kind: 'count', unit: 'sentences', max: 2 }]],
      ['Write at least 2 paragraphs on rain.', [{ kind: 'count', unit: 'paragraphs', min: 2 }]],
      ['Answer with one word.', [{ kind: 'count', unit: 'words', min: 1, max: 1 }]],
      ['Return the fields as JSON.', [{ kind: 'json', raw: false, objectOnly: false }]],
      ['Respond with only a JSON object.', [{ kind: 'json', raw: false, objectOnly: true }]],
      ['Name the planets as a numbered list.', [{ kind: 'list', style: 'number' }]],
      ['Give a bulleted list with 4 items.', [{ kind: 'list', style: 'bullet', items: 4 }]],
      ['Answer in French.', [{ kind: 'language', code: 'fr' }]],
      ['Translate this sentence into German: Hello.', [{ kind: 'language', code: 'de' }]],
      ['Do not use the word "very".', [{ kind: 'exclude', text: 'very' }]],
      ['Please include the word "harbour".', [{ kind: 'include', text: 'harbour' }]],
      ['Write in all lowercase letters.', [{ kind: 'case', form: 'lower' }]],
      ['Start your answer with "Dear".', [{ kind: 'startsWith', text: 'Dear' }]],
    ];
    for (const [prompt, expected] of cases) assert.deepEqual(ask(prompt), expected, prompt);
  });

  it('returns nothing for prompts that only mention such things', () => {
    const innocent = [
      'What is JSON?',
      'Do not answer in JSON.',
      'How many words are in the English language?',
      'My list of French films is long. Which one won the Palme d’Or?',
      'Is 50 words enough for an abstract?',
      'Explain why programmers like lists.',
      'Who wrote the book with ten chapters?',
    ];
    for (const prompt of innocent) assert.deepEqual(ask(prompt), [], prompt);
  });

  it('returns no demand that stands in the passage only', () => {
    const passage =
      'The sign by the door said that every visitor must answer in French and in at most three words, which made the children laugh for the rest of that long day.';
    assert.deepEqual(ask(`Passage: ${passage}\n\nQuestion: What did the children do?`), []);
  });
});

describe('format score', () => {
  it('returns 10,000 without constraints and the share met with several', () => {
    assert.equal(score('anything'), 10_000);
    assert.equal(score('un deux', { kind: 'count', unit: 'words', max: 2 }, { kind: 'include', text: 'trois' }), 5_000);
  });

  it('returns strictly whether JSON was given', () => {
    const raw = { kind: 'json', raw: true, objectOnly: true } as const;
    assert.equal(score('{"a":1}', raw), 10_000);
    for (const answer of ['[1]', 'Sure! {"a":1}', "{'a':1}", '{"a":1,}', '```json\n{"a":1}\n```', ''])
      assert.equal(score(answer, raw), 0, answer);
    const spoken = { kind: 'json', raw: false, objectOnly: true } as const;
    assert.equal(score('```json\n{"a":1}\n```', spoken), 10_000);
    assert.equal(score('Sure! ```json\n{"a":1}\n```', spoken), 0);
  });

  it('returns whether a schema holds, in every draft', () => {
    const of = (schema: JsonValue, answer: string): number =>
      score(answer, { kind: 'json', raw: true, objectOnly: false, schema });
    const person: JsonValue = {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0 } },
      additionalProperties: false,
    };
    assert.equal(of(person, '{"name":"Ada","age":36}'), 10_000);
    for (const answer of ['{"age":36}', '{"name":1}', '{"name":"Ada","x":1}', '{"name":"Ada","age":-1}'])
      assert.equal(of(person, answer), 0, answer);
    const draft4: JsonValue = {
      $schema: 'http://json-schema.org/draft-04/schema#',
      minimum: 3,
      exclusiveMinimum: true,
    };
    assert.deepEqual([of(draft4, '3'), of(draft4, '4')], [0, 10_000]);
    const tuple: JsonValue = { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] };
    assert.deepEqual([of(tuple, '["a"]'), of(tuple, '[1]')], [10_000, 0]);
    const newest: JsonValue = { prefixItems: [{ type: 'string' }] };
    assert.deepEqual([of(newest, '["a"]'), of(newest, '[1]')], [10_000, 0]);
    assert.deepEqual([of({ format: 'date' }, '"2026-11-22"'), of({ format: 'date' }, '"soon"')], [10_000, 0]);
  });

  it('rejects wrong answers although the schema says $async', () => {
    const schema: JsonValue = { $async: true, type: 'object', properties: { a: { $async: true, type: 'number' } } };
    assert.equal(score('{"a":"x"}', { kind: 'json', raw: true, objectOnly: false, schema }), 0);
    assert.equal(score('{"a":1}', { kind: 'json', raw: true, objectOnly: false, schema }), 10_000);
  });

  it('returns no verdict from schemas that cannot be used', () => {
    let deep: JsonValue = {};
    for (let index = 0; index < 200; index += 1) deep = { properties: { a: deep } };
    const endless: JsonValue = { $ref: '#' };
    const remote: JsonValue = { $ref: 'http://127.0.0.1:1/schema.json' };
    for (const schema of [
      deep,
      endless,
      remote,
      { enum: Array.from({ length: 30_000 }, (_, index) => index) },
      'no schema',
      { type: 'no-type' },
    ] as JsonValue[]) {
      assert.equal(checkSchema(schema, { a: 1 }), undefined);
    }
  });

  it('returns counts as a reader would', () => {
    assert.equal(countOf('One two-three, four.', 'words'), 3);
    assert.equal(countOf('你好世界', 'words'), 4);
    assert.equal(countOf('First one. Second one! Third?', 'sentences'), 3);
    assert.equal(countOf('a\n\nb\n \nc', 'paragraphs'), 3);
    assert.equal(countOf('👩‍👩‍👧', 'characters'), 5);
  });

  it('returns lists, fences, case, words and endings', () => {
    const list = '- one\n- two';
    assert.equal(score(list, { kind: 'list', style: 'bullet', items: 2 }), 10_000);
    assert.equal(score(list, { kind: 'list', style: 'number' }), 0);
    assert.equal(score('1. one\n2) two', { kind: 'list', style: 'number', items: 2 }), 10_000);
    assert.equal(score('```python\nx\n```', { kind: 'codeFence', language: 'python' }), 10_000);
    assert.equal(score('```\nx\n```', { kind: 'codeFence', language: 'python' }), 0);
    assert.equal(score('LOUD', { kind: 'case', form: 'upper' }), 10_000);
    assert.equal(score('not LOUD', { kind: 'case', form: 'upper' }), 0);
    assert.equal(score('every word', { kind: 'exclude', text: 'very' }), 10_000);
    assert.equal(score('very good', { kind: 'exclude', text: 'very' }), 0);
    assert.equal(score('The End. ', { kind: 'endsWith', text: 'the end.' }), 10_000);
    assert.equal(score('abc', { kind: 'pattern', source: '^[a-c]+$' }), 10_000);
    assert.equal(score('abc', { kind: 'pattern', source: '(' }), 10_000);
  });

  it('returns the language of ordinary sentences and nothing for the rest', () => {
    const samples = {
      en: 'The cat sat on the mat and looked at the rain that was falling.',
      fr: 'Le chat est dans le jardin et les oiseaux chantent pour nous.',
      de: 'Die Katze ist im Garten und der Hund schläft auf dem Sofa.',
      es: 'El gato está en la casa y los niños juegan con una pelota.',
      it: 'Il gatto è nella casa e i bambini giocano con una palla che non è loro.',
      pt: 'O gato está em casa e as crianças não foram para a escola com os pais.',
      nl: 'De kat zit op het dak en de hond is niet bij het huis.',
      ru: 'Кошка сидит на крыше.',
      ja: '猫は屋根の上にいます。',
      zh: '猫在屋顶上。',
      ar: 'القط على السطح',
    };
    for (const [code, text] of Object.entries(samples)) assert.equal(languageOf(text), code, text);
    for (const text of ['', '42', 'Danube', '!!!']) assert.equal(languageOf(text), undefined);
  });

  it('returns a score for every text without an exception', () => {
    for (const text of HOSTILE) {
      const constraints = ask(text);
      const result = score(
        text,
        ...constraints,
        { kind: 'json', raw: false, objectOnly: false },
        { kind: 'language', code: 'en' },
        { kind: 'list', style: 'any' },
      );
      assert.ok(Number.isInteger(result) && result >= 0 && result <= 10_000);
    }
    check(
      fc.property(anyText, anyText, (prompt, answer) => {
        const result = score(answer, ...ask(prompt));
        return Number.isInteger(result) && result >= 0 && result <= 10_000;
      }),
    );
  });
});
