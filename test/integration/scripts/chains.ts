import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { JsonRpcProvider } from 'ethers';
import hre from 'hardhat';

/** Real local chains behind HTTP, mining a block per transaction, with a clock that only tests move. */
export type LocalChain = {
  readonly rpc: string;
  readonly provider: JsonRpcProvider;
  /** Mines a block at this second. */
  readonly advanceTo: (second: bigint) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** First key of the mnemonic that every development chain funds. */
export const DEV_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';

const START = 1_800_000_000;

function attach(rpc: string, close: () => Promise<void>): LocalChain {
  const provider = new JsonRpcProvider(rpc, 31_337, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 20 });
  return {
    rpc,
    provider,
    async advanceTo(second) {
      await provider.send('evm_setNextBlockTimestamp', [Number(second)]);
      await provider.send('evm_mine', []);
    },
    async stop() {
      provider.destroy();
      await close();
    },
  };
}

export async function startHardhat(): Promise<LocalChain> {
  const override = { initialDate: new Date(START * 1_000).toISOString(), mining: { auto: true, interval: 0 } };
  const server = await hre.network.createServer({ network: 'local', override }, '127.0.0.1', 0);
  const { address, port } = await server.listen();
  return attach(`http://${address}:${port}`, async () => server.close());
}

const ANVIL = fileURLToPath(new URL('../../../node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil', import.meta.url));

/** Anvil is an optional package: undefined where it is not installed. */
export async function startAnvil(): Promise<LocalChain | undefined> {
  if (!existsSync(ANVIL)) return undefined;
  const port = await freePort();
  const args = ['--port', `${port}`, '--host', '127.0.0.1', '--timestamp', `${START}`, '--hardfork', 'prague'];
  const child = spawn(ANVIL, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { stdout } = child;
  assert.ok(stdout);
  await new Promise<void>((resolve) => {
    // Anvil says so when it listens; what it prints later is read and dropped, or its pipe would fill up.
    stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Listening on')) resolve();
    });
  });
  return attach(`http://127.0.0.1:${port}`, async () => {
    child.kill();
    await once(child, 'exit');
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
