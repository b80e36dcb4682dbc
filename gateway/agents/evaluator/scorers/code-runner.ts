import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { JsonValue } from '../../../protocol/canonical-json.ts';
import { postJson } from './model-server.ts';

/**
 * Runs a stranger's code apart. It is handed the code and expressions to evaluate, never what they should give: whoever
 * breaks out of the code and writes the reply himself gains nothing by it.
 */
export type CodeJob = {
  /** As the answer's code fence names it, in lower case; empty when it names none. */
  readonly language: string;
  readonly code: string;
  readonly expressions: readonly string[];
};
/** One value per expression; undefined for one that threw, had no JSON value, or did not come. */
export type CodeRunner = (job: CodeJob) => Promise<readonly (JsonValue | undefined)[]>;

export type CodeRunnerOptions = {
  /** Empty: no runner. `sandbox`: the one that comes along. A URL: jobs are posted there. Else the path of a program. */
  readonly runner: string;
  readonly timeoutMs: number;
};

const MAX_OUTPUT_BYTES = 65_536;
const MEMORY_MB = 64;

export function createCodeRunner({ runner, timeoutMs }: CodeRunnerOptions): CodeRunner | undefined {
  if (runner === '') return undefined;
  if (/^https?:\/\//.test(runner))
    return async (job) => valuesOf(await postJson(runner, job, { timeoutMs, maxBytes: MAX_OUTPUT_BYTES }), job);
  const [program, args] = runner === 'sandbox' ? sandboxCommand() : [runner, []];
  return async (job) => valuesOf(await runProgram(program, args, { input: JSON.stringify(job), timeoutMs }), job);
}

/** Node without processes, threads, addons, network and files (but the sandbox's own), little memory and no `eval`. */
export const SANDBOX_FLAGS = [
  '--permission',
  `--max-old-space-size=${MEMORY_MB}`,
  '--disallow-code-generation-from-strings',
] as const;

function sandboxCommand(): [string, string[]] {
  const script = fileURLToPath(new URL('code-sandbox.mjs', import.meta.url));
  return [process.execPath, [...SANDBOX_FLAGS, `--allow-fs-read=${script}`, script]];
}

type Input = { readonly input: string; readonly timeoutMs: number };

/** What a program prints on standard output; rejects after the deadline, too much output, or a failure. No shell, no environment. */
function runProgram(program: string, args: readonly string[], { input, timeoutMs }: Input): Promise<string> {
  return new Promise((resolve, reject) => {
    // Its own group, so that whatever it started ends with it.
    const child = spawn(program, args, { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    const parts: Buffer[] = [];
    let size = 0;
    const end = (error: Error): void => {
      clearTimeout(timer);
      kill(child.pid);
      reject(error);
    };
    const timer = setTimeout(() => end(new Error('code ran past its deadline')), timeoutMs);
    child.on('error', end);
    child.stdin.on('error', () => undefined); // it may end without having read its job
    child.stdout.on('data', (part: Buffer) => {
      size += part.length;
      if (size > MAX_OUTPUT_BYTES) end(new Error(`code printed more than ${MAX_OUTPUT_BYTES} bytes`));
      else parts.push(part);
    });
    child.on('close', (status) => {
      if (status !== 0) return end(new Error(`the code runner ended with ${status}`));
      clearTimeout(timer);
      kill(child.pid);
      resolve(Buffer.concat(parts).toString('utf8'));
    });
    child.stdin.end(input);
  });
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ended already
  }
}

/** `{"values": [[3], []]}`: one list per expression, empty for none. */
function valuesOf(reply: string, { expressions }: CodeJob): (JsonValue | undefined)[] {
  const { values } = JSON.parse(reply) as { readonly values?: unknown };
  if (!Array.isArray(values) || values.length !== expressions.length) throw new Error('the code runner gave no values');
  return values.map((value: unknown) => (Array.isArray(value) ? (value[0] as JsonValue | undefined) : undefined));
}
