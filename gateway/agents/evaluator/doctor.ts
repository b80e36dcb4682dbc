import { Role } from '../../protocol/constants.ts';
import type { Signer } from '../../protocol/signature.ts';
import type { Address } from '../../protocol/types.ts';
import type { ChainNode, ChainReader } from '../chain.ts';
import type { Scorer } from './scorers/scorer.ts';

export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string };

export type Examined = {
  readonly account: Address;
  readonly chainId: bigint;
  readonly signer: () => Promise<Signer>;
  readonly chain: ChainReader;
  readonly scorer: () => Promise<Scorer>;
  readonly tryDataDir: () => void;
};

/** Tries everything that serving needs, one line each, without serving. */
export async function examineSetup(subject: Examined): Promise<readonly Check[]> {
  return [
    await check('signer', async () => `signs as ${(await subject.signer()).address}`),
    await check('scorer', async () => `id ${(await subject.scorer()).id}`),
    await check('data folder', () => {
      subject.tryDataDir();
      return 'can be written';
    }),
    await check('chain', () => chainLine(subject)),
    await check('registration', () => registrationLine(subject)),
  ];
}

async function chainLine({ chain, chainId }: Examined): Promise<string> {
  const found = await chain.chainId();
  if (found !== chainId) throw new Error(`the endpoint serves chain ${found}, the deployment is for ${chainId}`);
  return `chain ${found} answers`;
}

async function registrationLine(subject: Examined): Promise<string> {
  const node = await subject.chain.nodeOf(subject.account, Role.evaluator);
  if (node === undefined) throw new Error(`${subject.account} is not registered as evaluator`);
  const signer = await subject.signer();
  if (node.signer !== signer.address)
    throw new Error(`the chain knows the signer ${node.signer}, the key here is ${signer.address}`);
  return membership(node, await epochOrBefore(subject.chain));
}

/** Undefined before genesis, when the contract has no current epoch and says so by reverting. */
async function epochOrBefore(chain: ChainReader): Promise<bigint | undefined> {
  return chain.currentEpoch().catch(() => undefined);
}

const NEVER = 2n ** 32n - 1n;

function membership({ stake, activeFromEpoch, inactiveFromEpoch }: ChainNode, epoch: bigint | undefined): string {
  if (activeFromEpoch === NEVER) throw new Error(`registered with a stake of ${stake} base units, which is not enough`);
  const from = `active from epoch ${activeFromEpoch}`;
  if (epoch !== undefined && inactiveFromEpoch <= epoch) throw new Error(`inactive since epoch ${inactiveFromEpoch}`);
  return inactiveFromEpoch === NEVER ? `registered, ${from}` : `registered, ${from} until ${inactiveFromEpoch}`;
}

async function check(name: string, run: () => string | Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await run() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
