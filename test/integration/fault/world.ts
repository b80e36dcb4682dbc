import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

import { reachTime, startChain } from '../../../scripts/demo/chain.ts';
import { createChatClient } from '../../../scripts/demo/chat-client.ts';
import type { Reply } from '../../../scripts/demo/chat-client.ts';
import { deployNetwork, deployerKey, fundMembers, registerMembers } from '../../../scripts/demo/joining.ts';
import { createMembers } from '../../../scripts/demo/members.ts';
import { backendsReady, startAgents, startBackends, startGateway } from '../../../scripts/demo/services.ts';
import { answers, createSupervisor } from '../../../scripts/demo/supervisor.ts';
import type { ChildSpec, Supervisor } from '../../../scripts/demo/supervisor.ts';
import { OWN_TASKS, readTasks, taskBody } from '../../../scripts/demo/tasks.ts';
import type { Sent } from '../../../scripts/demo/traffic.ts';
import { createRpcProxy } from './rpc-proxy.ts';

const SEED = 'fault';
const API_KEY = 'dgrid-fault-test';
/** An hour's silence of the chain fits into both windows; the chain's clock is put forward where they have to end. */
const PACE = { factor: 1, epochDuration: 10_800, recordWindow: 7_200, answerTimeoutMs: 3_000 };
const SETTINGS = { DGRID_TX_TIMEOUT_MS: '1000', DGRID_RECORD_MARGIN_S: '600', DGRID_GOLDS_PER_EPOCH: '0' };
const CLOCK = pathToFileURL(join(import.meta.dirname, 'clock.ts')).href;
/** How long a condition is waited for. */
export const DEADLINE_MS = 90_000;
const NOBODY = 65_534;

/** A network on one machine, whose gateway sees the chain through a proxy and has a clock of its own. */
export async function createFaultWorld() {
  const dir = mkdtempSync(join(tmpdir(), 'dgrid-fault-'));
  chmodSync(dir, 0o755); // somebody else looks into it, too
  const everything = createSupervisor({ logDir: join(dir, 'logs'), graceMs: 1_000 });
  const lives: Supervisor[] = [];
  const sent: Sent[] = [];
  const tasks = readTasks(OWN_TASKS);

  const all = await createMembers(SEED, undefined);
  const members = {
    ...all,
    nodes: all.nodes.filter(({ profile }) => profile === 'honest' || profile === 'cheap'),
    evaluators: all.evaluators.slice(0, 4),
    judge: undefined,
  };
  startBackends(everything, members, SEED);
  const chain = await startChain('hardhat', undefined, everything);
  const proxy = await createRpcProxy(chain.rpcUrl);
  const network = await deployNetwork(chain, dir, deployerKey({}), PACE);
  startAgents(everything, network, members, dir);
  await fundMembers(network, members);
  await registerMembers(network, members, dir);
  await backendsReady(everything, members);

  const clockFile = join(dir, 'clock');
  writeFileSync(clockFile, '0');
  const { url } = members.gateway;
  const env = {
    ...SETTINGS,
    DGRID_RPC_URL: proxy.url,
    NODE_OPTIONS: `--import=${CLOCK}`,
    DGRID_TEST_CLOCK: clockFile,
  };
  const inputs = { dir, apiKey: API_KEY, golds: [], pace: PACE, env };

  async function start(): Promise<{ readonly pid: number; readonly life: Supervisor }> {
    const life = createSupervisor({ logDir: join(dir, `gateway-${lives.length}`), graceMs: 1_000 });
    lives.push(life);
    const { pid } = startGateway(life, network, members.gateway, inputs);
    await life.until('a gateway that is ready', answers(`${url}/readyz`), DEADLINE_MS);
    return { pid, life };
  }
  let gateway = await start();
  await reachTime(chain, everything, network.timing.genesis, DEADLINE_MS);

  async function kill(): Promise<void> {
    process.kill(-gateway.pid, 'SIGKILL');
    await gateway.life.stop();
  }

  /** What the gateway is started with, and nothing started. */
  function spec(): ChildSpec {
    let taken: ChildSpec | undefined;
    const start = (one: ChildSpec) => ((taken = one), { name: one.name, pid: 0, logFile: '' });
    startGateway({ ...everything, start }, network, members.gateway, inputs);
    assert.ok(taken !== undefined);
    return taken;
  }

  /** One more gateway on the same folder, which must end by itself. @returns what it wrote, and its exit code. */
  async function refused(options: { readonly asNobody?: boolean } = {}): Promise<readonly [string, number | null]> {
    const { command, args, env: own, cwd } = spec();
    const child = spawn(command, [...args], {
      ...{ cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS },
      env: { ...process.env, ...own, DGRID_PORT: '0', NODE_OPTIONS: '' },
      ...(options.asNobody === true && process.getuid?.() === 0 ? { uid: NOBODY } : {}),
    });
    const [out, err] = [text(child.stdout), text(child.stderr)];
    const [code] = (await once(child, 'exit')) as [number | null];
    return [`${await out}${await err}`.replaceAll(dir, 'DIR').replaceAll(proxy.url, 'RPC'), code];
  }

  async function send(count: number): Promise<readonly Reply[]> {
    const ask = createChatClient({ baseUrl: url, apiKey: API_KEY, timeoutMs: 15_000 });
    const replies = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const task = tasks[((sent.length + index) * 7) % tasks.length];
        assert.ok(task !== undefined);
        const streamed = index % 2 === 0;
        return { ...(await ask(taskBody(task), streamed)), epoch: 0, task, streamed, accuracyBps: undefined };
      }),
    );
    sent.push(...replies);
    return replies;
  }

  const state = async (id: string | undefined, signal: AbortSignal): Promise<string> => {
    const headers = { authorization: `Bearer ${API_KEY}` };
    const response = await fetch(`${url}/v1/receipts/${id}`, { headers, signal });
    return ((await response.json()) as { readonly state?: string }).state ?? 'unknown';
  };
  const settledIds = new Set<string | undefined>();

  return {
    ...{
      dir,
      url,
      chain,
      proxy,
      network,
      members,
      sent,
      send,
      refused,
      apiKey: API_KEY,
      recordWindow: PACE.recordWindow,
    },
    gateway: () => gateway,
    storeFile: join(dir, 'data-gateway/gateway.db'),
    kill,
    start: async () => void (gateway = await start()),
    /** Sets the gateway's clock; it is wrong by so much when this resolves. */
    async setClock(wrongByMs: number): Promise<void> {
      writeFileSync(clockFile, String(wrongByMs));
      process.kill(gateway.pid, 'SIGUSR2');
      const taken = async (): Promise<boolean> => readFileSync(`${clockFile}.taken`, 'utf8') === String(wrongByMs);
      await gateway.life.until('a clock that is set', taken, DEADLINE_MS);
    },
    /** For a process that is started next. */
    presetClock: (wrongByMs: number): void => writeFileSync(clockFile, String(wrongByMs)),
    /** Resolves when every receipt that a caller was given stands in a batch on chain. */
    async everythingAnchored(): Promise<void> {
      const anchored = async (signal: AbortSignal): Promise<boolean> => {
        for (const { ok, receiptId } of sent) {
          if (!ok || settledIds.has(receiptId)) continue;
          const now = await state(receiptId, signal);
          assert.notEqual(now, 'unknown', `${receiptId} is lost`);
          if (now === 'served') return false;
          settledIds.add(receiptId);
        }
        return true;
      };
      await gateway.life.until('every receipt on chain', anchored, DEADLINE_MS);
    },
    /** Resolves when so many requests in a row were answered: whatever was wrong is over. */
    async servesAgain(count: number): Promise<void> {
      const all = async (): Promise<boolean> => (await send(count)).every(({ ok }) => ok);
      await gateway.life.until('answers again', all, DEADLINE_MS);
    },
    until: (what: string, probe: (signal: AbortSignal) => Promise<boolean>): Promise<void> =>
      gateway.life.until(what, probe, DEADLINE_MS),
    async stop(): Promise<void> {
      for (const life of lives) await life.stop();
      await everything.stop();
      proxy.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export type FaultWorld = Awaited<ReturnType<typeof createFaultWorld>>;

/** Limits the size of the files that a process may write, as far as the system lets others do so. */
export const PRLIMIT = ['/usr/bin/prlimit', '/bin/prlimit'].find((path) => existsSync(path));

export function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  assert.ok(PRLIMIT !== undefined);
  execFileSync(PRLIMIT, ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}
