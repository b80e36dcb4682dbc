import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Starts processes, each in its own group and with its own log, and leaves none of them behind. */
export type ChildSpec = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
};

export type Child = { readonly name: string; readonly pid: number; readonly logFile: string };

export type Supervisor = {
  readonly start: (spec: ChildSpec) => Child;
  /** Polls `probe` until it is true. @throws ChildError when a child ends or the deadline passes. */
  readonly until: (what: string, probe: (signal: AbortSignal) => Promise<boolean>, deadlineMs: number) => Promise<void>;
  /** Aborted with a ChildError as soon as a child ends by itself. */
  readonly signal: AbortSignal;
  /** Ends all children, the last started first, and resolves when none is left. */
  readonly stop: () => Promise<void>;
};

/** A child that ended or never answered; the message ends with the last lines of its log. */
export class ChildError extends Error {
  override readonly name = 'ChildError';
}

export type SupervisorOptions = {
  readonly logDir: string;
  /** How long a child has between SIGTERM and SIGKILL. */
  readonly graceMs?: number;
};

const PROBE_INTERVAL_MS = 40;
const PROBE_TIMEOUT_MS = 2_000;
const LOG_LINES = 6;
const REAPER = fileURLToPath(new URL('reaper.ts', import.meta.url));

type Running = Child & { readonly process: ChildProcess; readonly ended: Promise<void> };

export function createSupervisor({ logDir, graceMs = 4_000 }: SupervisorOptions): Supervisor {
  mkdirSync(logDir, { recursive: true });
  const running: Running[] = [];
  const failure = new AbortController();
  const reaper = startReaper();
  let stopping: Promise<void> | undefined;

  // The last resort of a process that ends without `stop`; what it misses, the reaper finds.
  const onExit = (): void => running.forEach((child) => signalGroup(child.pid, 'SIGKILL'));
  process.once('exit', onExit);

  function start(spec: ChildSpec): Child {
    if (stopping !== undefined) throw new ChildError(`${spec.name} cannot start: everything is being stopped`);
    const child = spawnLogged(spec, join(logDir, `${spec.name}.log`));
    reaper.remember(child.pid);
    running.push(child);
    void child.ended.then(() => {
      running.splice(running.indexOf(child), 1);
      reaper.forget(child.pid);
      if (stopping === undefined) failure.abort(new ChildError(`${child.name} ended by itself${tail(child)}`));
    });
    return child;
  }

  async function stopAll(): Promise<void> {
    for (const child of running.toReversed()) signalGroup(child.pid, 'SIGTERM');
    const all = Promise.all(running.map((child) => child.ended));
    const waiting = new AbortController();
    const late = delay(graceMs, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([all, late]);
    waiting.abort();
    for (const child of running) signalGroup(child.pid, 'SIGKILL');
    await all;
    process.removeListener('exit', onExit);
    await reaper.close();
  }

  return {
    start,
    until: (what, probe, deadlineMs) => poll(what, probe, deadlineMs, failure.signal),
    signal: failure.signal,
    stop: () => (stopping ??= stopAll()),
  };
}

function spawnLogged({ name, command, args, env, cwd }: ChildSpec, logFile: string): Running {
  const log = openSync(logFile, 'a');
  const child = spawn(command, [...args], {
    detached: true, // a group of its own: grandchildren are reached too, and Ctrl-C is ours to pass on
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  if (child.pid === undefined) throw new ChildError(`${name} cannot be started: ${command}`);
  return { name, pid: child.pid, logFile, process: child, ended };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone
  }
}

function startReaper() {
  const child = spawn(process.execPath, [REAPER], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  const { stdin } = child;
  stdin.on('error', () => undefined); // it was killed: nothing more to tell it
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    remember: (pid: number) => void stdin.write(`+${pid}\n`),
    forget: (pid: number) => void stdin.write(`-${pid}\n`),
    close: async () => {
      child.ref(); // from here on it is waited for
      stdin.end();
      await ended;
    },
  };
}

function tail({ logFile }: Child): string {
  const lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-LOG_LINES);
  return lines.join('') === '' ? ` (its log ${logFile} is empty)` : `; the end of ${logFile}:\n${lines.join('\n')}`;
}

async function poll(
  what: string,
  probe: (signal: AbortSignal) => Promise<boolean>,
  deadlineMs: number,
  failed: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    failed.throwIfAborted();
    const signal = AbortSignal.any([failed, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
    if (await probe(signal).catch(() => false)) return;
    if (performance.now() > deadline) throw new ChildError(`${what} did not happen within ${deadlineMs / 1000} s`);
    await delay(PROBE_INTERVAL_MS);
  }
}

/** A probe that is true when `url` answers 200. */
export function answers(url: string): (signal: AbortSignal) => Promise<boolean> {
  return async (signal) => {
    const response = await fetch(url, { signal });
    await response.arrayBuffer();
    return response.ok;
  };
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listenAnywhere(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
