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
import { claimAll, epochsFinal, readDatasets } from '../../../scripts/demo/settle.ts';
import { answers, createSupervisor } from '../../../scripts/demo/supervisor.ts';
import { OWN_TASKS, readTasks, taskBody } from '../../../scripts/demo/tasks.ts';
import type { Sent } from '../../../scripts/demo/traffic.ts';
import { runs } from '../../deep.ts';
import { auditEpochs } from './audit-epochs.ts';

const SEED = 'reorg';
const API_KEY = 'dgrid-reorg-test';
const FINALITY = 22;
/**
 * Hours, so that no machine is slow enough to miss a window; the chain's clock is put forward where they have to end. The
 * window reaches into the next epoch: a fork there may undo records, and they have to be posted again.
 */
const PACE = { factor: 1, epochDuration: 3_600, recordWindow: 7_200, answerTimeoutMs: 3_000 };
const RECORD_MARGIN_S = 600;
/** Blocks that each fork takes back, one fork after the other: in depth every number up to twenty. */
const DEPTHS = [1, 3, 20, ...[7, 14, 2, 12, 5, 18, 9, 16, 4, 11, 19, 6, 15, 8, 13, 10, 17].slice(0, runs(0, 17))];
/** What the opening of an epoch, its proposal and its finality are undone by. */
const LATE_DEPTH = 12;
const REQUESTS = 6;
/** State of an epoch on chain that nothing changes any more. */
const FINAL = 4n;
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
      await fork(chain.rpcUrl, depth);
    }
    sent.push(...(await send(url, sent.length)));
    const recorded = (): Promise<void> =>
      everything.until('all records on chain', allRecorded(network, url, sent), DEADLINE_MS);
    await recorded();

    const { genesis, epochDuration } = network.timing;
    const forkAt = async (time: bigint, what: string, done: () => Promise<boolean>): Promise<void> => {
      for (const fork of [true, false]) {
        await reachTime(chain, everything, time, DEADLINE_MS);
        await everything.until(what, done, DEADLINE_MS);
        if (fork) await rpcCall(chain.rpcUrl, 'anvil_reorg', [LATE_DEPTH, []]);
        // A fork takes back records, and the time, too, that the clock was put forward.
        await recorded();
      }
    };
    await forkAt(genesis + epochDuration, 'epoch 1', opened(network));
    await forkAt(genesis + epochDuration + BigInt(PACE.recordWindow) + 1n, 'the end of epoch 0', isFinal(network));
    const forked = (await latestBlock(chain.rpcUrl)).number;
    const settled = async (signal: AbortSignal): Promise<boolean> =>
      (await latestBlock(chain.rpcUrl, signal)).number >= forked + FINALITY;
    await everything.until('a fork that nothing undoes any more', settled, DEADLINE_MS);
    await epochsFinal(everything, url, 0, () => undefined);
    assert.ok(await opened(network)(), 'epoch 1 is open on the branch that stays');
    await checkSettled(network, url, sent);
  });

  async function checkSettled(network: Network, url: string, sent: readonly Sent[]): Promise<void> {
    const datasets = await readDatasets(url, 1);
    const anchored = datasets.flatMap(({ receipts }) => receipts.map(({ receipt }) => String(receipt['id'])));
    const reported = sent.filter(({ ok }) => ok).map(({ receiptId }) => receiptId);
    assert.ok(reported.length >= REQUESTS * DEPTHS.length, `${reported.length} reported`);
    assert.equal(new Set(anchored).size, anchored.length, 'no receipt stands in two places');
    assert.deepEqual(
      reported.filter((id) => id === undefined || !anchored.includes(id)),
      [],
    );
    await claimAll(network, url, 1);
    const facts = await readChainFacts(network, 1);
    assert.ok(facts.claims.length > 0);
    const input = { facts, datasets, deployment: network.deployment, sent, late: new Map() };
    assert.deepEqual(
      checkInvariants(input).filter(({ ok }) => !ok),
      [],
    );
    await auditEpochs({ url, network, dir, last: 0 });
  }

  /** Whether the chain, as it is now, has the records of every batch of epoch 0, and all receipts are in these. */
  const allRecorded = (network: Network, url: string, sent: readonly Sent[]) => async (signal: AbortSignal) => {
    const { batches } = await readChainFacts(network, 1);
    const own = batches.filter(({ epoch }) => epoch === 0n);
    const roots = new Set(own.map(({ root }) => root));
    for (const { ok, receiptId } of sent) if (ok && !roots.has(await rootOf(url, receiptId, signal))) return false;
    return own.every(({ recordsRoot }) => BigInt(recordsRoot) !== 0n);
  };

  const isFinal = (network: Network) => async (): Promise<boolean> =>
    (await readChainFacts(network, 1)).epochs[0]?.state === FINAL;
  const opened = (network: Network) => async (): Promise<boolean> =>
    (await readChainFacts(network, 1)).epochs.length > 1;

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
      const { batches } = await readChainFacts(network, 1);
      const own = await rootOf(url, sent.receiptId, signal);
      return batches.some(({ root }) => root === own);
    };
  }

  async function rootOf(url: string, receiptId: string | undefined, signal: AbortSignal): Promise<string> {
    const headers = { authorization: `Bearer ${API_KEY}` };
    const response = await fetch(`${url}/v1/receipts/${receiptId}`, { headers, signal });
    return ((await response.json()) as { batch?: { readonly root: string } | null }).batch?.root ?? '';
  }
});

/**
 * Anvil's new branch has a block a second from the fork on, whatever time the old one had reached: seconds behind it. Real branches
 * are as late as each other, and a receipt whose anchor came to lie before its answer would be void.
 */
async function fork(rpcUrl: string, depth: number): Promise<void> {
  const { timestamp } = await latestBlock(rpcUrl);
  await rpcCall(rpcUrl, 'anvil_reorg', [depth, []]);
  await rpcCall(rpcUrl, 'evm_setNextBlockTimestamp', [Number(timestamp) + 1]);
}
