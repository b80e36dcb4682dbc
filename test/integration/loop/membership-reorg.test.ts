import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createChainClient } from '../../../gateway/chain/clients.ts';
import { followHead } from '../../../gateway/chain/head.ts';
import { createMembership } from '../../../gateway/chain/membership.ts';
import { followNodes } from '../../../gateway/chain/node-follower.ts';
import { Role } from '../../../gateway/protocol/constants.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import { startChain } from '../../../scripts/demo/chain.ts';
import { deployNetwork, deployerKey, fundMembers, registerMembers } from '../../../scripts/demo/joining.ts';
import { createMembers } from '../../../scripts/demo/members.ts';
import { latestBlock, rpcCall } from '../../../scripts/demo/rpc.ts';
import { createSupervisor } from '../../../scripts/demo/supervisor.ts';
import { ROOT } from '../../../scripts/lib/artifacts.ts';

const PACE = { factor: 1, epochDuration: 3_600, recordWindow: 7_200, answerTimeoutMs: 3_000 };
const POLL_MS = 100;
const DEADLINE_MS = 60_000;
/** An optional dependency: npm leaves it out where there is no build of it for the platform. */
const hasAnvil = existsSync(join(ROOT, 'node_modules/.bin/anvil'));

describe('the register on a chain that forks', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dgrid-register-'));
  const everything = createSupervisor({ logDir: join(dir, 'logs'), graceMs: 1_000 });
  after(async () => {
    await everything.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const title = 'forgets everybody whose registration was undone';
  if (!hasAnvil) {
    it(`${title}: not shown here, for there is no Anvil for this platform`, () => undefined);
    return;
  }

  it(title, async function () {
    this.timeout(300_000);
    const members = await createMembers('register', undefined);
    const chain = await startChain('anvil', undefined, everything);
    const network = await deployNetwork(chain, dir, deployerKey({}), PACE);
    await fundMembers(network, members);
    const before = (await latestBlock(chain.rpcUrl)).number;
    await registerMembers(network, members, dir);

    const { chainId } = network.connection;
    const client = createChainClient({ rpcUrl: chain.rpcUrl, chainId, pollMs: POLL_MS });
    const staking = network.deployment.contracts.NodeStaking.address.toLowerCase() as Address;
    const onError = (error: unknown): void => void assert.fail(String(error));
    const head = await followHead({ client, pollMs: POLL_MS, onError });
    const nodes = await followNodes({ client, staking, pollMs: POLL_MS, onError: () => undefined });
    const membership = createMembership({
      ...{ client, staking, nodes, head: head.head, finalityBlocks: 64n },
      blockHash: async (blockNumber) => (await client.getBlock({ blockNumber })).hash,
    });
    const evaluators = members.evaluators.map(({ account }) => account.address.toLowerCase()).toSorted();
    const inOffice = (): Promise<readonly Address[]> => membership.activeIn(Role.evaluator, 0n);
    const isEmpty = (): Promise<boolean> => Promise.resolve(nodes.members().length === 0);
    try {
      assert.deepEqual(await inOffice(), evaluators);
      const { number, hash } = head.head();
      await rpcCall(chain.rpcUrl, 'anvil_reorg', [Number((await latestBlock(chain.rpcUrl)).number - before), []]);
      await everything.until('a register without them', isEmpty, DEADLINE_MS);
      const isFork = async (): Promise<boolean> =>
        head.head().number >= number && (await client.getBlock({ blockNumber: number })).hash !== hash;
      await everything.until('the other branch', isFork, DEADLINE_MS);
      assert.deepEqual(await inOffice(), []);
      assert.deepEqual(nodes.list(), []);
    } finally {
      nodes.stop();
      head.stop();
    }
  });
});
