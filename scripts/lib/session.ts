import type { Wallet } from 'ethers';

import { chainTime, connect, gasPrice, sendAndWait, explain } from './chain.ts';
import type { Connection } from './chain.ts';
import { CommandError, toJson } from './command.ts';
import type { Io, OptionSpec } from './command.ts';
import { contractsOf, readDeployment } from './deployment.ts';
import type { Contracts, Deployment } from './deployment.ts';
import { eth } from './units.ts';

import type { Contract } from 'ethers';

/** What every operator command shares: the chain it talks to, how it reports, and how it sends. */

const DEFAULT_RPC = 'http://127.0.0.1:8545';

export const CHAIN_OPTIONS = {
  rpc: { type: 'string', value: 'URL', help: `EVM JSON-RPC (default: DGRID_RPC_URL, else ${DEFAULT_RPC})` },
  deployment: {
    type: 'string',
    value: 'FILE',
    help: 'deployment file (default: DGRID_DEPLOYMENT, else deployments/<chainId>.json)',
  },
} as const satisfies Record<string, OptionSpec>;

export const JSON_OPTION = {
  json: { type: 'boolean', help: 'one JSON document on standard output, progress on standard error' },
} as const satisfies Record<string, OptionSpec>;

export const SEND_OPTIONS = {
  ...JSON_OPTION,
  'dry-run': { type: 'boolean', help: 'show everything, send nothing' },
} as const satisfies Record<string, OptionSpec>;

export function rpcOf(option: string | undefined, io: Io): string {
  return option ?? io.env['DGRID_RPC_URL'] ?? DEFAULT_RPC;
}

export type Session = Connection & { readonly deployment: Deployment; readonly contracts: Contracts };

/** Connects and finds the contracts; nothing is sent, no key is needed. */
export async function openSession(
  options: { readonly rpc: string | undefined; readonly deployment: string | undefined },
  io: Io,
): Promise<Session> {
  const connection = await connect(rpcOf(options.rpc, io));
  const deployment = readDeployment(connection.chainId, options.deployment ?? io.env['DGRID_DEPLOYMENT']);
  const contracts = contractsOf(deployment, connection.provider);
  const code = await connection.provider.getCode(deployment.contracts.NodeStaking.address);
  if (code === '0x') {
    throw new CommandError(`the chain has no contract at ${deployment.contracts.NodeStaking.address}: another chain?`);
  }
  return { ...connection, deployment, contracts };
}

export type Reporter = {
  /** A line for people: standard output, or standard error when standard output carries JSON. */
  readonly line: (text: string) => void;
  /** Label and value in columns. */
  readonly facts: (rows: readonly (readonly [string, string])[]) => void;
  /** The result, printed only under --json. */
  readonly result: (value: unknown) => void;
};

export function createReporter(json: boolean, io: Io): Reporter {
  const line = json ? io.stderr : io.stdout;
  return {
    line,
    facts(rows) {
      const width = Math.max(0, ...rows.map(([label]) => label.length));
      for (const [label, value] of rows) line(`  ${label.padEnd(width)}  ${value}`);
    },
    result(value) {
      if (json) io.stdout(toJson(value, 2));
    },
  };
}

/** One transaction of a command. */
export type Step = {
  readonly label: string;
  readonly contract: Contract;
  readonly name: string;
  readonly args: readonly unknown[];
  /** Gas it takes at most; shown instead of an estimate when an earlier step has to be mined first. */
  readonly gasCeiling: bigint;
  readonly afterEarlier?: boolean;
};

export type SentStep = {
  readonly step: string;
  readonly transaction: string;
  readonly block: number;
  readonly gasUsed: bigint;
};

export type StepsInput = {
  readonly session: Session;
  readonly wallet: Wallet;
  readonly steps: readonly Step[];
  /** Deposits, fees and waiting times, shown before anything is sent. */
  readonly facts: readonly (readonly [string, string])[];
  readonly dryRun: boolean;
  readonly reporter: Reporter;
};

/** Checks and shows all steps, then sends them one after the other. Under --dry-run the list is empty. */
export async function runSteps(input: StepsInput): Promise<readonly SentStep[]> {
  const { session, steps, facts, dryRun, reporter } = input;
  const wallet = input.wallet.connect(session.provider);
  const estimates = await Promise.all(steps.map((step) => estimate(step, wallet.address)));
  const price = await gasPrice(session.provider);
  const gas = estimates.reduce((sum, item) => sum + item.gas, 0n);
  const balance = await session.provider.getBalance(wallet.address);
  reporter.facts([
    ['chain', `${session.chainId}`],
    ['account', wallet.address],
    ...facts,
    ...estimates.map((item, index) => [index === 0 ? 'transactions' : '', item.text] as const),
    ['gas at most', `${eth(gas * price)} of ${eth(balance)}`],
  ]);
  if (balance < gas * price) {
    throw new CommandError(`${wallet.address} has ${eth(balance)}; gas may take up to ${eth(gas * price)}`);
  }
  if (dryRun) {
    reporter.line('dry run: nothing was sent');
    return [];
  }
  const sent: SentStep[] = [];
  for (const step of steps) {
    const request = await step.contract.getFunction(step.name).populateTransaction(...step.args);
    const receipt = await sendAndWait(wallet, request, step.label);
    sent.push({ step: step.name, transaction: receipt.hash, block: receipt.blockNumber, gasUsed: receipt.gasUsed });
    reporter.line(`${step.label}: mined in block ${receipt.blockNumber} (${receipt.hash})`);
  }
  return sent;
}

async function estimate(step: Step, from: string): Promise<{ gas: bigint; text: string }> {
  if (step.afterEarlier === true)
    return { gas: step.gasCeiling, text: `${step.label}, at most ${step.gasCeiling} gas` };
  try {
    const gas = await step.contract.getFunction(step.name).estimateGas(...step.args, { from });
    return { gas, text: `${step.label}, ${gas} gas` };
  } catch (error) {
    throw new CommandError(`${step.label}: ${explain(error)}`);
  }
}

/** Seconds from the chain's newest block until `time`; zero when it has passed. */
export async function secondsUntil(session: Session, time: bigint): Promise<bigint> {
  const now = await chainTime(session.provider);
  return time > now ? time - now : 0n;
}
