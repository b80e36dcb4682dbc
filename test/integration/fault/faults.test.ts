import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

import { readChainFacts } from '../../../scripts/demo/chain-facts.ts';
import { checkInvariants, weightOf } from '../../../scripts/demo/invariants.ts';
import { latestBlock, rpcCall } from '../../../scripts/demo/rpc.ts';
import { claimAll, epochsFinal, readDatasets } from '../../../scripts/demo/settle.ts';
import { reachTime } from '../../../scripts/demo/chain.ts';
import { runs } from '../../deep.ts';
import { auditEpochs } from '../loop/audit-epochs.ts';
import type { Mode } from './rpc-proxy.ts';
import { DEADLINE_MS, PRLIMIT, createFaultWorld, limitFiles } from './world.ts';
import type { FaultWorld } from './world.ts';

const LOCKER = fileURLToPath(new URL('./lock-store.ts', import.meta.url));
const HOUR_MS = 3_600_000;
/** What a gateway may say to a caller while something is wrong with its disk, its clock or its chain. */
const HONEST = /^(5\d\d|stream ended:) DGRID_[A-Z_]+$/;
const SPOILED = 12;

/** One network, one gateway, and one trouble after the other; in the end everything that was ever reported is paid once. */
describe('a gateway in trouble', function () {
  this.timeout(runs(240_000, 1_800_000));
  let world: FaultWorld;
  before(async () => {
    world = await createFaultWorld();
    await world.servesAgain(4);
    await world.everythingAnchored();
  });
  after(() => world.stop());

  const spoiledEnough = (count = SPOILED): Promise<void> =>
    world.until('a chain that is asked in vain', () => Promise.resolve(world.proxy.spoiled() >= count));

  const full = 'says so while its disk is full, loses nothing, and goes on by itself once there is room';
  if (PRLIMIT === undefined) it(`${full}: not shown here, for nobody can limit a process that runs`, () => undefined);
  else
    it(full, async () => {
      for (const room of [24_000, 0, ...[9_000, 40_000, 100_000, 300_000].slice(0, runs(0, 4))]) {
        const { pid } = world.gateway();
        let bytes = room === 0 ? 1 : statSync(`${world.storeFile}-wal`).size + room;
        const failed = new Set<string | undefined>();
        for (let waves = 0; failed.size === 0; waves += 1) {
          assert.ok(waves < 100, 'the disk is never full');
          limitFiles(pid, Math.ceil(bytes));
          bytes *= 0.8; // SQLite goes back to the beginning of its log now and then
          for (const { ok, problem } of await world.send(4)) if (!ok) failed.add(problem);
        }
        for (const problem of failed) assert.match(problem ?? '', /^(503|stream ended:) DGRID_STORE_UNAVAILABLE$/);
        limitFiles(pid, 'unlimited');
        await world.servesAgain(4);
        assert.equal(world.gateway().pid, pid, 'the same process');
        await world.everythingAnchored();
      }
    });

  it('refuses its folder to a second gateway with one line', async () => {
    assert.deepEqual(await world.refused(), [
      'gateway: store DIR/data-gateway/gateway.db is in use by another process\n',
      1,
    ]);
    await world.servesAgain(2);
  });

  it('anchors on while its clock is wrong by hours, and when it is put right', async () => {
    for (const wrongBy of [-3, 5, 0, ...[-24, 24, -1, 0].slice(0, runs(0, 4))]) {
      await world.servesAgain(4); // so that something is on its way when the clock moves
      await world.setClock(wrongBy * HOUR_MS);
      // Nodes take no session of a gateway that lives at another time: it says so, and nobody is charged.
      for (const { ok, problem } of await world.send(4)) if (!ok) assert.match(problem ?? '', HONEST);
      await world.everythingAnchored();
      if (wrongBy !== 0) await world.setClock(0);
    }
    await world.servesAgain(4);
  });

  it('does not wait for a time that its clock showed before it was put back and the process killed', async () => {
    await world.servesAgain(6);
    await world.kill();
    world.presetClock(-3 * HOUR_MS);
    await world.start();
    await world.everythingAnchored();
    await world.setClock(0);
    await world.servesAgain(2);
  });

  const MODES: readonly Mode[] = [
    'status 503',
    'JSON-RPC errors',
    'HTML',
    'truncated JSON',
    'an empty answer',
    'stale blocks',
  ];
  for (const mode of MODES)
    it(`serves while its chain answers with ${mode}, and anchors everything once afterwards`, async () => {
      await world.servesAgain(3);
      world.proxy.set(mode);
      for (const { ok, problem } of await world.send(3)) assert.ok(ok, String(problem));
      await spoiledEnough(runs(SPOILED, 10 * SPOILED));
      for (const { ok, problem } of await world.send(2)) assert.ok(ok, String(problem));
      world.proxy.set('pass');
      await world.everythingAnchored();
    });

  it('does not start on another chain, or on none, and says which', async () => {
    world.proxy.set('another chain');
    assert.deepEqual(await world.refused(), [
      'gateway: the RPC at RPC is chain 1, the deployment file is for 31337\n',
      1,
    ]);
    for (const mode of ['unreachable', 'HTML', 'status 503'] as const) {
      world.proxy.set(mode);
      const [said, code] = await world.refused();
      assert.match(said, /^gateway: no chain answers at RPC: [^\n]+\n$/);
      assert.equal(code, 1);
    }
    world.proxy.set('pass');
  });

  it('serves through an hour without its chain, and anchors and records everything once afterwards', async () => {
    await world.servesAgain(4);
    world.proxy.set('unreachable');
    for (const { ok, problem } of await world.send(4)) assert.ok(ok, String(problem));
    // An hour of the chain's own time; in fewer blocks than the 256 whose hashes every chain remembers.
    await rpcCall(world.chain.rpcUrl, 'hardhat_mine', ['0xc8', '0x12']);
    await spoiledEnough(2 * SPOILED);
    for (const { ok, problem } of await world.send(2)) assert.ok(ok, String(problem));
    world.proxy.set('pass');
    await world.everythingAnchored();
  });

  it('sends what the chain dropped again, under the same nonce, and pays more for what stays unmined', async () => {
    const { rpcUrl } = world.chain;
    type Pending = {
      readonly hash: string;
      readonly from: string;
      readonly nonce: string;
      readonly maxFeePerGas: string;
    };
    const pool = async (): Promise<readonly Pending[]> =>
      (await rpcCall(rpcUrl, 'eth_pendingTransactions', [])) as readonly Pending[];
    await rpcCall(rpcUrl, 'evm_setIntervalMining', [0]);
    await world.servesAgain(4);
    const seen = new Map<string, Set<string>>();
    const drop = async (): Promise<number> => {
      const waiting = await pool();
      for (const { hash, nonce } of waiting) {
        seen.set(nonce, (seen.get(nonce) ?? new Set()).add(hash));
        await rpcCall(rpcUrl, 'hardhat_dropTransaction', [hash]);
      }
      return waiting.length;
    };
    let drops = 0;
    await world.until('transactions that are sent again and again', async () => (drops += await drop()) >= runs(6, 40));
    const replaced = async (): Promise<boolean> => {
      for (const { hash, nonce } of await pool()) seen.set(nonce, (seen.get(nonce) ?? new Set()).add(hash));
      return [...seen.values()].some((hashes) => hashes.size > 1);
    };
    await world.until('a replacement', replaced);
    assert.ok(seen.size < drops, 'what was dropped comes again under its nonce');
    await rpcCall(rpcUrl, 'evm_setIntervalMining', [400]);
    await world.everythingAnchored();
  });

  it('does not start on a store that another program has locked, or that it may not write to', async () => {
    await world.kill();
    const locker = spawn(process.execPath, [LOCKER, world.storeFile], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(locker.stdout, 'data');
    assert.deepEqual(await world.refused(), [
      'gateway: store DIR/data-gateway/gateway.db is in use by another process\n',
      1,
    ]);
    locker.kill('SIGKILL');
    await once(locker, 'exit');
    chmodSync(world.storeFile, 0o444);
    const readOnly = await world.refused({ asNobody: true }); // nothing is read-only to root
    assert.deepEqual(readOnly, ['gateway: store DIR/data-gateway/gateway.db: the file is read-only\n', 1]);
    chmodSync(world.storeFile, 0o644);
    await world.start();
    await world.servesAgain(4);
  });

  it('has anchored, recorded and paid everything exactly once in the end', async () => {
    await world.everythingAnchored();
    const { network, chain, url, sent } = world;
    const { genesis, epochDuration } = network.timing;
    const { timestamp } = await latestBlock(chain.rpcUrl);
    assert.ok(timestamp < genesis + epochDuration, 'all of it within one epoch');
    await world.until('no batch without its records', async () => {
      const { batches } = await readChainFacts(network, 1);
      return batches.every(({ recordsRoot }) => BigInt(recordsRoot) !== 0n);
    });
    const { life } = world.gateway();
    await reachTime(chain, life, genesis + epochDuration + BigInt(world.recordWindow) + 1n, DEADLINE_MS);
    await epochsFinal(life, url, 0, () => undefined);
    const datasets = await readDatasets(url, 1);
    const listed = datasets.flatMap(({ receipts }) => receipts.map(({ receipt }) => String(receipt['id'])));
    assert.equal(new Set(listed).size, listed.length, 'no receipt stands in two places');
    const reported = sent.flatMap(({ ok, receiptId }) => (ok ? [receiptId] : []));
    assert.deepEqual(
      reported.filter((id) => id === undefined || !listed.includes(id)),
      [],
      'reported and not anchored',
    );

    await claimAll(network, url, 1);
    const facts = await readChainFacts(network, 1);
    const failed = checkInvariants({ facts, datasets, deployment: network.deployment, sent, late: new Map() });
    assert.deepEqual(
      failed.filter(({ ok }) => !ok),
      [],
    );
    const owed = datasets.flatMap(({ rewards }) => rewards.filter((leaf) => weightOf(leaf) > 0n));
    const name = (role: unknown, account: unknown): string => `${String(role)} ${String(account).toLowerCase()}`;
    assert.deepEqual(
      facts.claims.map(({ role, account }) => name(role, account)).toSorted(),
      owed.map((leaf) => name(leaf['role'], leaf['account'])).toSorted(),
      'every reward was claimed, once',
    );
    assert.ok(facts.claims.every(({ amount }) => amount > 0n));
    await auditEpochs({ url, network, dir: world.dir, last: 0 });

    await world.kill();
    const store = new DatabaseSync(world.storeFile);
    const rows = store.prepare('SELECT id FROM receipts ORDER BY id').all();
    store.close();
    assert.deepEqual(
      rows.map(({ id }) => id),
      listed.toSorted(),
      'what is in the store is what is on chain',
    );
  });
});
