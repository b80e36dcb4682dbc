import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { SigningKey, id } from 'ethers';
import type { Contract, Wallet } from 'ethers';

import { claim } from '../../../scripts/claim.ts';
import { earnings } from '../../../scripts/earnings.ts';
import { fees } from '../../../scripts/fees.ts';
import { view } from '../../../scripts/lib/chain.ts';
import { weightOf } from '../../../scripts/lib/claims.ts';
import { leafHash } from '../../../scripts/lib/protocol/leaf.ts';
import { batchesHash, distributionHash } from '../../../scripts/lib/protocol/lists.ts';
import { sumProof, sumRoot } from '../../../scripts/lib/protocol/sum-tree.ts';
import { digestOf, signingDomain } from '../../../scripts/lib/protocol/typed-data.ts';
import { register } from '../../../scripts/register.ts';
import { status } from '../../../scripts/status.ts';
import { verify } from '../../../scripts/verify.ts';
import { run } from '../../scripts/support/run.ts';
import { evaluators, gateway, node, sampleBatch, sampleDocument, sampleRecords } from '../../scripts/support/sample.ts';
import type { Domain, Operator } from '../../scripts/support/sample.ts';
import { startAnvil, startHardhat } from './chains.ts';
import { GENESIS, TIMING, deployNetwork, metadataFile, send } from './network.ts';
import type { TestNetwork } from './network.ts';

type Document = ReturnType<typeof sampleDocument>;
type Report = { readonly verified: boolean; readonly wrong: { readonly name: string } | null };

const EPOCH = 0n;
const END = GENESIS + TIMING.epochDuration;
const ZERO_HASH = `0x${'00'.repeat(32)}`;

for (const { chainName, start } of [
  { chainName: 'Hardhat', start: startHardhat },
  { chainName: 'Anvil', start: startAnvil },
]) {
  describe(`scripts: from an anchored receipt to a claim on ${chainName}`, () => {
    let network: TestNetwork;
    let domain: Domain;
    let document: Document;
    let epochFile: string;

    before(async function () {
      const chain = await start();
      // Anvil is an optional package of one platform.
      if (chain === undefined) return this.skip();
      network = await deployNetwork(chain);
      const { NodeStaking, ProofRegistry, RewardDistributor } = network.deployment.contracts;
      domain = {
        chainId: '31337',
        nodeStaking: NodeStaking.address.toLowerCase(),
        proofRegistry: ProofRegistry.address.toLowerCase(),
        rewardDistributor: RewardDistributor.address.toLowerCase(),
      };
      await enter(gateway, 'gateway', '100000');
      await enter(node, 'inference', '10000');
      for (const evaluator of evaluators) await enter(evaluator, 'evaluator', '10000');
      await network.fund(gateway.signer.address, '1');
      assert.equal((await network.as(gateway, fees, 'deposit', '--amount', '10')).code, 0);
    });
    after(async () => {
      await network?.stop();
    });

    async function enter(who: Operator, role: string, amount: string): Promise<void> {
      await network.fund(who.account.address, '150000');
      const file = metadataFile(network, who.account.address);
      const outcome = await network.as(who, register, '--role', role, '--metadata', file, '--stake', amount);
      assert.equal(outcome.code, 0, outcome.err);
    }

    const by = (contract: Contract, wallet: Wallet) =>
      contract.connect(wallet.connect(network.chain.provider)) as Contract;

    async function examine(value: unknown, ...words: string[]) {
      const file = join(network.folder, 'document.json');
      writeFileSync(file, JSON.stringify(value));
      return await run(verify, [...words, file, '--rpc', network.chain.rpc, '--deployment', network.file, '--json']);
    }

    async function firstWrong(value: unknown, ...words: string[]): Promise<string | undefined> {
      const outcome = await examine(value, ...words);
      assert.equal(outcome.code, 1, outcome.out);
      return (outcome.json() as Report).wrong?.name;
    }

    it('anchors receipts and records that the contracts and verify agree on', async () => {
      const { distributor, registry } = network.contracts;
      await network.chain.advanceTo(GENESIS + 10n);
      await send(by(distributor, gateway.signer), 'openEpoch', [EPOCH]);
      const batch = sampleBatch(domain, GENESIS + 10n);
      await send(by(registry, gateway.signer), 'anchorReceipts', [batch.root, 0, 5, 5, batch.units, id('data')]);
      // The seed is the hash of the next block, which has to be there already.
      await network.chain.provider.send('evm_mine', []);
      await send(by(registry, gateway.signer), 'fixSeed', [1]);
      const { seed } = await view<{ seed: string }>(registry, 'batchOf', [1]);
      const records = sampleRecords(domain, batch, seed);
      await send(by(registry, gateway.signer), 'anchorRecords', [1, records.root, 5, id('records')]);
      document = sampleDocument(domain, { batch, batchId: '1', seed, records });
      const outcome = await examine(document);
      assert.equal(outcome.code, 0, outcome.out);
    });

    for (const { name, change, wrong } of [
      {
        name: 'another root',
        change: (d: Document) => ({ ...d, batch: { ...d.batch, root: id('x'), proof: [] } }),
        wrong: 'receipt in the batch',
      },
      {
        name: 'an unknown batch',
        change: (d: Document) => ({ ...d, batch: { ...d.batch, id: '2' } }),
        wrong: 'batch on chain',
      },
      {
        name: 'another seed',
        change: (d: Document) => ({ ...d, batch: { ...d.batch, seed: id('x') } }),
        wrong: 'seed',
      },
      {
        name: 'another network',
        change: (d: Document) => ({ ...d, domain: { ...d.domain, nodeStaking: `0x${'11'.repeat(20)}` } }),
        wrong: 'NodeStaking',
      },
    ]) {
      it(`names "${wrong}" for ${name}`, async () => assert.equal(await firstWrong(change(document)), wrong));
    }

    it('names the signer when a receipt was signed by a key that is not the gateway’s', async () => {
      const digest = digestOf('Receipt', signingDomain(31_337, domain.nodeStaking), document.receipt);
      const { signer: _signer, ...rest } = document;
      const forged = { ...rest, signature: new SigningKey(id('somebody')).sign(digest).serialized };
      assert.equal(await firstWrong(forged), `signer of gateway ${gateway.account.address.toLowerCase()}`);
    });

    it('names the root when a whole batch was invented consistently', async () => {
      const batch = sampleBatch(domain, GENESIS + 11n);
      const records = sampleRecords(domain, batch, document.batch.seed);
      const invented = sampleDocument(domain, { batch, batchId: '1', seed: document.batch.seed, records });
      assert.equal(await firstWrong(invented), 'root of the batch');
    });

    it('claims nothing while the epoch is not final', async () => {
      const built = buildEpoch();
      epochFile = join(network.folder, 'epoch.json');
      writeFileSync(epochFile, JSON.stringify(built.document));
      const outcome = await network.as(node, claim, epochFile);
      assert.equal(outcome.code, 0, outcome.err);
      assert.match(outcome.out, /the epoch is open[^]*nothing to claim/);
      const { distributor } = network.contracts;
      await network.chain.advanceTo(END + TIMING.recordWindow);
      await send(by(distributor, gateway.signer), 'propose', [built.distribution, [built.signature]]);
      const { finalizableAt } = await view<{ finalizableAt: bigint }>(distributor, 'epochInfo', [EPOCH]);
      await network.chain.advanceTo(finalizableAt + 1n);
      await send(by(distributor, gateway.signer), 'finalize', [EPOCH]);
    });

    /** One leaf per role, as a gateway would publish them. */
    function buildEpoch() {
      const units = 110n;
      const at = { chainId: 31_337n, contract: domain.rewardDistributor };
      const leaf = (role: bigint, account: string, quality: bigint) => {
        const fields = { epoch: EPOCH, role, account: account.toLowerCase(), quality, volume: units };
        return { ...fields, difficulty: 10_000n, feedback: 10_000n };
      };
      const byRole = [
        [leaf(0n, node.account.address, 8_700n)],
        evaluators.slice(0, 2).map(({ account }, index) => leaf(1n, account.address, 9_000n - BigInt(index) * 3_000n)),
        [leaf(2n, gateway.account.address, 8_700n)],
      ];
      const trees = byRole.map((leaves) =>
        leaves.map((item) => ({ hash: leafHash('RewardLeaf', at, item), sum: weightOf(item) })),
      );
      const tops = trees.map((leaves) => sumRoot(leaves));
      const distribution = {
        epoch: EPOCH,
        round: 0,
        roots: tops.map(({ hash }) => hash),
        totals: tops.map(({ sum }) => sum),
        counts: trees.map(({ length }) => length),
        paramsHash: network.deployment.contracts.RewardDistributor.constructorArguments.map(paramsHashOf)[0] ?? '',
        tableRoot: ZERO_HASH,
        batchesHash: batchesHash([1n]).hash,
        dataHash: id('dataset'),
      };
      const { hash } = distributionHash(distribution);
      const digest = digestOf('EpochAttestation', signingDomain(31_337, domain.nodeStaking), {
        epoch: EPOCH,
        round: 0,
        distributionHash: hash,
      });
      const leaves = byRole.flatMap((role, index) =>
        role.map((item, position) => ({
          leaf: {
            ...item,
            epoch: `${item.epoch}`,
            role: Number(item.role),
            quality: Number(item.quality),
            volume: `${item.volume}`,
            difficulty: 10_000,
            feedback: 10_000,
          },
          weight: weightOf(item).toString(),
          proof: sumProof(trees[index] ?? [], position).map((step) => ({ hash: step.hash, sum: step.sum.toString() })),
        })),
      );
      const totals = distribution.totals.map(String);
      const { epoch: _epoch, ...shown } = { ...distribution, totals, hash, leaves };
      return {
        distribution,
        signature: new SigningKey(gateway.signer.privateKey).sign(digest).serialized,
        document: { epoch: '0', distribution: shown },
      };
    }

    it('verifies the claims of an epoch against the chain, and names a changed one', async () => {
      const { document: epoch } = buildEpoch();
      assert.equal((await examine(epoch, 'claims')).code, 0);
      const [first, ...others] = epoch.distribution.leaves;
      assert.ok(first);
      const better = { ...first, leaf: { ...first.leaf, quality: 10_000 } };
      const changed = { ...epoch, distribution: { ...epoch.distribution, leaves: [better, ...others] } };
      assert.equal(await firstWrong(changed, 'claims'), `claim of role 0 ${node.account.address.toLowerCase()}`);
      const inflated = {
        ...epoch,
        distribution: { ...epoch.distribution, totals: ['1', ...epoch.distribution.totals.slice(1)] },
      };
      assert.equal(await firstWrong(inflated, 'claims'), 'distribution hash');
    });

    it('refuses a changed claim before it costs gas', async () => {
      const { document: epoch } = buildEpoch();
      const [first] = epoch.distribution.leaves;
      assert.ok(first);
      const file = join(network.folder, 'wrong.json');
      writeFileSync(file, JSON.stringify([{ ...first, leaf: { ...first.leaf, volume: '111' } }]));
      const outcome = await network.as(node, claim, file);
      assert.equal(outcome.code, 1);
      assert.match(outcome.err, /leaf and proof do not lead to the root on chain/);
    });

    it('pays a claim once, shows it in earnings, and everybody’s with --all', async () => {
      const dry = await network.as(node, claim, epochFile, '--dry-run', '--json');
      const { total } = dry.json() as { total: string };
      assert.notEqual(total, '0');
      const held = await view<bigint>(network.contracts.token, 'balanceOf', [node.account.address]);
      assert.equal((await network.as(node, claim, epochFile)).code, 0);
      const now = await view<bigint>(network.contracts.token, 'balanceOf', [node.account.address]);
      assert.equal(now - held, BigInt(total));
      const again = await network.as(node, claim, epochFile, '--json');
      assert.deepEqual([again.code, (again.json() as { total: string }).total], [0, '0']);
      const paid = await network.as(node, earnings, '--json');
      assert.equal((paid.json() as { total: string }).total, total);
      const everybody = await network.as(node, claim, epochFile, '--all', '--json');
      const states = (everybody.json() as { claims: readonly { state: string }[] }).claims.map(({ state }) => state);
      assert.deepEqual(states.toSorted(), ['claimable', 'claimable', 'claimable', 'claimed']);
      const { account } = gateway;
      const other = await network.as(node, earnings, '--account', account.address, '--json');
      assert.notEqual((other.json() as { total: string }).total, '0');
    });

    it('asks a gateway for the leaves, and says which epochs it does not know', async () => {
      const { document: epoch } = buildEpoch();
      const server = createServer((request, response) => {
        response.statusCode = request.url === '/v1/epochs/0' ? 200 : 404;
        response.end(JSON.stringify(epoch));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const outcome = await network.as(node, claim, '--gateway', url, '--epochs', '0-1', '--json');
      assert.equal(outcome.code, 0, outcome.err);
      assert.match(outcome.err, /epochs\/1: nothing there/);
      const states = (outcome.json() as { claims: readonly { state: string }[] }).claims.map(({ state }) => state);
      assert.deepEqual(states, ['claimed']);
      const shown = await network.as(node, status, '--gateway', url);
      assert.match(shown.out, /not claimed\s+0 DGAI in 0 rewards/);
      server.close();
      server.closeAllConnections();
      assert.equal((await network.as(node, claim, '--gateway', url, '--epochs', '0')).code, 3);
    });

    it('tells an active node so', async () => {
      const outcome = await network.as(node, status, '--json');
      assert.equal(outcome.code, 0, outcome.out);
      assert.equal((outcome.json() as { nodes: readonly { state: string }[] }).nodes[0]?.state, 'active');
    });
  });
}

function paramsHashOf(argument: unknown): string {
  const { paramsHash } = argument as { paramsHash: string };
  return paramsHash;
}
