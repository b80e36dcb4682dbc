import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sendAndWait, view } from '../lib/chain.ts';
import { CommandError } from '../lib/command.ts';
import { contractsOf } from '../lib/deployment.ts';
import { claim } from '../claim.ts';
import { verify } from '../verify.ts';
import { parseDataset } from './dataset.ts';
import type { Dataset } from './dataset.ts';
import type { Check } from './invariants.ts';
import { chainOptions, runCommand } from './joining.ts';
import type { Network } from './joining.ts';
import type { Supervisor } from './supervisor.ts';

/** After the traffic: final epochs, claims, and a stranger's verification. */
export type EpochState = { readonly state: string; readonly distribution: unknown };

const FINAL_DEADLINE_MS = 90_000;

async function getJson<T>(url: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as T;
}

/** Resolves when the gateway shows every epoch up to `last` as final. A voided epoch is an error at once. */
export async function epochsFinal(
  supervisor: Supervisor,
  gatewayUrl: string,
  last: number,
  onState: (states: readonly string[]) => void,
): Promise<void> {
  const states = Array.from({ length: last + 1 }, () => 'open');
  await supervisor.until(
    `the end of epoch ${last}`,
    async (signal) => {
      for (const [epoch, known] of states.entries()) {
        if (known === 'final') continue;
        states[epoch] = (await getJson<EpochState>(`${gatewayUrl}/v1/epochs/${epoch}`, signal)).state;
      }
      onState(states);
      return states.includes('void') || states.every((state) => state === 'final');
    },
    FINAL_DEADLINE_MS,
  );
  const voided = states.indexOf('void');
  if (voided !== -1) throw new CommandError(`epoch ${voided} was voided: nobody attested a distribution in time`);
}

export async function readDatasets(gatewayUrl: string, count: number): Promise<Dataset[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, epoch) => {
      const url = `${gatewayUrl}/v1/epochs/${epoch}/dataset`;
      const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
      if (!response.ok) throw new CommandError(`${url} answered ${response.status}`);
      return parseDataset(await response.text());
    }),
  );
}

/** `claim --all` for all epochs, paid by the deployer: anybody may claim for anybody. */
export async function claimAll(network: Network, gatewayUrl: string, epochs: number): Promise<void> {
  const options = ['--all', '--gateway', gatewayUrl, '--epochs', `0-${epochs - 1}`, '--json'];
  await runCommand(claim, [...options, ...chainOptions(network)], { DGRID_PRIVATE_KEY: network.deployer.privateKey });
  // Fees are taken at every anchor and burned when somebody asks for it.
  const { staking } = contractsOf(network.deployment, network.connection.provider);
  if ((await view<bigint>(staking, 'pendingBurn')) === 0n) return;
  const request = await staking.getFunction('burnSlashed').populateTransaction();
  await sendAndWait(network.deployer, request, 'burning the fees');
}

export type VerifyInput = {
  readonly gatewayUrl: string;
  readonly apiKey: string;
  readonly receiptId: string;
  readonly dir: string;
};

/** One receipt with its record from a file, without any chain; the same record against the chain. */
export async function verifyOne(
  network: Network,
  { gatewayUrl, apiKey, receiptId, dir }: VerifyInput,
): Promise<Check[]> {
  const response = await fetch(`${gatewayUrl}/v1/receipts/${receiptId}`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(10_000),
  });
  const document: unknown = await response.json();
  const file = join(dir, 'receipt.json');
  writeFileSync(file, JSON.stringify(document, undefined, 2));
  const trusted = ['--deployment', network.deploymentFile];
  return [
    await attempt('receipt verified offline', verify, ['receipt', file, ...trusted]),
    await attempt('record verified on chain', verify, ['record', file, ...chainOptions(network)]),
  ];
}

async function attempt(name: string, command: typeof verify, argv: readonly string[]): Promise<Check> {
  try {
    const lines = (await runCommand(command, argv)).split('\n');
    return { name, ok: true, detail: lines.at(-1) ?? '' };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
