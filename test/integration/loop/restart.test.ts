import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startChain, reachTime } from '../../../scripts/demo/chain.ts';
import { goldsAnchored, readChainFacts } from '../../../scripts/demo/chain-facts.ts';
import { createChatClient } from '../../../scripts/demo/chat-client.ts';
import { checkInvariants } from '../../../scripts/demo/invariants.ts';
import { deployNetwork, deployerKey, fundMembers, registerMembers } from '../../../scripts/demo/joining.ts';
import type { Network } from '../../../scripts/demo/joining.ts';
import { createMembers } from '../../../scripts/demo/members.ts';
import { latestBlock } from '../../../scripts/demo/rpc.ts';
import { backendsReady, startAgents, startBackends, startGateway } from '../../../scripts/demo/services.ts';
import { epochsFinal, readDatasets } from '../../../scripts/demo/settle.ts';
import { answers, createSupervisor } from '../../../scripts/demo/supervisor.ts';
import type { Supervisor } from '../../../scripts/demo/supervisor.ts';
import { OWN_TASKS, readTasks, taskBody } from '../../../scripts/demo/tasks.ts';
import type { Sent } from '../../../scripts/demo/traffic.ts';
import { auditEpochs } from './audit-epochs.ts';

const SEED = 'restart';
const API_KEY = 'dgrid-restart-test';
/**
 * Windows that no machine is slow enough to miss: the point is what survives. The chain's clock is put forward, never by
 * more than an epoch, which is less than the window of what was anchored just before.
 */
const PACE = { factor: 1, epochDuration: 600, recordWindow: 900, answerTimeoutMs: 3_000 };
/** How many answers are reported before the process is killed, life by life. */
const LIVES = [3, 9, 1];
const REQUESTS_PER_LIFE = 12;
const DEADLINE_MS = 60_000;
/** How many epochs after the last with receipts may pass until one stands on the table of another. */
const MORE_EPOCHS = 6;
/** The first that opens after the table of the last one with receipts is final, in the middle of the second after it. */
const FIRST_CHAINED = 3;

describe('a gateway that is killed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dgrid-restart-'));
  const everything = createSupervisor({ logDir: join(dir, 'logs'), graceMs: 1_000 });
  const lives: Supervisor[] = [];
  const tasks = readTasks(OWN_TASKS);

  after(async () => {
    for (const life of lives) await life.stop();
    await everything.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('anchors every reported receipt exactly once, whenever it died', async function () {
    this.timeout(400_000); // three restarts and four epochs: a minute on a free machine
    mkdirSync(dir, { recursive: true });
    const members = await createMembers(SEED, undefined);
    startBackends(everything, members, SEED);
    const chain = await startChain('hardhat', undefined, everything);
    const network = await deployNetwork(chain, dir, deployerKey({}), PACE);
    startAgents(everything, network, members, dir);
    await fundMembers(network, members);
    await registerMembers(network, members, dir);
    await backendsReady(everything, members);

    const start = async (): Promise<{ readonly pid: number; readonly life: Supervisor }> => {
      const life = createSupervisor({ logDir: join(dir, `logs-gateway-${lives.length}`), graceMs: 1_000 });
      lives.push(life);
      const { pid } = startGateway(life, network, members.gateway, { dir, apiKey: API_KEY, golds: [], pace: PACE });
      await life.until('a gateway that is ready', answers(`${members.gateway.url}/readyz`), DEADLINE_MS);
      return { pid, life };
    };
    const sent: Sent[] = [];
    let gateway = await start();
    await gateway.life.until('the golds of epoch 0', goldsAnchored(network, members.gateway), DEADLINE_MS);
    await reachTime(chain, everything, network.timing.genesis, DEADLINE_MS);
    for (const killAfter of LIVES) {
      sent.push(...(await sendUntilKilled(members.gateway.url, killAfter, gateway.pid)));
      gateway = await start();
    }
    sent.push(...(await sendUntilKilled(members.gateway.url, Infinity, gateway.pid)));
    const votes = await voteOn(members.gateway.url, sent.slice(-REQUESTS_PER_LIFE));

    const last = await lastEpochAnchored(gateway.life, network, sent, members.gateway.url);
    const settle = async (epoch: number): Promise<void> => {
      await passTo(gateway.life, network, endOf(network, epoch));
      await epochsFinal(gateway.life, members.gateway.url, epoch, () => undefined);
    };
    await settle(last);
    const datasets = await readDatasets(members.gateway.url, last + 1);
    const reported = sent.filter(({ ok }) => ok).map(({ receiptId }) => receiptId);
    const anchored = datasets.flatMap(({ receipts }) => receipts.map(({ receipt }) => String(receipt['id'])));
    assert.ok(reported.length >= LIVES.reduce((sum, count) => sum + count, 0), `${reported.length} reported`);
    assert.equal(new Set(anchored).size, anchored.length, 'no receipt stands in two places');
    assert.deepEqual(
      reported.filter((id) => id === undefined || !anchored.includes(id)),
      [],
    );
    // The audit below folds them again: what a payer said is in the dataset, and in the reward leaf by its rule.
    const lines = datasets.flatMap(({ text }) => text.split('\n'));
    for (const [id, rating] of votes) {
      const line = lines.find((entry) => entry.startsWith('{') && entry.includes(`"id":"${id}"`)) ?? '{}';
      assert.equal((JSON.parse(line) as { vote?: string }).vote, rating, `the vote on ${id}`);
    }
    const facts = await readChainFacts(network, last + 1);
    const late = new Map(); // all of them stand in the datasets: that was just asserted
    const input = { facts, datasets, deployment: network.deployment, sent, late };
    const failed = checkInvariants(input).filter(({ ok }) => !ok);
    assert.deepEqual(failed, []);
    // The table of an epoch is in force once it is final: until one is, the next epochs are waited for.
    let chained = 0;
    for (let end = last + FIRST_CHAINED; chained === 0 && end <= last + MORE_EPOCHS; end += 1) {
      await settle(end);
      chained = await auditEpochs({ url: members.gateway.url, network, dir, last: end });
    }
    assert.ok(chained >= 1, 'an epoch that stands on the table of an earlier one');
  });

  /** One vote for each node, good and bad in turns. @returns those that were taken, by receipt. */
  async function voteOn(url: string, answered: readonly Sent[]): Promise<ReadonlyMap<string, string>> {
    const receipts = new Map(
      answered.flatMap(({ node, receiptId }) => (receiptId === undefined ? [] : [[node, receiptId] as const])),
    );
    const taken = new Map<string, string>();
    for (const [place, id] of [...receipts.values()].entries()) {
      const rating = place % 2 === 0 ? 'good' : 'bad';
      const response = await fetch(`${url}/v1/receipts/${id}/feedback`, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ rating }),
      });
      assert.equal(response.status, 200, await response.text());
      taken.set(id, rating);
    }
    assert.ok(taken.size > 1);
    return taken;
  }

  /** Sends a wave of requests and kills the process group once so many of them were answered. */
  async function sendUntilKilled(url: string, killAfter: number, pid: number): Promise<Sent[]> {
    const ask = createChatClient({ baseUrl: url, apiKey: API_KEY, timeoutMs: 10_000 });
    let answered = 0;
    return await Promise.all(
      Array.from({ length: REQUESTS_PER_LIFE }, async (_, index): Promise<Sent> => {
        const task = tasks[(index * 7) % tasks.length];
        assert.ok(task !== undefined);
        const streamed = index % 2 === 0;
        const reply = await ask(taskBody(task), streamed);
        if (reply.ok && (answered += 1) === killAfter) process.kill(-pid, 'SIGKILL');
        return { ...reply, epoch: 0, task, streamed, accuracyBps: undefined };
      }),
    );
  }

  /** When an epoch's window for records is over, and its round begins. */
  const endOf = ({ timing: { genesis, epochDuration } }: Network, epoch: number): bigint =>
    genesis + BigInt(epoch + 1) * epochDuration + BigInt(PACE.recordWindow) + 1n;

  /** Puts the clock forward, epoch by epoch, whenever no batch waits for its records. */
  async function passTo(life: Supervisor, network: Network, time: bigint): Promise<void> {
    const recorded = async (): Promise<boolean> =>
      (await readChainFacts(network, 1)).batches.every(({ recordsRoot }) => BigInt(recordsRoot) !== 0n);
    for (;;) {
      await life.until('the records of every batch', recorded, DEADLINE_MS);
      const { timestamp } = await latestBlock(network.chain.rpcUrl);
      if (timestamp >= time) return;
      const next = timestamp + BigInt(PACE.epochDuration);
      await reachTime(network.chain, life, next < time ? next : time, DEADLINE_MS);
    }
  }

  /** The epoch that the last of the reported receipts was anchored in. */
  async function lastEpochAnchored(
    life: Supervisor,
    network: Network,
    sent: readonly Sent[],
    url: string,
  ): Promise<number> {
    const wanted = sent.filter(({ ok }) => ok).map(({ receiptId }) => receiptId);
    const anchored = async (signal: AbortSignal): Promise<boolean> => {
      for (const id of wanted) {
        const response = await fetch(`${url}/v1/receipts/${id}`, {
          headers: { authorization: `Bearer ${API_KEY}` },
          signal,
        });
        const { state } = (await response.json()) as { state: string };
        if (state === 'served') return false;
      }
      return true;
    };
    await life.until('every reported receipt on chain', anchored, DEADLINE_MS);
    const { batches } = await readChainFacts(network, 1);
    return Number(batches.reduce((latest, { epoch }) => (epoch > latest ? epoch : latest), 0n));
  }
});
