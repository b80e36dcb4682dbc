import assert from 'node:assert/strict';

import { arithmetic } from '../../../gateway/gold/generators/arithmetic.ts';
import { classification } from '../../../gateway/gold/generators/classification.ts';
import { extraction } from '../../../gateway/gold/generators/extraction.ts';
import { FORMS, formatted } from '../../../gateway/gold/generators/formatted.ts';
import { reading } from '../../../gateway/gold/generators/reading.ts';
import { createSeededRandomInt, pickSome } from '../../../gateway/gold/random.ts';
import { createGoldSource, generateGold } from '../../../gateway/gold/source.ts';
import { parseGoldStore } from '../../../gateway/gold/store.ts';
import { goldKey, goldTaskJson, goldTruth, parseGoldTask } from '../../../gateway/gold/task.ts';
import { constraintsOf } from '../../../gateway/poq/dimensions/constraints-of.ts';
import { formatScore } from '../../../gateway/poq/dimensions/format.ts';
import { readRequest } from '../../../gateway/poq/dimensions/request-view.ts';
import { createSchemaCheck } from '../../../gateway/poq/dimensions/schema-check.ts';
import { chatContent } from '../../../gateway/protocol/content.ts';

const constraintsIn = (prompt: string) =>
  constraintsOf(readRequest(JSON.stringify({ messages: [{ role: 'user', content: prompt }] })));
const checkSchema = createSchemaCheck();

const drafts = (generator: typeof arithmetic, count = 60) => {
  const random = createSeededRandomInt('drafts');
  return Array.from({ length: count }, () => generator(random));
};

describe('gold/generators', () => {
  it('returns tasks whose own reference scores full marks', () => {
    const random = createSeededRandomInt('self');
    for (let index = 0; index < 200; index += 1) {
      const { reference, ...task } = generateGold(random);
      const given = {
        number: () => (reference.kind === 'number' ? String(reference.value) : ''),
        choice: () => (reference.kind === 'choice' ? reference.value : ''),
        json: () => (reference.kind === 'json' ? JSON.stringify(reference.value) : ''),
        text: () => (reference.kind === 'text' ? (reference.answers[0] ?? '') : ''),
      }[reference.kind]();
      const message = { role: 'assistant', content: given };
      const response = chatContent({ model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] });
      const truth = goldTruth(goldTaskJson({ ...task, reference }), response);
      assert.ok(truth >= 9_000, `${truth} for ${given} to ${JSON.stringify(task.body)}`);
    }
  });

  it('returns whole, positive results of arithmetic', () => {
    for (const { reference } of drafts(arithmetic, 200)) {
      assert.ok(reference.kind === 'number' && Number.isInteger(reference.value) && reference.value >= 0);
    }
  });

  it('returns extraction tasks whose schema names exactly the facts of the reference', () => {
    for (const { schema, reference } of drafts(extraction)) {
      assert.ok(reference.kind === 'json' && schema !== undefined);
      assert.deepEqual(schema['required'], Object.keys(reference.value as object));
    }
  });

  it('returns passages that hold the answer, and the rival answer too', () => {
    for (const { prompt, reference } of drafts(reading)) {
      assert.ok(reference.kind === 'text' && reference.answers.some((answer) => prompt.includes(answer)));
      assert.match(prompt, /New [A-Z]/);
    }
  });

  it('returns choices among the options in the prompt', () => {
    for (const { prompt, reference } of drafts(classification)) {
      assert.ok(reference.kind === 'choice' && reference.options.includes(reference.value));
      for (const option of reference.options) assert.ok(prompt.includes(option));
    }
  });

  it('returns demands of form that a program can check, and that a right answer can meet', () => {
    const random = createSeededRandomInt('forms');
    for (const form of FORMS) {
      const { demand, meet } = form(random);
      const [constraint, ...more] = constraintsIn(demand);
      assert.ok(constraint !== undefined && more.length === 0, demand);
      assert.equal(formatScore(meet('42'), [constraint], checkSchema), 10_000);
      assert.equal(formatScore('forty two '.repeat(40), [constraint], checkSchema), 0);
    }
    const kinds = new Set<string>();
    for (const { prompt, reference } of drafts(formatted, 200)) {
      kinds.add(reference.kind);
      assert.equal(constraintsIn(prompt).length, 1, prompt);
    }
    assert.deepEqual([...kinds].toSorted(), ['number', 'text']);
  });

  it('returns no prompt twice in 3,000', () => {
    const [random, used] = [createSeededRandomInt('many'), new Set<`0x${string}`>()];
    for (let index = 0; index < 3_000; index += 1) generateGold(random, used);
    assert.equal(used.size, 3_000);
  });

  it('rejects a random source that repeats itself', () => {
    const used = new Set<`0x${string}`>();
    generateGold(() => 0, used);
    assert.throws(() => generateGold(() => 0, used), /repeats itself/);
  });
});

const ROWS = [
  { prompt: 'What is 1 + 1?', family: 'maths', references: ['2'] },
  { prompt: 'Good or bad?', family: 'classification', references: ['good'], options: ['good', 'bad'] },
  { prompt: 'Who?', family: 'reading', references: ['Ada', 'Ada Berg'] },
  { prompt: 'As JSON', family: 'extraction', references: ['{"a":1}'], schema: { type: 'object' } },
];

describe('gold/store', () => {
  it('returns references of the kind that the row calls for', () => {
    const tasks = parseGoldStore(ROWS.map((row) => JSON.stringify(row)).join('\n'), 'f');
    assert.deepEqual(
      tasks.map((task) => task.reference),
      [
        { kind: 'number', value: 2 },
        { kind: 'choice', value: 'good', options: ['good', 'bad'] },
        { kind: 'text', answers: ['Ada', 'Ada Berg'] },
        { kind: 'json', value: { a: 1 } },
      ],
    );
    assert.ok(tasks[3]?.body['response_format'] !== undefined);
  });

  for (const row of [
    '{',
    '[]',
    '{"prompt":"","family":"maths","references":["1"]}',
    '{"prompt":"x","family":"sums","references":["1"]}',
    '{"prompt":"x","family":"maths","references":[]}',
    '{"prompt":"x","family":"maths","references":["1"],"options":["2"]}',
    '{"prompt":"x","family":"extraction","references":["{"],"schema":{}}',
    '{"prompt":"x","family":"extraction","references":["{}"],"schema":7}',
  ]) {
    it(`rejects ${row} and names the line`, () => {
      assert.throws(() => parseGoldStore(`${JSON.stringify(ROWS[0])}\n${row}`, 'f'), /^TypeError: f:2: /);
    });
  }
});

describe('gold/source', () => {
  const stored = parseGoldStore(ROWS.map((row) => JSON.stringify(row)).join('\n'), 'f');

  it('returns every stored task once, among generated ones that never end', () => {
    const source = createGoldSource({ random: createSeededRandomInt('s'), stored });
    const taken = [...source.take(5), ...source.take(5), ...source.take(30)].map((json) =>
      goldKey(parseGoldTask(json)),
    );
    assert.equal(new Set(taken).size, 40);
    for (const task of stored) assert.ok(taken.includes(goldKey(task)));
  });

  it('returns no task that was used before', () => {
    const retired = new Set(stored.map(goldKey));
    const source = createGoldSource({ random: createSeededRandomInt('s'), stored, retired });
    for (const json of source.take(20)) assert.ok(!retired.has(goldKey(parseGoldTask(json))));
  });

  it('returns the same golds for the same seed', () => {
    const take = (seed: string) => createGoldSource({ random: createSeededRandomInt(seed), stored }).take(12);
    assert.deepEqual(take('a'), take('a'));
    assert.notDeepEqual(take('a'), take('b'));
  });
});

describe('gold/random', () => {
  it('returns integers below the bound, about equally often', () => {
    const random = createSeededRandomInt('r');
    const counts = [0, 0, 0, 0, 0];
    for (let index = 0; index < 5_000; index += 1) {
      const value = random(5);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(count > 850 && count < 1_150, String(counts));
    assert.equal(counts.length, 5);
    for (const bound of [0, -1, 1.5, 2 ** 40]) assert.throws(() => random(bound), RangeError);
    assert.deepEqual(pickSome(random, [1, 2, 3], 5).toSorted(), [1, 2, 3]);
  });
});
