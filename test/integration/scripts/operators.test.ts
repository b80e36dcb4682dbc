import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseEther } from 'ethers';

import { authorizeSigner } from '../../../scripts/authorize.ts';
import { close } from '../../../scripts/close.ts';
import { deploy } from '../../../scripts/deploy.ts';
import { fees } from '../../../scripts/fees.ts';
import { view } from '../../../scripts/lib/chain.ts';
import { register } from '../../../scripts/register.ts';
import { stake } from '../../../scripts/stake.ts';
import { status } from '../../../scripts/status.ts';
import { unbond } from '../../../scripts/unbond.ts';
import { withdraw } from '../../../scripts/withdraw.ts';
import { run } from '../../scripts/support/run.ts';
import { gateway, node, operator } from '../../scripts/support/sample.ts';
import { DEV_KEY, startAnvil, startHardhat } from './chains.ts';
import { GENESIS, deployNetwork, metadataFile } from './network.ts';
import type { TestNetwork } from './network.ts';

type Stakes = { readonly stake: string; readonly unbonding: string; readonly availableAt: string };

for (const { name, start } of [
  { name: 'Hardhat', start: startHardhat },
  { name: 'Anvil', start: startAnvil },
]) {
  describe(`scripts: an operator's life on ${name}`, () => {
    let network: TestNetwork;
    before(async function () {
      const chain = await start();
      // Anvil is an optional package of one platform.
      if (chain === undefined) return this.skip();
      network = await deployNetwork(chain);
      for (const { account } of [gateway, node]) await network.fund(account.address, '200000');
    });
    after(async () => {
      await network?.stop();
    });

    const balance = (account: string) => view<bigint>(network.contracts.token, 'balanceOf', [account]);

    it('deploys once: the same file is refused before anything is sent', async () => {
      const before = await network.chain.provider.getBlockNumber();
      const argv = ['--rpc', network.chain.rpc, '--out', network.file];
      const outcome = await run(deploy, argv, { DGRID_PRIVATE_KEY: DEV_KEY });
      assert.equal(outcome.code, 2);
      assert.equal(await network.chain.provider.getBlockNumber(), before);
    });

    it('deploys what is wired and active: the reserve is funded and the clock is the given one', async () => {
      const { distributor, staking } = network.contracts;
      assert.equal(await view<bigint>(distributor, 'reserve'), parseEther('500000000'));
      assert.equal(await view<boolean>(distributor, 'active'), true);
      assert.equal(await view<bigint>(staking, 'genesis'), GENESIS);
    });

    it('shows everything and sends nothing under --dry-run', async () => {
      const file = metadataFile(network, 'gateway');
      const before = await network.chain.provider.getTransactionCount(gateway.account.address);
      const words = ['--role', 'gateway', '--metadata', file, '--stake', '100000', '--dry-run'];
      const outcome = await network.as(gateway, register, ...words);
      assert.equal(outcome.code, 0, outcome.err);
      for (const part of ['100,000 DGAI', 'counts from', 'exit takes', 'gas at most', 'nothing was sent']) {
        assert.ok(outcome.out.includes(part), `${part} is not shown:\n${outcome.out}`);
      }
      assert.equal(await network.chain.provider.getTransactionCount(gateway.account.address), before);
    });

    it('registers with stake in one go and never shows a key', async () => {
      const file = metadataFile(network, 'gateway');
      const words = ['--role', 'gateway', '--metadata', file, '--stake', '100000', '--json'];
      const outcome = await network.as(gateway, register, ...words);
      assert.equal(outcome.code, 0, outcome.err);
      const text = `${outcome.out}${outcome.err}`.toLowerCase();
      for (const { privateKey } of [gateway.account, gateway.signer]) assert.ok(!text.includes(privateKey.slice(2)));
      assert.equal((await network.as(gateway, status, '--role', 'gateway')).code, 0);
    });

    it('refuses a second registration of the same node', async () => {
      const outcome = await network.as(
        gateway,
        register,
        '--role',
        'gateway',
        '--metadata',
        metadataFile(network, 'again'),
      );
      assert.equal(outcome.code, 1);
      assert.match(outcome.err, /registered as gateway already/);
    });

    it('registers with a consent that was signed elsewhere, and refuses one for another account', async () => {
      const { account } = node;
      const signed = await network.as(node, authorizeSigner, '--role', 'inference', '--account', account.address);
      const file = join(network.folder, 'consent.json');
      writeFileSync(file, signed.out);
      const words = ['--role', 'inference', '--metadata', metadataFile(network, 'node'), '--authorization', file];
      assert.equal((await network.as(gateway, register, ...words)).code, 2);
      assert.equal((await network.as(node, register, ...words)).code, 0);
    });

    it('tells an understaked node so, by exit code too, until it stakes', async () => {
      const before = await network.as(node, status);
      assert.equal(before.code, 1);
      assert.match(before.out, /understaked: has 0 DGAI, takes part from 10,000 DGAI on/);
      assert.equal((await network.as(node, stake, '--role', 'inference', '--amount', '10000')).code, 0);
      const after = await network.as(node, status);
      assert.equal(after.code, 0, after.out);
      assert.match(after.out, /waiting: the network starts at/);
    });

    it('unbonds, turns back, and pays after the waiting time only', async () => {
      const unbonded = await network.as(node, unbond, '--role', 'inference', '--amount', '4000', '--json');
      assert.equal(unbonded.code, 0, unbonded.err);
      const result = unbonded.json() as Stakes;
      assert.deepEqual(
        [result.stake, result.unbonding],
        [parseEther('6000').toString(), parseEther('4000').toString()],
      );
      assert.equal((await network.as(node, unbond, '--role', 'inference', '--amount', '1000', '--cancel')).code, 0);
      const early = await network.as(node, withdraw, '--role', 'inference');
      assert.equal(early.code, 1);
      assert.match(early.err, /3,000 DGAI can be withdrawn at .* UTC, in /);
      const held = await balance(node.account.address);
      await network.chain.advanceTo(BigInt(result.availableAt) + 60n);
      assert.equal((await network.as(node, withdraw, '--role', 'inference')).code, 0);
      assert.equal((await balance(node.account.address)) - held, parseEther('3000'));
    });

    it('pays fees in and out', async () => {
      const paid = await network.as(gateway, fees, 'deposit', '--amount', '50', '--json');
      assert.equal(paid.code, 0, paid.err);
      assert.match(paid.err, /50000 work units at 0\.001 DGAI each/);
      const back = await network.as(gateway, fees, 'withdraw', '--amount', '12.5', '--json');
      assert.equal((back.json() as { feeBalance: string }).feeBalance, parseEther('37.5').toString());
      const tooMuch = await network.as(gateway, fees, 'withdraw', '--amount', '40');
      assert.equal(tooMuch.code, 1);
    });

    it('refuses to stake what the account does not hold, before it sends anything', async () => {
      const outcome = await network.as(node, stake, '--role', 'inference', '--amount', '999999');
      assert.equal(outcome.code, 1);
      assert.match(outcome.err, /holds .* DGAI, which is less than 999,999 DGAI/);
    });

    it('closes: fee balance at once, the stake after the waiting time', async () => {
      const held = await balance(gateway.account.address);
      const closed = await network.as(gateway, close, '--role', 'gateway', '--json');
      assert.equal(closed.code, 0, closed.err);
      assert.equal((await balance(gateway.account.address)) - held, parseEther('37.5'));
      assert.equal((await network.as(gateway, close, '--role', 'gateway')).code, 1);
      await network.chain.advanceTo(BigInt((closed.json() as Stakes).availableAt) + 60n);
      assert.equal((await network.as(gateway, close, '--role', 'gateway')).code, 0);
      assert.equal((await balance(gateway.account.address)) - held, parseEther('100037.5'));
    });

    it('answers for strangers and for another chain clearly', async () => {
      const stranger = operator('stranger');
      assert.equal((await network.as(stranger, status)).code, 1);
      assert.match((await network.as(stranger, unbond, '--role', 'gateway', '--amount', '1')).err, /is not registered/);
      const unreachable = await run(status, ['--rpc', 'http://127.0.0.1:1', '--account', stranger.account.address]);
      assert.equal(unreachable.code, 3);
      const other = join(network.folder, 'other.json');
      writeFileSync(other, JSON.stringify({ ...network.deployment, chainId: '1' }));
      const wrong = await run(status, [
        '--rpc',
        network.chain.rpc,
        '--deployment',
        other,
        '--account',
        `0x${'11'.repeat(20)}`,
      ]);
      assert.equal(wrong.code, 2);
      assert.match(wrong.err, /is for chain 1, but the RPC serves chain 31337/);
    });

    it('explains what a contract refuses', async () => {
      const { deployment } = network;
      const swapped = { ...deployment.contracts, NodeStaking: deployment.contracts.DGAIToken };
      const file = join(network.folder, 'swapped.json');
      writeFileSync(file, JSON.stringify({ ...deployment, contracts: swapped }));
      const outcome = await run(status, [
        '--rpc',
        network.chain.rpc,
        '--deployment',
        file,
        '--account',
        `0x${'11'.repeat(20)}`,
      ]);
      assert.equal(outcome.code, 1);
      assert.equal(outcome.err.split('\n').length, 1);
    });
  });
}
