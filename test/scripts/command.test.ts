import assert from 'node:assert/strict';

import { CommandError, Exit, UsageError, defineCommand, toJson } from '../../scripts/lib/command.ts';
import { run } from './support/run.ts';

const echo = defineCommand(
  {
    name: 'echo',
    summary: 'Says what it was given.',
    positionals: '[word]...',
    options: {
      loud: { type: 'boolean', help: 'louder' },
      times: { type: 'string', value: 'N', help: 'how often' },
      fail: { type: 'string', value: 'HOW', help: 'fail' },
    },
  },
  async ({ options, positionals, io }) => {
    if (options.fail === 'usage') throw new UsageError('that\nis wrong');
    if (options.fail === 'command') throw new CommandError('cannot', Exit.unavailable);
    if (options.fail === 'other') throw new TypeError('something broke');
    io.stdout(toJson({ loud: options.loud, times: options.times ?? null, positionals }));
    return Promise.resolve(Exit.ok);
  },
);

const strict = defineCommand({ name: 'strict', summary: 'Takes no words.', options: {} }, async () =>
  Promise.resolve(0),
);

describe('scripts/lib/command', () => {
  it('returns options and words', async () => {
    const outcome = await run(echo, ['a', '--loud', '--times', '3', 'b']);
    assert.deepEqual(outcome.json(), { loud: true, times: '3', positionals: ['a', 'b'] });
    assert.deepEqual((await run(echo, [])).json(), { loud: false, times: null, positionals: [] });
  });

  it('shows its options with --help and returns 0', async () => {
    const { code, out } = await run(echo, ['--help']);
    assert.equal(code, 0);
    for (const part of [
      'Says what',
      'npx node scripts/echo.ts [word]... [options]',
      '--times N',
      'how often',
      '--help',
    ]) {
      assert.ok(out.includes(part), part);
    }
  });

  for (const argv of [['--colour'], ['--times'], ['--loud=yes'], ['--fail', 'usage']]) {
    it(`rejects ${argv.join(' ')} with one line and exit code 2`, async () => {
      const { code, out, err } = await run(echo, argv);
      assert.deepEqual([code, out], [2, '']);
      assert.equal(err.split('\n').length, 1);
      assert.ok(err.startsWith('echo: '));
    });
  }

  it('rejects words where none are expected', async () => {
    assert.equal((await run(strict, ['word'])).code, 2);
  });

  it('returns the exit code of a failure, and 1 for what nobody foresaw, without a stack trace', async () => {
    assert.equal((await run(echo, ['--fail', 'command'])).code, 3);
    const { code, err } = await run(echo, ['--fail', 'other']);
    assert.deepEqual([code, err], [1, 'echo: something broke']);
  });
});

describe('scripts/lib/command toJson', () => {
  it('writes integers beyond numbers as decimal strings', () => {
    assert.equal(toJson({ amount: 10n ** 30n, count: 3 }), '{"amount":"1000000000000000000000000000000","count":3}');
  });
});
