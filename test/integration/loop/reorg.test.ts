import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from '../../../scripts/lib/artifacts.ts';
import { startChain, reachTime } from '../../../scripts/demo/chain.ts';
import { goldsAnchored, readChainFacts } from '../../../scripts/demo/chain-facts.ts';
import { createChatClient } from '../../../scripts/demo/chat-client.ts';
import { checkInvariants } from '../../../scripts/demo/invariants.ts';
import { deployNetwork, deployerKey, fundMembers, registerMembers } from '../../../scripts/demo/joining.ts';
import type { Network } from '../../../scripts/demo/joining.ts';
import { createMembers } from '../../../scripts/demo/members.ts';
import { latestBlock, rpcCall } from '../../../scripts/demo/rpc.ts';
import { backendsReady, startAgents, startBackends, startGateway } from '../../../scripts/demo/services.ts';
import { epochsFinal, readDatasets } from '../../../scripts/demo/settle.ts';
import { answers, createSupervisor } from '../../../scripts/demo/supervisor.ts';
import { OWN_TASKS, readTasks, taskBody } from '../../../scripts/demo/tasks.ts';
import type { Sent } from '../../../scripts/demo/traffic.ts';
import { runs } from '../../deep.ts';

const SEED = 'reorg';
const API_KEY = 'dgrid-reorg-test';
const FINALITY = 22;
/**
 * Records wait until no fork can reach their batch's seed any more, and a fork of twenty blocks starts that wait again:
 * the window is the wait twice over, at a block a second of the chain's clock, so that a slow machine is no reason to miss it.
 */
const PACE = { factor: 1, epochDuration: 24, recordWindow: 2 * FINALITY, answerTimeoutMs: 3_000 };
const RECORD_MARGIN_S = 8;
/** Blocks that each fork takes back, one fork after the other. */
const DEPTHS = [1, 3, 20, ...[7, 2, 12, 5, 18, 1, 9].slice(0, runs(0, 7))];
const REQUESTS = 6;
const DEADLINE_MS = 90_000;

/** An optional dependency: npm leaves it out where there is no build of it for the platform. */
const hasAnvil = existsSync(join(ROOT, 'node_modules/.bin/anvil'));

describe('a gateway on a chain that forks', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dgrid-reorg-'));
  const everything = createSupervisor({ logDir: join(dir, 'logs'), graceMs: 1_000 });
  const tasks = readTasks(OWN_TASKS);

  after(async () => {
    await everything.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const title = 'anchors every receipt once on the branch that stays, and settles its epochs';
  if (!hasAnvil) {
    it(`${title}: not shown here, for there is no Anvil for this platform`, () => undefined);
    return;
  }

  it(title, async function () {
    this.timeout(600_000);
    const members = await createMembers(SEED, undefined);
    startBackends(everything, members, SEED);
    const chain = await startChain('anvil', undefined, everything);
    const network = await deployNetwork(chain, dir, deployerKey({}), PACE);
    startAgents(everything, network, members, dir);
    await fundMembers(network, members);
    await registerMembers(network, members, dir);
    await backendsReady(everything, members);
    startGateway(everything, network, members.gateway, {
      ...{ dir, apiKey: API_KEY, golds: [], pace: PACE },
      env: {
        DGRID_FINALITY_BLOCKS: String(FINALITY),
        DGRID_CONFIRMATIONS: '2',
        DGRID_TX_TIMEOUT_MS: '4000',
        DGRID_RECORD_MARGIN_S: String(RECORD_MARGIN_S),
      },
    });
    const { url } = members.gateway;
    await everything.until('a gateway that is ready', answers(`${url}/readyz`), DEADLINE_MS);
    await everything.until('the golds of epoch 0', goldsAnchored(network, members.gateway), DEADLINE_MS);
    await reachTime(chain, everything, network.timing.genesis, DEADLINE_MS);
    // What the forks must not reach: the registrations, and the opening of the first epoch.
    const { number } = await latestBlock(chain.rpcUrl);
    const grown = async (signal: AbortSignal): Promise<boolean> =>
      (await latestBlock(chain.rpcUrl, signal)).number >= number + FINALITY;
    await everything.until('a chain that is long enough', grown, DEADLINE_MS);

    const sent: Sent[] = [];
    for (const depth of DEPTHS) {
      sent.push(...(await send(url, sent.length)));
      await everything.until('a batch on chain', anchoredUpTo(network, url, sent.at(-1)), DEADLINE_MS);
      await rpcCall(chain.rpcUrl, 'anvil_reorg', [depth, []]);
    }
    sent.push(...(await send(url, sent.length)));
    for (const one of sent) await everything.until('it on chain', anchoredUpTo(network, url, one), DEADLINE_MS);

    const { batches } = await readChainFacts(network, 1);
    const last = Number(batches.reduce((latest, { epoch }) => (epoch > latest ? epoch : latest), 0n));
    await epochsFinal(everything, url, last, () => undefined);
    const datasets = await readDatasets(url, last + 1);
    const anchored = datasets.flatMap(({ receipts }) => receipts.map(({ receipt }) => String(receipt['id'])));
    const reported = sent.filter(({ ok }) => ok).map(({ receiptId }) => receiptId);
    assert.ok(reported.length >= REQUESTS * DEPTHS.length, `${reported.length} reported`);
    assert.equal(new Set(anchored).size, anchored.length, 'no receipt stands in two places');
    assert.deepEqual(
      reported.filter((id) => id === undefined || !anchored.includes(id)),
      [],
    );
    const facts = await readChainFacts(network, last + 1);
    const input = { facts, datasets, deployment: network.deployment, sent, late: new Map() };
    assert.deepEqual(
      checkInvariants(input).filter(({ ok }) => !ok),
      [],
    );
  });

  async function send(url: string, from: number): Promise<Sent[]> {
    const ask = createChatClient({ baseUrl: url, apiKey: API_KEY, timeoutMs: 10_000 });
    return await Promise.all(
      Array.from({ length: REQUESTS }, async (_, index): Promise<Sent> => {
        const task = tasks[((from + index) * 7) % tasks.length];
        assert.ok(task !== undefined);
        const streamed = index % 2 === 0;
        return { ...(await ask(taskBody(task), streamed)), epoch: 0, task, streamed, accuracyBps: undefined };
      }),
    );
  }

  /** Whether a receipt's batch is one that the chain, as it is now, knows under that root. */
  function anchoredUpTo(network: Network, url: string, sent: Sent | undefined) {
    return async (signal: AbortSignal): Promise<boolean> => {
      if (sent?.ok !== true) return true;
      const headers = { authorization: `Bearer ${API_KEY}` };
      const response = await fetch(`${url}/v1/receipts/${sent.receiptId}`, { headers, signal });
      const { batch } = (await response.json()) as { batch?: { readonly root: string } | null };
      if (batch === undefined || batch === null) return false;
      const { batches } = await readChainFacts(network, 1);
      return batches.some(({ root }) => root === batch.root);
    };
  }
});
