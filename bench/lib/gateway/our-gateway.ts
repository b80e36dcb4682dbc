import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { parseKeys } from '../../../gateway/account/key-file.ts';
import { createKeyring } from '../../../gateway/account/keyring.ts';
import { createLedger } from '../../../gateway/account/ledger.ts';
import { createVoteLog } from '../../../gateway/store/vote-log.ts';
import { createChainClient } from '../../../gateway/chain/clients.ts';
import { readConfig } from '../../../gateway/config.ts';
import { createOutbound, parseNetworks } from '../../../gateway/lib/outbound.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import type { Address, Hex } from '../../../gateway/protocol/types.ts';
import type { RegisteredNode } from '../../../gateway/registry/ports.ts';
import { createContentCipher } from '../../../gateway/store/content-cipher.ts';
import { createReceiptLog } from '../../../gateway/store/receipt-log.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { createLogger } from '../../../gateway/telemetry/logger.ts';
import { createForeground } from '../../../gateway/wiring/foreground.ts';

/**
 * This gateway as the program wires it: every option at its default, receipts on disk, the metering thread, eight nodes to
 * choose from. The chain alone is missing: its facts are constants, as they are between two blocks.
 */
const { values } = parseArgs({
  options: { port: { type: 'string' }, upstreams: { type: 'string' }, keyHash: { type: 'string' } },
});
const dataDir = mkdtempSync(join(tmpdir(), 'dgrid-bench-'));
process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }));

const addressOf = (index: number): Address => `0x${(index + 1).toString(16).padStart(40, '0')}`;
const STAKE = 10_000n * 10n ** 18n;
const SECRET: Hex = `0x${'5e'.repeat(32)}`;

const nodes: readonly RegisteredNode[] = (values.upstreams ?? '').split(',').map((port, index) => ({
  account: addressOf(index),
  role: 0,
  signer: addressOf(index + 1_000),
  stake: STAKE,
  activeFromEpoch: 0n,
  inactiveFromEpoch: 2n ** 32n - 1n,
  metadata: {
    version: 1,
    name: `node-${index}`,
    endpoint: `http://127.0.0.1:${port}`,
    models: [
      {
        id: 'bench-model',
        contextLength: 131_072,
        maxOutputTokens: 8_192,
        capabilities: ['json', 'tools'],
        price: { input: 100_000 + 1_000 * index, output: 400_000 - 1_000 * index },
      },
    ],
  },
}));

const contracts = {
  chainId: 31_337n,
  block: 0n,
  token: addressOf(9_000),
  nodeStaking: addressOf(9_001),
  proofRegistry: addressOf(9_002),
  rewardDistributor: addressOf(9_003),
  evidenceCourt: addressOf(9_004),
};
const config = readConfig({
  DGRID_RPC_URL: 'http://127.0.0.1:9',
  DGRID_DEPLOYMENT: '-',
  DGRID_ACCOUNT: addressOf(99),
  DGRID_SIGNER_KEY: SECRET,
  DGRID_KEYS: '-',
  DGRID_DATA_DIR: dataDir,
});
const genesis = BigInt(Math.floor(Date.now() / 1_000)) - 60n;
const store = await openStore(join(dataDir, 'gateway.db'));
const receipts = await createReceiptLog({ store, cipher: createContentCipher(SECRET), firstSerial: 0n });
const keyring = createKeyring(parseKeys(JSON.stringify([{ hash: values.keyHash, name: 'bench' }])));
const { app, close } = createForeground({
  config,
  contracts,
  params: DEFAULT_PARAMS,
  keyring,
  ledger: createLedger({ keyOf: keyring.byHash, totals: [], nowMs: Date.now }),
  votes: createVoteLog(store),
  log: createLogger(config.logLevel),
  client: createChainClient({ rpcUrl: config.rpcUrl, chainId: contracts.chainId, pollMs: config.chainPollMs }),
  head: {
    head: () => ({ number: 1n, timestamp: BigInt(Math.floor(Date.now() / 1_000)), hash: SECRET }),
    stop: () => undefined,
  },
  staking: { clock: { genesis, epochDuration: 86_400n }, recordWindow: 3_600n, minimumStake: STAKE },
  nodes: { list: () => nodes },
  outbound: createOutbound({ connectMs: config.connectMs, allowed: parseNetworks(['127.0.0.0/8']) }),
  gateway: addressOf(99),
  signerKey: SECRET,
  dataKey: SECRET,
  receipts,
  distributions: { distribution: async () => undefined },
  datasets: { epoch: async () => undefined, batch: async () => undefined },
});

process.on('SIGTERM', () => {
  void app.http
    .close()
    .then(close)
    .then(store.close)
    .finally(() => process.exit(0));
});
await app.http.listen({ port: Number(values.port), host: '127.0.0.1' });
