import type { OptionValues } from '../lib/command.ts';
import { UsageError } from '../lib/command.ts';
import type { ChainKind } from './chain.ts';
import { readNetworkFile } from './network-file.ts';
import type { DemoNode } from './network-file.ts';
import { OWN_TASKS, readTasks } from './tasks.ts';
import type { DemoTask } from './tasks.ts';

export const DEMO_OPTIONS = {
  seed: { type: 'string', value: 'TEXT', help: 'decides keys, order of work and faults (default: 1)' },
  keep: { type: 'boolean', help: 'leave the network up at the end and show how to talk to it' },
  tasks: {
    type: 'string',
    value: 'FILE',
    help: 'JSON lines of {prompt, family, references[], schema?} instead of our own',
  },
  network: {
    type: 'string',
    value: 'FILE',
    help: 'JSON list of {name, backendUrl, model, price} instead of our own backends',
  },
  epochs: { type: 'string', value: 'N', help: 'epochs with traffic, 1 to 20 (default: 4)' },
  slow: { type: 'string', value: 'N', help: 'stretch every window of time by 1 to 5, for a slow machine (default: 1)' },
  chain: { type: 'string', value: 'NAME', help: 'hardhat or anvil (default: hardhat)' },
  rpc: { type: 'string', value: 'URL', help: 'a chain that runs already; DGRID_PRIVATE_KEY deploys and pays' },
  json: { type: 'boolean', help: 'one JSON document on standard output, progress on standard error' },
} as const;

export type DemoOptions = {
  readonly seed: string;
  readonly keep: boolean;
  readonly json: boolean;
  readonly epochs: number;
  readonly slow: number;
  readonly chain: ChainKind;
  readonly rpc: string | undefined;
  readonly tasks: readonly DemoTask[];
  /** Undefined: our own six backends. */
  readonly network: readonly DemoNode[] | undefined;
  /** Our own tasks on our own backends: only there is it known who works well. */
  readonly isOwnCast: boolean;
};

/** @throws UsageError for the first option that cannot be used; nothing has been started by then. */
export function parseDemoOptions(values: OptionValues<typeof DEMO_OPTIONS>): DemoOptions {
  const { seed = '1', keep, json, tasks, network, rpc } = values;
  if (seed === '' || seed.length > 100) throw new UsageError('--seed expects 1 to 100 characters');
  if (rpc !== undefined && !/^https?:\/\/\S+$/.test(rpc))
    throw new UsageError(`--rpc expects an http(s) URL, got "${rpc}"`);
  return {
    seed,
    keep,
    json,
    epochs: parseEpochs(values.epochs),
    slow: parseSlow(values.slow),
    chain: parseChain(values.chain, rpc),
    rpc,
    tasks: readTasks(tasks ?? OWN_TASKS),
    network: network === undefined ? undefined : readNetworkFile(network),
    isOwnCast: tasks === undefined && network === undefined,
  };
}

function parseEpochs(text = '4'): number {
  if (!/^\d{1,2}$/.test(text) || Number(text) < 1 || Number(text) > 20)
    throw new UsageError(`--epochs expects a whole number from 1 to 20, got "${text}"`);
  return Number(text);
}

function parseSlow(text = '1'): number {
  if (!/^[1-5]$/.test(text)) throw new UsageError(`--slow expects a whole number from 1 to 5, got "${text}"`);
  return Number(text);
}

function parseChain(text: string | undefined, rpc: string | undefined): ChainKind {
  if (rpc !== undefined) {
    if (text !== undefined) throw new UsageError('--chain and --rpc exclude each other');
    return 'rpc';
  }
  if (text === undefined || text === 'hardhat' || text === 'anvil') return text ?? 'hardhat';
  throw new UsageError(`--chain must be hardhat or anvil, got "${text}"`);
}
