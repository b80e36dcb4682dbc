import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { ROOT } from '../lib/artifacts.ts';
import { connect } from '../lib/chain.ts';
import { CommandError } from '../lib/command.ts';
import { latestBlock, rpcCall } from './rpc.ts';
import { freePorts } from './supervisor.ts';
import type { ChildSpec, Supervisor } from './supervisor.ts';

export type ChainKind = 'hardhat' | 'anvil' | 'rpc';

export type DemoChain = {
  readonly rpcUrl: string;
  /** Whether the clock of this chain is the demo's to move. */
  readonly isOwn: boolean;
  readonly blockSeconds: number;
};

const OWN_BLOCK_SECONDS = 0.4;
/** Only here do the contracts accept an unbonding time of seconds. */
const LOCAL_CHAIN = 31_337n;
const START_DEADLINE_MS = 60_000;
const BLOCK_DEADLINE_MS = 15_000;

/** Starts a local chain, or takes the one at `rpc`; resolves when it makes blocks by itself. */
export async function startChain(kind: ChainKind, rpc: string | undefined, supervisor: Supervisor): Promise<DemoChain> {
  if (rpc !== undefined) return await foreignChain(rpc, supervisor);
  const chain = await launch(kind, supervisor);
  await nextBlock(chain.rpcUrl, supervisor);
  return chain;
}

async function foreignChain(rpcUrl: string, supervisor: Supervisor): Promise<DemoChain> {
  const { chainId } = await connect(rpcUrl);
  if (chainId !== LOCAL_CHAIN)
    throw new CommandError(
      `the demo's epochs of seconds need a local chain with id ${LOCAL_CHAIN}; ${rpcUrl} is chain ${chainId}`,
    );
  try {
    await nextBlock(rpcUrl, supervisor);
    const start = performance.now();
    await nextBlock(rpcUrl, supervisor);
    return { rpcUrl, isOwn: false, blockSeconds: (performance.now() - start) / 1_000 };
  } catch (error) {
    if (supervisor.signal.aborted) throw error;
    throw new CommandError(
      `the chain at ${rpcUrl} makes no blocks by itself: mine at an interval (anvil --block-time 1)`,
    );
  }
}

async function nextBlock(rpcUrl: string, supervisor: Supervisor): Promise<void> {
  const { number } = await latestBlock(rpcUrl);
  const grows = async (signal: AbortSignal): Promise<boolean> => (await latestBlock(rpcUrl, signal)).number > number;
  await supervisor.until('a new block', grows, BLOCK_DEADLINE_MS);
}

async function launch(kind: ChainKind, supervisor: Supervisor): Promise<DemoChain> {
  const [port = 0] = await freePorts(1);
  const rpcUrl = `http://127.0.0.1:${port}`;
  supervisor.start(kind === 'anvil' ? anvil(port) : hardhat(port));
  const isUp = async (signal: AbortSignal): Promise<boolean> =>
    (await rpcCall(rpcUrl, 'eth_chainId', [], signal)) !== undefined;
  await supervisor.until('the chain', isUp, START_DEADLINE_MS);
  return { rpcUrl, isOwn: true, blockSeconds: OWN_BLOCK_SECONDS };
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
    String(OWN_BLOCK_SECONDS),
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
