import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Wallet } from 'ethers';

import { ROOT, ensureArtifacts } from './lib/artifacts.ts';
import { connect } from './lib/chain.ts';
import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';
import { LOCAL, ZERO_HASH, protocolParamsHash } from './lib/deploy/config.ts';
import { deployAll } from './lib/deploy/deploy.ts';
import { parseDeployment } from './lib/deployment.ts';
import type { Deployment } from './lib/deployment.ts';

const FILE = join(ROOT, 'deployments/31337.json');
/** First key of the mnemonic that every development chain funds; worth nothing anywhere else. */
const DEVELOPMENT_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
/** Clock of the reference chain: 2027-01-01 00:00:00 UTC, an hour before its genesis. */
const START = 1_798_761_600;

/** Deploys to a chain inside this process, whose clock and blocks are the same every time. */
async function referenceDeployment(): Promise<Deployment> {
  const { default: hre } = await import('hardhat');
  const override = { initialDate: new Date(START * 1_000).toISOString(), mining: { auto: true, interval: 0 } };
  const server = await hre.network.createServer({ network: 'local', override }, '127.0.0.1', 0);
  const { address, port } = await server.listen();
  const { provider } = await connect(`http://${address}:${port}`);
  try {
    const config = { params: LOCAL, paramsHash: protocolParamsHash(), genesisTableRoot: ZERO_HASH };
    const signer = new Wallet(DEVELOPMENT_KEY, provider);
    const deployment = await deployAll({ provider, signer, config: { ...config, genesis: BigInt(START + 3_600) } });
    // It stands for every checkout, so it names no commit.
    return { ...deployment, commit: null };
  } finally {
    provider.destroy();
    await server.close();
  }
}

/** All that is the same on every machine: the hash of a transaction changes with every comment in a contract. */
export function comparable(deployment: Deployment): unknown {
  const contracts = Object.entries(deployment.contracts).map(([name, { transaction: _hash, ...rest }]) => [name, rest]);
  return { ...deployment, contracts: Object.fromEntries(contracts) as unknown };
}

export const generateDeployment = defineCommand(
  {
    name: 'generate-deployment',
    summary: 'Writes deployments/31337.json: what a deployment to a fresh local chain gives.',
    options: {
      check: { type: 'boolean', help: 'write nothing; exit 1 when the file is not what would be written' },
    },
  },
  async ({ options, io }) => {
    ensureArtifacts(io.stderr);
    const deployment = await referenceDeployment();
    if (options.check) {
      const written = parseDeployment(FILE, readFileSync(FILE, 'utf8'));
      const [now, then] = [deployment, written].map((item) => JSON.stringify(comparable(item)));
      if (now !== then) throw new CommandError(`${FILE} is stale: run npx node scripts/generate-deployment.ts`);
    } else {
      writeFileSync(FILE, `${JSON.stringify(deployment, null, 2)}\n`);
    }
    io.stdout(`${options.check ? 'current' : 'wrote'} ${FILE}`);
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(generateDeployment);
