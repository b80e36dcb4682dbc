import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Exit, defineCommand, runMain, toJson } from './lib/command.ts';
import type { Io } from './lib/command.ts';
import { deployerKey } from './demo/joining.ts';
import { DEMO_OPTIONS, parseDemoOptions } from './demo/options.ts';
import type { DemoOptions } from './demo/options.ts';
import { createProgress } from './demo/progress.ts';
import { requireAll, runDemo } from './demo/run.ts';
import type { DemoResult } from './demo/run.ts';
import { createSupervisor } from './demo/supervisor.ts';
import type { Supervisor } from './demo/supervisor.ts';
import { resultLines } from './demo/table.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;
/** Nothing of a finished demo is read again: connections that are kept alive need not be waited for. */
const GRACE_MS = 1_000;

/** The whole network on one machine: real chain, real servers, real work; see README. */
export const demo = defineCommand(
  {
    name: 'demo',
    summary:
      'Runs the whole network on this machine: chain, gateway, nodes, evaluators, traffic, epochs, claims, checks.',
    options: DEMO_OPTIONS,
    notes: [
      'Everything it writes goes into a temporary folder; Ctrl-C stops every process.',
      'Exit codes: 0 everything held, 1 something failed, 2 bad option, 3 chain unreachable, 130 interrupted.',
    ],
  },
  async ({ options: values, io }) => {
    const options = parseDemoOptions(values);
    const dir = mkdtempSync(join(tmpdir(), 'dgrid-demo-'));
    const supervisor = createSupervisor({ logDir: join(dir, 'logs'), graceMs: GRACE_MS });
    const interruption = interrupted(supervisor);
    try {
      const code = await Promise.race([perform({ options, io, dir, supervisor, interruption }), interruption]);
      await supervisor.stop();
      rmSync(dir, { recursive: true, force: true });
      return code;
    } catch (error) {
      await supervisor.stop();
      if (readdirSync(join(dir, 'logs')).length === 0) rmSync(dir, { recursive: true, force: true });
      else io.stderr(`the logs of this run are in ${join(dir, 'logs')}`);
      throw error;
    }
  },
);

type Performance = {
  readonly options: DemoOptions;
  readonly io: Io;
  readonly dir: string;
  readonly supervisor: Supervisor;
  readonly interruption: Promise<number>;
};

async function perform({ options, io, dir, supervisor, interruption }: Performance): Promise<number> {
  const stream = options.json ? process.stderr : process.stdout;
  const progress = createProgress({
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY,
    columns: stream.columns,
    nowMs: () => performance.now(),
  });
  const result = await runDemo({ options, deployerKey: deployerKey(io.env), dir, supervisor, progress });
  if (options.json) io.stdout(toJson({ ...result, apiKey: options.keep ? result.apiKey : undefined }, 2));
  else resultLines(result.results, result.checks).forEach(io.stdout);
  if (!options.keep) {
    requireAll(result.checks);
    return Exit.ok;
  }
  keepLines(result).forEach(progress.line);
  const ended = new Promise<never>((_, reject) => {
    supervisor.signal.addEventListener('abort', () => reject(supervisor.signal.reason as Error), { once: true });
  });
  await Promise.race([interruption, ended]);
  requireAll(result.checks);
  return Exit.ok;
}

function keepLines({ gatewayUrl, apiKey }: DemoResult): string[] {
  const body = JSON.stringify({
    model: 'auto',
    messages: [{ role: 'user', content: 'A baker has 24 rolls and sells 9. How many are left?' }],
  });
  return [
    `The network stays up until Ctrl-C. Its key is ${apiKey}`,
    `  curl -i ${gatewayUrl}/v1/chat/completions -H 'authorization: Bearer ${apiKey}' -H 'content-type: application/json' -d '${body}'`,
    `  curl ${gatewayUrl}/v1/receipts/<x-dgrid-receipt> -H 'authorization: Bearer ${apiKey}'`,
  ];
}

/** Resolves with the exit code of an interruption at the first signal, once everything is stopped. */
function interrupted(supervisor: Supervisor): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        void supervisor.stop().then(() => resolve(INTERRUPTED));
      });
    }
  });
}

if (import.meta.main) {
  await runMain(demo);
  // Sockets that are kept alive to servers which are gone would hold the process for seconds.
  process.exit();
}
