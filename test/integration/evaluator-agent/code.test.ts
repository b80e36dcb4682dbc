import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SANDBOX_FLAGS, createCodeRunner } from '../../../gateway/agents/evaluator/scorers/code-runner.ts';
import type { CodeRunner } from '../../../gateway/agents/evaluator/scorers/code-runner.ts';
import { createCodeScorer } from '../../../gateway/agents/evaluator/scorers/code.ts';
import { LONG_MS, base, evaluandOf, startModel, stopModels } from './model-servers.ts';

const PROMPT = 'Write a JavaScript function add. add(1, 2) returns 3, and add(-1, 1) returns 0.';
const fenced = (code: string): string => `Here it is:\n\`\`\`js\n${code}\n\`\`\``;

function runnerOf(runner: string, timeoutMs = LONG_MS): CodeRunner {
  const run = createCodeRunner({ runner, timeoutMs });
  assert.ok(run !== undefined);
  return run;
}

describe('code by tests', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-code-'));
  after(() => rmSync(folder, { recursive: true }));
  afterEach(stopModels);

  const valuesOf = (code: string, ...expressions: string[]) =>
    runnerOf('sandbox')({ language: 'js', code, expressions });

  async function accuracyOf(answer: string, run = runnerOf('sandbox')) {
    const silent: unknown[] = [];
    const scorer = createCodeScorer({ base, run, runner: 'sandbox', onSilent: (reason) => silent.push(reason) });
    return { accuracy: (await scorer.score(evaluandOf(PROMPT, answer))).accuracy, silent: silent.length };
  }

  it('returns 8,000 of the accuracy by the examples that hold', async () => {
    // 4,000 comes from the base scorer
    assert.deepEqual(await accuracyOf(fenced('export const add = (a, b) => a + b;')), { accuracy: 8_800, silent: 0 });
    assert.deepEqual(await accuracyOf(fenced('function add(a, b) { return 3; }')), { accuracy: 4_800, silent: 0 });
    assert.deepEqual(await accuracyOf(fenced('function add(a, b) {')), { accuracy: 800, silent: 0 });
  });

  it('returns the base scores where the request states no example', async () => {
    const run: CodeRunner = () => Promise.reject(new Error('must not be asked'));
    const scorer = createCodeScorer({ base, run, runner: 'x', onSilent: (reason) => assert.fail(String(reason)) });
    assert.equal((await scorer.score(evaluandOf('Who wrote it?', 'add'))).accuracy, 4_000);
  });

  it('returns nothing of the scope around the code', async () => {
    const escape = "const p = this.constructor.constructor('return process')(); function f() { return p.version; }";
    assert.deepEqual(await valuesOf(escape, 'f()'), [undefined]);
    assert.deepEqual(await valuesOf('', 'typeof process', 'typeof fetch', 'typeof require', '1 + 1'), [
      'undefined',
      'undefined',
      'undefined',
      2,
    ]);
  });

  it('rejects files, processes, threads, network and eval even to code that broke out', () => {
    const attempts = [
      "require('node:fs').readFileSync('/etc/hostname')",
      "require('node:fs').writeFileSync('/tmp/dgrid-never', '')",
      "require('node:child_process').execSync('id')",
      "new (require('node:worker_threads').Worker)('1', { eval: true })",
      "require('node:dns').lookup('localhost', (e) => { if (e) throw e; console.log('reached'); })",
      "require('node:net').connect(1, '127.0.0.1').on('error', (e) => { if (e.code === 'ECONNREFUSED') console.log('reached'); else throw e; })",
      "eval('1')",
    ];
    for (const attempt of attempts) {
      const source = `${attempt}; process.on('exit', (status) => { if (status === 0) console.log('through'); });`;
      const { stdout, status } = spawnSync(process.execPath, [...SANDBOX_FLAGS, '-e', source], {
        encoding: 'utf8',
        env: {},
      });
      assert.deepEqual([stdout, status === 0], ['', false], attempt);
    }
  });

  it('rejects in time what does not end, fills the memory, or floods', async () => {
    await assert.rejects(
      runnerOf('sandbox', 300)({ language: '', code: 'for (;;);', expressions: ['1'] }),
      /past its deadline/,
    );
    await assert.rejects(valuesOf('const a = []; for (;;) a.push(new Array(1e6).fill(1));', '1'));
    await assert.rejects(valuesOf('', '"x".repeat(200000)'), /more than/);
    assert.equal((await accuracyOf(fenced('const a = []; for (;;) a.push(new Array(1e6).fill(1));'))).accuracy, 4_000);
  });

  it('returns the values of a program and of a server that are configured instead', async () => {
    const program = join(folder, 'runner.sh');
    writeFileSync(program, '#!/bin/sh\ncat >/dev/null\necho \'{"values": [[3], [0]]}\'\n');
    chmodSync(program, 0o700);
    const job = { language: 'py', code: '$(touch /tmp/never); `id`', expressions: ['add(1, 2)', 'add(-1, 1)'] };
    assert.deepEqual(await runnerOf(program)(job), [3, 0]);
    const server = await startModel((body, response) => {
      assert.deepEqual(JSON.parse(body), job);
      response.end('{"values": [[3], []]}');
    });
    assert.deepEqual(await runnerOf(server.url)(job), [3, undefined]);
    const wrong = await startModel((_, response) => response.end('{"values": [[3]]}'));
    await assert.rejects(runnerOf(wrong.url)(job), /no values/);
    await assert.rejects(runnerOf(join(folder, 'absent'))(job));
    assert.equal(createCodeRunner({ runner: '', timeoutMs: 1 }), undefined);
  });
});
