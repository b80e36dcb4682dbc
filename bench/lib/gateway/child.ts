import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What a process has used so far; CPU of all its threads. */
export type Usage = {
  readonly cpuUs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly handles: readonly string[];
};

export type Child = {
  readonly pid: number;
  readonly usage: () => Promise<Usage>;
  /** Sends a message and resolves with the first answer that has the named field. */
  readonly ask: <Answer>(message: unknown, field: string) => Promise<Answer>;
  readonly stop: () => Promise<void>;
};

export type ChildOptions = {
  readonly file: string;
  readonly args: readonly string[];
  /** Processor the process is bound to, where the system can do that. */
  readonly core?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
};

const PROBE = fileURLToPath(new URL('./probe.ts', import.meta.url));
const KILL_AFTER_MS = 3_000;

export const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Whether processes can be bound to a processor. */
export function canPin(): boolean {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export function startChild(options: ChildOptions): Child {
  const node = [process.execPath, ...(options.nodeArgs ?? []), '--import', PROBE, options.file, ...options.args];
  const [command = '', ...args] = options.core === undefined ? node : ['taskset', '-c', String(options.core), ...node];
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', ...options.env },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${options.file}`);
  const ask = <Answer>(message: unknown, field: string): Promise<Answer> => askChild(child, message, field);
  return { pid, ask, usage: () => ask<Usage>('usage', 'usage'), stop: () => stopChild(child) };
}

function askChild<Answer>(child: ChildProcess, message: unknown, field: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => {
      child.off('message', onMessage);
      reject(new Error('a process of the bench ended early'));
    };
    const onMessage = (answer: unknown): void => {
      if (typeof answer !== 'object' || answer === null || !(field in answer)) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve((answer as Record<string, Answer>)[field] as Answer);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
    child.send(message as object);
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  await ended;
  clearTimeout(timer);
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Resolves once something listens on the port. */
export async function untilListening(port: number, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await accepts(port))) {
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`);
    await sleep(50);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
