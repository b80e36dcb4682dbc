import assert from 'node:assert/strict';

import { parseDemoOptions } from '../../../scripts/demo/options.ts';
import { paceOf } from '../../../scripts/demo/pace.ts';
import { createProgress } from '../../../scripts/demo/progress.ts';
import { demo } from '../../../scripts/demo.ts';
import { UsageError } from '../../../scripts/lib/command.ts';

type Values = Parameters<typeof parseDemoOptions>[0];
const NONE: Values = {
  seed: undefined,
  keep: false,
  tasks: undefined,
  network: undefined,
  epochs: undefined,
  slow: undefined,
  chain: undefined,
  rpc: undefined,
  json: false,
};

describe('demo/options', () => {
  it('returns four epochs of our own tasks on a local chain when nothing is said', () => {
    const { tasks, ...options } = parseDemoOptions(NONE);
    assert.ok(tasks.length >= 48);
    assert.deepEqual(options, {
      seed: '1',
      keep: false,
      json: false,
      epochs: 4,
      slow: 1,
      chain: 'hardhat',
      rpc: undefined,
      network: undefined,
      isOwnCast: true,
    });
  });

  it('returns a foreign chain for --rpc', () => {
    const { chain, rpc } = parseDemoOptions({ ...NONE, rpc: 'http://127.0.0.1:8545' });
    assert.deepEqual([chain, rpc], ['rpc', 'http://127.0.0.1:8545']);
  });

  const broken: readonly Partial<Values>[] = [
    { seed: '' },
    { epochs: '0' },
    { epochs: '21' },
    { epochs: '2.5' },
    { chain: 'ganache' },
    { rpc: 'localhost:8545' },
    { rpc: 'http://127.0.0.1:8545', chain: 'anvil' },
    { tasks: '/nowhere.jsonl' },
    { network: '/nowhere.json' },
  ];
  for (const values of broken) {
    it(`rejects ${JSON.stringify(values)}`, () => {
      assert.throws(() => parseDemoOptions({ ...NONE, ...values }), UsageError);
    });
  }

  it('returns exit code 2 and one line for a broken option, and starts nothing', async () => {
    for (const argv of [['--epochs', 'x'], ['--nope'], ['extra'], ['--chain', 'x']]) {
      const [out, err]: [string[], string[]] = [[], []];
      const io = { env: {}, stdout: (line: string) => out.push(line), stderr: (line: string) => err.push(line) };
      assert.equal(await demo(argv, io), 2);
      assert.deepEqual([out.length, err.length], [0, 1]);
    }
  });
});

describe('demo/pace', () => {
  it('returns the shortest windows on a free machine, longer ones on a busy one and for slow blocks', () => {
    assert.deepEqual(paceOf(1.1, 0.4), { factor: 1, epochDuration: 8, recordWindow: 6, answerTimeoutMs: 1_500 });
    assert.deepEqual(paceOf(2.6, 0.4), { factor: 2, epochDuration: 16, recordWindow: 12, answerTimeoutMs: 3_000 });
    assert.equal(paceOf(50, 0.4).epochDuration, 20);
    assert.deepEqual(paceOf(1, 0.4, 2), paceOf(2.6, 0.4));
    assert.equal(paceOf(50, 0.4, 3).epochDuration, 24);
    // An epoch's distribution must be final before the second epoch after it begins.
    for (const contention of [1, 1.5, 2, 3, 9]) {
      for (const blockSeconds of [0.4, 1, 2]) {
        const { epochDuration, recordWindow } = paceOf(contention, blockSeconds);
        assert.ok(recordWindow + 2 <= epochDuration && recordWindow >= 8 * blockSeconds);
      }
    }
  });
});

describe('demo/progress', () => {
  const capture = (isTerminal: boolean): { text: () => string } & ReturnType<typeof createProgress> => {
    let written = '';
    let now = 0;
    const write = (text: string): void => {
      written += text;
      now += 500;
    };
    return { ...createProgress({ write, isTerminal, columns: 30, nowMs: () => now }), text: () => written };
  };

  it('returns plain lines where nobody watches', () => {
    const progress = capture(false);
    progress.live('counting');
    progress.phase('chain', 'is up');
    assert.equal(progress.text(), '[  0.0 s] chain        is up\n');
  });

  it('returns a last line that replaces itself on a terminal, cut to its width', () => {
    const progress = capture(true);
    progress.live('a rather long line of counters');
    progress.phase('chain', 'up');
    assert.equal(progress.text(), '\r\x1b[2K[  0.0 s] a rather long line \r\x1b[2K[  0.5 s] chain        up\n');
  });
});
