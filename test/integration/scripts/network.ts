import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Wallet, parseEther } from 'ethers';
import type { Contract } from 'ethers';

import { deploy } from '../../../scripts/deploy.ts';
import { contractsOf, parseDeployment } from '../../../scripts/lib/deployment.ts';
import type { Contracts, Deployment } from '../../../scripts/lib/deployment.ts';
import type { Command } from '../../../scripts/lib/command.ts';
import { run } from '../../scripts/support/run.ts';
import type { Outcome } from '../../scripts/support/run.ts';
import type { Operator } from '../../scripts/support/sample.ts';
import { readFileSync } from 'node:fs';
import { DEV_KEY } from './chains.ts';
import type { LocalChain } from './chains.ts';

/** Contracts on a fresh chain, deployed by the command, and ways to act as one operator or another. */
export type TestNetwork = {
  readonly chain: LocalChain;
  readonly folder: string;
  readonly file: string;
  readonly deployment: Deployment;
  readonly contracts: Contracts;
  readonly treasury: Wallet;
  /** Runs a command with the network's options and the operator's keys. */
  readonly as: (operator: Operator, command: Command, ...argv: string[]) => Promise<Outcome>;
  /** Gives an account ether and DGAI to start with. */
  readonly fund: (account: string, dgai: string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export const GENESIS = 1_800_001_000n;
export const TIMING = { epochDuration: 100n, recordWindow: 30n, disputeWindow: 10n, unbonding: 200n } as const;

const DURATIONS = [
  ...['--epoch-duration', '100', '--record-window', '30', '--round-duration', '20', '--dispute-window', '10'],
  ...['--arbiter-deadline', '10', '--unbonding', '200'],
];

export async function deployNetwork(chain: LocalChain): Promise<TestNetwork> {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-network-'));
  const file = join(folder, 'deployment.json');
  const argv = ['--rpc', chain.rpc, '--out', file, '--genesis', `${GENESIS}`, ...DURATIONS];
  const outcome = await run(deploy, argv, { DGRID_PRIVATE_KEY: DEV_KEY });
  assert.equal(outcome.code, 0, outcome.err);
  const deployment = parseDeployment(file, readFileSync(file, 'utf8'));
  const treasury = new Wallet(DEV_KEY, chain.provider);
  const contracts = contractsOf(deployment, chain.provider);
  return {
    chain,
    folder,
    file,
    deployment,
    contracts,
    treasury,
    as: (operator, command, ...words) =>
      run(command, [...words, '--rpc', chain.rpc, '--deployment', file], {
        DGRID_PRIVATE_KEY: operator.account.privateKey,
        DGRID_SIGNER_KEY: operator.signer.privateKey,
      }),
    async fund(account, dgai) {
      await (await treasury.sendTransaction({ to: account, value: parseEther('10') })).wait();
      await send(contracts.token.connect(treasury) as Contract, 'transfer', [account, parseEther(dgai)]);
    },
    async stop() {
      rmSync(folder, { recursive: true });
      await chain.stop();
    },
  };
}

export async function send(contract: Contract, name: string, args: readonly unknown[]): Promise<void> {
  const response = (await contract.getFunction(name).send(...args)) as { wait: () => Promise<unknown> };
  await response.wait();
}

/** Writes a node's metadata and returns the file. */
export function metadataFile(network: TestNetwork, name: string): string {
  const file = join(network.folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ version: 1, name, endpoint: 'http://127.0.0.1:9', models: [] }));
  return file;
}
