import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Exit, defineCommand, runMain, toJson } from './lib/command.ts';
import type { Io } from './lib/command.ts';
import { deployerKey } from './demo/joining.ts';
import { keepLogs } from './demo/leftovers.ts';
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
      'Our nodes run one program at several levels of quality; evaluators judge with a model of their own that works otherwise.',
      'Everything it writes goes into a temporary folder; Ctrl-C stops every process.',
      'Exit codes: 0 everything held, 1 something failed, 2 bad option, 3 chain unreachable, 130 interrupted.',
    ],
  },
  async ({ options: values, io }) => {
    const options = parseDemoOptions(values);
    const dir = mkdtempSync(join(tmpdir(), 'dgrid-demo-'));
    const supervisor = createSupervisor({ logDir: join(dir, 'logs'), graceMs: GRACE_MS });
    const interruption = interrupted();
    try {
      const code = await Promise.race([perform({ options, io, dir, supervisor, interruption }), interruption]);
      await supervisor.stop();
      rmSync(dir, { recursive: true, force: true });
      return code;
    } catch (error) {
      await supervisor.stop().catch(() => undefined); // the first failure is the one to tell
      const logs = keepLogs(dir);
      if (logs !== undefined) io.stderr(`the logs of this run are in ${logs}`);
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
  if (options.json) io.stdout(toJson(jsonResult(result, options.keep), 2));
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

/** Addresses and the key are of use only while the network is up. */
function jsonResult({ apiKey, gatewayUrl, rpcUrl, deploymentFile, ...result }: DemoResult, isKept: boolean): object {
  return isKept ? { ...result, network: { apiKey, gatewayUrl, rpcUrl, deploymentFile } } : result;
}

function keepLines({ gatewayUrl, apiKey, rpcUrl, deploymentFile }: DemoResult): string[] {
  const question = 'A baker has 24 rolls and sells 9. How many are left?';
  const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: question }] });
  const key = `-H 'authorization: Bearer ${apiKey}'`;
  return [
    `The network stays up until Ctrl-C. Its key is ${apiKey}`,
    `  curl -i ${gatewayUrl}/v1/chat/completions ${key} -H 'content-type: application/json' -d '${body}'`,
    `  curl ${gatewayUrl}/v1/receipts/<x-dgrid-receipt> ${key} > receipt.json`,
    `  npx node scripts/verify.ts receipt.json --rpc ${rpcUrl} --deployment ${deploymentFile}`,
  ];
}

/** Resolves at the first signal; a second one ends the process at once, and its reaper cleans up. */
function interrupted(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve(INTERRUPTED));
  });
}

if (import.meta.main) {
  await runMain(demo);
  // Sockets kept alive to servers that are gone, and what an interruption left undone, would hold the process.
  process.exit();
}
