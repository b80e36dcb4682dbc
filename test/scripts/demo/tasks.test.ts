import assert from 'node:assert/strict';

import { backendBase } from '../../../gateway/agents/node/backend.ts';
import { parseGoldStore } from '../../../gateway/gold/store.ts';
import { parseNetwork } from '../../../scripts/demo/network-file.ts';
import { OWN_TASKS, goldLine, parseTasks, readTasks, splitTasks } from '../../../scripts/demo/tasks.ts';
import { UsageError } from '../../../scripts/lib/command.ts';

const row = (fields: object): string =>
  JSON.stringify({ prompt: 'What is 1 + 1?', family: 'maths', references: ['2'], ...fields });

describe('demo/tasks', () => {
  it('returns at least 48 different tasks in five families', () => {
    const tasks = readTasks(OWN_TASKS);
    assert.ok(tasks.length >= 48);
    assert.equal(new Set(tasks.map((task) => task.prompt)).size, tasks.length);
    const families = new Set(tasks.map((task) => task.family));
    assert.deepEqual([...families].toSorted(), ['classification', 'extraction', 'maths', 'reading', 'summary']);
    for (const task of tasks) assert.ok(task.references.length > 0);
  });

  it('returns tasks from JSON lines and skips empty lines', () => {
    assert.deepEqual(parseTasks(`${row({})}\n\n${row({ schema: { type: 'object' } })}\n`, 'f'), [
      { prompt: 'What is 1 + 1?', family: 'maths', references: ['2'] },
      { prompt: 'What is 1 + 1?', family: 'maths', references: ['2'], schema: { type: 'object' } },
    ]);
  });

  const broken: readonly (readonly [string, string])[] = [
    ['{', 'f:2: not a JSON object'],
    ['[]', 'f:2: not a JSON object'],
    [row({ prompt: ' ' }), 'f:2: prompt must be a text that is not empty'],
    [row({ family: 'poetry' }), 'f:2: family must be one of chat,'],
    [row({ references: 'two' }), 'f:2: references must be a list of texts'],
    [row({ references: [2] }), 'f:2: references must be a list of texts'],
    [row({ schema: [] }), 'f:2: schema must be a JSON Schema object'],
    [row({ refs: [] }), 'f:2: unknown field "refs"'],
  ];
  for (const [line, message] of broken) {
    it(`rejects a row: ${message}`, () => {
      assert.throws(
        () => parseTasks(`${row({})}\n${line}`, 'f'),
        (error) => error instanceof UsageError && error.message.startsWith(message) && !error.message.includes('\n'),
      );
    });
  }

  it('rejects a file that is empty or not there', () => {
    assert.throws(() => parseTasks('\n', 'f'), UsageError);
    assert.throws(() => readTasks('/nowhere/tasks.jsonl'), UsageError);
  });
});

describe('demo/golds', () => {
  const rows = (count: number, fields: (index: number) => object) =>
    parseTasks(Array.from({ length: count }, (_, index) => row(fields(index))).join('\n'), 'f');

  it('returns every fifth task as a gold, and sends all when they are few', () => {
    const tasks = rows(12, (index) => ({ prompt: `What is 1 + ${index}?` }));
    const split = splitTasks(tasks);
    assert.deepEqual(split.golds, [tasks[4], tasks[9]]);
    assert.equal(split.tasks.length, 10);
    assert.deepEqual(splitTasks(tasks.slice(0, 9)), { tasks: tasks.slice(0, 9), golds: [] });
  });

  it('returns as golds only what the gateway can read as such; the others are sent', () => {
    const schema = { type: 'object' };
    const unfit = [{ schema, references: ['the buyer is Nils Aker'] }, { references: [] }, { schema, references: [] }];
    for (const fields of unfit) {
      const tasks = rows(10, (index) => (index === 4 ? fields : {}));
      const split = splitTasks(tasks);
      assert.deepEqual(split, { tasks: tasks.filter((_, index) => index !== 9), golds: [tasks[9]] });
      assert.equal(parseGoldStore(split.golds.map(goldLine).join(''), 'golds').length, 1);
    }
  });

  it('returns a readable gold file for our own tasks', () => {
    const { golds } = splitTasks(readTasks(OWN_TASKS));
    assert.ok(golds.length >= 10);
    assert.equal(parseGoldStore(golds.map(goldLine).join(''), 'golds').length, golds.length);
  });
});

describe('demo/network-file', () => {
  const node = (fields: object = {}): object => ({
    name: 'mine',
    backendUrl: 'http://localhost:11434/v1/',
    model: 'llama3.2',
    price: { input: 100, output: 200 },
    ...fields,
  });

  it('returns base URLs from which the node agent reaches the API they mean', () => {
    const endpoints = [
      ['http://localhost:11434', 'http://localhost:11434/v1'],
      ['http://localhost:11434/v1/', 'http://localhost:11434/v1'],
      ['https://openrouter.ai/api/v1', 'https://openrouter.ai/api/v1'],
    ];
    for (const [backendUrl, endpoint] of endpoints) {
      const [parsed] = parseNetwork(JSON.stringify([node({ backendUrl })]), 'f');
      assert.deepEqual(parsed, { ...node(), backendUrl });
      assert.equal(backendBase(parsed?.backendUrl ?? ''), endpoint);
    }
  });

  const broken: readonly (readonly [unknown, RegExp])[] = [
    [{}, /expected a list/],
    [[], /expected a list/],
    [[7], /node 1: not an object/],
    [[node(), node()], /two nodes are called mine/],
    [[node({ backendUrl: 'ftp://x' })], /node 1: backendUrl/],
    [[node({ backendUrl: 'http:foo' })], /node 1: backendUrl/],
    [[node({ backendUrl: 'localhost:11434/v1' })], /node 1: backendUrl/],
    [[node({ model: '' })], /node 1: model/],
    [[node({ price: { input: 1 } })], /node 1: price/],
    [[node({ price: { input: 1.5, output: 1 } })], /node 1: price/],
    [[node({ apiKey: 'x' })], /node 1: unknown field "apiKey"/],
    [[node({ name: '<b>' })], /node 1: name/],
  ];
  for (const [content, message] of broken) {
    it(`rejects ${JSON.stringify(content).slice(0, 60)}`, () => {
      assert.throws(
        () => parseNetwork(JSON.stringify(content), 'f'),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    });
  }

  it('rejects what is not JSON', () => {
    assert.throws(() => parseNetwork('nodes: []', 'f'), UsageError);
  });
});
