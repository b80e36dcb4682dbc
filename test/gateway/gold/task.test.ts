import assert from 'node:assert/strict';

import { createSeededRandomInt } from '../../../gateway/gold/random.ts';
import { generateGold } from '../../../gateway/gold/source.ts';
import {
  CHECKERS,
  checkerId,
  goldKey,
  goldLeafOf,
  goldRequestBody,
  goldTaskJson,
  goldTruth,
  parseGoldTask,
} from '../../../gateway/gold/task.ts';
import type { GoldTask } from '../../../gateway/gold/task.ts';
import { chatContent } from '../../../gateway/protocol/content.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';

const SALT: Hex = `0x${'5a'.repeat(32)}`;
const task: GoldTask = {
  family: 'maths',
  body: { messages: [{ role: 'user', content: 'What is 6 * 7?' }], stream: true },
  reference: { kind: 'number', value: 42 },
};

function answered(content: string): string {
  const message = { role: 'assistant', content };
  return chatContent({ model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] });
}

describe('gold/task', () => {
  it('returns the same leaf however the answer is delivered, and another for any other content', () => {
    const json = goldTaskJson(task);
    const leaf = goldLeafOf(json, 3n, 1, SALT);
    assert.deepEqual(goldLeafOf({ ...json, body: { ...task.body, stream: false } }, 3n, 1, SALT), leaf);
    assert.deepEqual(goldLeafOf({ ...json, body: { ...task.body, model: 'auto' } }, 3n, 1, SALT), leaf);
    const shorter = goldLeafOf({ ...json, body: { ...task.body, max_tokens: 5 } }, 3n, 1, SALT);
    assert.notEqual(shorter.contentHash, leaf.contentHash);
    const other = goldLeafOf(goldTaskJson({ ...task, reference: { kind: 'number', value: 41 } }), 3n, 1, SALT);
    assert.notEqual(other.referenceHash, leaf.referenceHash);
    const salted = goldLeafOf(json, 3n, 1, `0x${'5b'.repeat(32)}`);
    assert.notEqual(salted.contentHash, leaf.contentHash);
    assert.notEqual(salted.referenceHash, leaf.referenceHash);
    assert.throws(() => goldLeafOf(json, 3n, 1, '0x5a'), RangeError);
  });

  it('returns a checker id for every kind of reference', () => {
    assert.equal(checkerId({ kind: 'number', value: 1 }), keccakText(CHECKERS.number));
    assert.equal(new Set(Object.values(CHECKERS)).size, 4);
  });

  it('returns the exact accuracy of an answer', () => {
    const json = goldTaskJson(task);
    assert.equal(goldTruth(json, answered('6 * 7 = 42. The answer is 42.')), 10_000);
    assert.equal(goldTruth(json, answered('The answer is 48.')), 0);
    assert.equal(goldTruth(json, answered('')), 0);
    const choice: GoldTask = { ...task, reference: { kind: 'choice', value: 'a b', options: ['a b', 'c'] } };
    assert.equal(goldTruth(goldTaskJson(choice), answered('A B.')), 10_000);
    const json2: GoldTask = { ...task, reference: { kind: 'json', value: { x: 1, y: 'z' } } };
    const half = goldTruth(goldTaskJson(json2), answered('{"x": 1, "y": "w"}'));
    assert.ok(half > 0 && half < 10_000, String(half));
  });

  it('returns a body that a caller could have sent', () => {
    assert.deepEqual(goldRequestBody(goldTaskJson(task)), { ...task.body, model: 'auto' });
  });

  it('returns a task unchanged through JSON', () => {
    const random = createSeededRandomInt('json');
    for (let index = 0; index < 40; index += 1) {
      const made = generateGold(random);
      const stored = JSON.parse(JSON.stringify(goldTaskJson(made))) as ReturnType<typeof goldTaskJson>;
      assert.deepEqual(parseGoldTask(stored), made);
      assert.equal(goldKey(parseGoldTask(stored)), goldKey(made));
    }
  });

  const broken = [
    { ...goldTaskJson(task), family: 'poetry' },
    { ...goldTaskJson(task), body: {} },
    { ...goldTaskJson(task), reference: { kind: 'number', value: '42' } },
    { ...goldTaskJson(task), reference: { kind: 'choice', value: 'a' } },
    { ...goldTaskJson(task), reference: { kind: 'text', answers: [] } },
    { ...goldTaskJson(task), reference: { kind: 'oracle' } },
    {},
  ];
  for (const json of broken) {
    it(`rejects ${JSON.stringify(json).slice(0, 110)}`, () => assert.throws(() => parseGoldTask(json), TypeError));
  }
});
