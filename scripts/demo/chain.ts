import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { ROOT } from '../lib/artifacts.ts';
import { CommandError } from '../lib/command.ts';
import { latestBlock, rpcCall } from './rpc.ts';
import { freePorts } from './supervisor.ts';
import type { ChildSpec, Supervisor } from './supervisor.ts';

export type ChainKind = 'hardhat' | 'anvil' | 'rpc';

export type DemoChain = {
  readonly rpcUrl: string;
  /** Whether the clock of this chain is the demo's to move. */
  readonly isOwn: boolean;
};

const BLOCK_SECONDS = '0.4';
const START_DEADLINE_MS = 60_000;
const BLOCK_DEADLINE_MS = 15_000;

/** Starts a local chain, or takes the one at `rpc`; resolves when it makes blocks by itself. */
export async function startChain(kind: ChainKind, rpc: string | undefined, supervisor: Supervisor): Promise<DemoChain> {
  const chain = rpc === undefined ? await launch(kind, supervisor) : { rpcUrl: rpc, isOwn: false };
  const { rpcUrl } = chain;
  const first = await latestBlock(rpcUrl);
  const grows = async (signal: AbortSignal): Promise<boolean> =>
    (await latestBlock(rpcUrl, signal)).number > first.number;
  try {
    await supervisor.until('a new block', grows, BLOCK_DEADLINE_MS);
  } catch (error) {
    if (chain.isOwn) throw error;
    throw new CommandError(
      `the chain at ${rpcUrl} makes no blocks by itself: mine at an interval (anvil --block-time 1)`,
    );
  }
  return chain;
}

async function launch(kind: ChainKind, supervisor: Supervisor): Promise<DemoChain> {
  const [port = 0] = await freePorts(1);
  const rpcUrl = `http://127.0.0.1:${port}`;
  supervisor.start(kind === 'anvil' ? anvil(port) : hardhat(port));
  const isUp = async (signal: AbortSignal): Promise<boolean> =>
    (await rpcCall(rpcUrl, 'eth_chainId', [], signal)) !== undefined;
  await supervisor.until('the chain', isUp, START_DEADLINE_MS);
  return { rpcUrl, isOwn: true };
}

const require = createRequire(import.meta.url);

function hardhat(port: number): ChildSpec {
  const cli = join(dirname(require.resolve('hardhat/package.json')), 'dist/src/cli.js');
  const args = [cli, 'node', '--network', 'local', '--hostname', '127.0.0.1', '--port', String(port)];
  return { name: 'chain', command: process.execPath, args, cwd: ROOT };
}

function anvil(port: number): ChildSpec {
  const command = join(ROOT, 'node_modules/.bin/anvil');
  const args = [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--chain-id',
    '31337',
    '--hardfork',
    'prague',
    '--block-time',
    BLOCK_SECONDS,
  ];
  return { name: 'chain', command, args };
}

/** Resolves when the chain has reached `time`. A chain of our own is not waited for: its clock is put forward. */
export async function reachTime(
  chain: DemoChain,
  supervisor: Supervisor,
  time: bigint,
  deadlineMs: number,
): Promise<void> {
  const { timestamp } = await latestBlock(chain.rpcUrl);
  if (chain.isOwn && time > timestamp) await rpcCall(chain.rpcUrl, 'evm_increaseTime', [Number(time - timestamp)]);
  const reached = async (signal: AbortSignal): Promise<boolean> =>
    (await latestBlock(chain.rpcUrl, signal)).timestamp >= time;
  await supervisor.until(`second ${time} of the chain`, reached, deadlineMs);
}
