import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Contract, Wallet, ZeroAddress, id, parseEther } from 'ethers';
import type { ContractRunner } from 'ethers';

import { deploy } from '../../../scripts/deploy.ts';
import { connect, sendAndWait, view } from '../../../scripts/lib/chain.ts';
import { LOCAL, ZERO_HASH, protocolParamsHash } from '../../../scripts/lib/deploy/config.ts';
import { deployAll } from '../../../scripts/lib/deploy/deploy.ts';
import { contractsOf, parseDeployment, readAbi } from '../../../scripts/lib/deployment.ts';
import type { Deployment } from '../../../scripts/lib/deployment.ts';
import { run } from '../../scripts/support/run.ts';
import { DEV_KEY, startHardhat } from './chains.ts';
import type { LocalChain } from './chains.ts';

describe('scripts/deploy', () => {
  let chain: LocalChain;
  let folder: string;
  before(async () => {
    chain = await startHardhat();
    folder = mkdtempSync(join(tmpdir(), 'dgrid-deploy-'));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await chain.stop();
  });

  async function deployed(name: string, ...words: string[]): Promise<Deployment> {
    const file = join(folder, name);
    const outcome = await run(deploy, ['--rpc', chain.rpc, '--out', file, ...words], { DGRID_PRIVATE_KEY: DEV_KEY });
    assert.equal(outcome.code, 0, outcome.err);
    return parseDeployment(file, readFileSync(file, 'utf8'));
  }

  const connected = (deployment: Deployment, name: 'AccessManager' | 'TimelockController', runner: ContractRunner) =>
    new Contract(deployment.contracts[name].address, readAbi(name), runner);

  it('hands the administration to a timelock, and leaves payments off under --shadow', async () => {
    const admin = new Wallet(id('multisig')).address;
    const words = ['--admin', admin, '--shadow', '--arbiter-deadline', '2', '--timelock-delay', '1'];
    const deployment = await deployed('admin.json', ...words);
    const { distributor, court } = contractsOf(deployment, chain.provider);
    const timelock = connected(deployment, 'TimelockController', chain.provider);
    const { address } = deployment.contracts.TimelockController;
    assert.equal(await view<boolean>(distributor, 'active'), false);
    assert.equal(await view<string>(court, 'arbiter'), address);
    const manager = connected(deployment, 'AccessManager', chain.provider);
    const isAdmin = async (account: string) =>
      (await view<{ isMember: boolean }>(manager, 'hasRole', [0, account])).isMember;
    assert.deepEqual(await Promise.all([address, admin, deployment.deployer].map(isAdmin)), [true, false, false]);
    assert.equal(await view<bigint>(timelock, 'getMinDelay'), 1n);
    const may = (role: string, account: string) => view<boolean>(timelock, 'hasRole', [role, account]);
    const held = ['PROPOSER_ROLE', 'CANCELLER_ROLE'].map((role) => may(id(role), admin));
    assert.deepEqual(await Promise.all(held), [true, true]);
    // Anybody executes what is due; nobody but the timelock itself changes who may announce.
    assert.equal(await may(id('EXECUTOR_ROLE'), ZeroAddress), true);
    assert.deepEqual(await Promise.all([admin, deployment.deployer].map((who) => may(ZERO_HASH, who))), [false, false]);
    assert.equal(await may(id('PROPOSER_ROLE'), deployment.deployer), false);
  });

  it('lets a change through the timelock and nothing past it', async () => {
    const deployment = await deployed('timelock.json');
    const { provider } = await connect(chain.rpc);
    const signer = new Wallet(DEV_KEY, provider);
    const { distributor } = contractsOf(deployment, signer);
    const hash = id('other parameters');
    await assert.rejects(view(distributor, 'setParamsHash', [hash]), /AccessManagedUnauthorized/);
    const timelock = connected(deployment, 'TimelockController', signer);
    const data = distributor.interface.encodeFunctionData('setParamsHash', [hash]);
    const act = [await distributor.getAddress(), 0n, data, ZERO_HASH, ZERO_HASH] as const;
    for (const [name, args] of [
      ['schedule', [...act, 0n]],
      ['execute', act],
    ] as const) {
      await sendAndWait(signer, await timelock.getFunction(name).populateTransaction(...args), name);
    }
    assert.equal(await view<string>(distributor, 'paramsHash'), hash);
    provider.destroy();
  });

  it('takes parameters from a file, and single ones from options', async () => {
    const file = join(folder, 'params.json');
    writeFileSync(
      file,
      JSON.stringify({ timing: { epochDuration: 50, unbonding: 90 }, anchoring: { feePerUnit: '0.25' } }),
    );
    const deployment = await deployed('params.json.out', '--params', file, '--epoch-duration', '60');
    const { staking, registry } = contractsOf(deployment, chain.provider);
    assert.equal(await view<bigint>(staking, 'epochDuration'), 60n);
    assert.equal(await view<bigint>(registry, 'feePerUnitOf', [0]), parseEther('0.25'));
  });

  it('names the refusal of a constructor, and writes no file', async () => {
    const file = join(folder, 'refused.json');
    const argv = ['--rpc', chain.rpc, '--out', file, '--unbonding', '5'];
    const outcome = await run(deploy, argv, { DGRID_PRIVATE_KEY: DEV_KEY });
    assert.equal(outcome.code, 1);
    assert.match(outcome.err, /creating NodeStaking: the contract refused: NodeStakingInvalidTiming/);
    assert.throws(() => readFileSync(file));
  });

  it('returns the same from code with all creations sent at once, and names a refusal there too', async () => {
    const { provider } = await connect(chain.rpc);
    const signer = new Wallet(DEV_KEY, provider);
    const config = { params: LOCAL, paramsHash: protocolParamsHash(), genesisTableRoot: ZERO_HASH, pipelined: true };
    const deployment = await deployAll({ provider, signer, config });
    assert.equal(await view<boolean>(contractsOf(deployment, provider).distributor, 'active'), true);
    const params = { ...LOCAL, timing: { ...LOCAL.timing, unbonding: 5 } };
    const refused = deployAll({ provider, signer, config: { ...config, params } });
    await assert.rejects(refused, /creating NodeStaking: the contract refused: NodeStakingInvalidTiming/);
    provider.destroy();
  });

  it('rejects options that are wrong or exclude each other with exit code 2', async () => {
    for (const words of [
      ['--epoch-duration', '0'],
      ['--genesis', 'soon'],
      ['--admin', '0x12'],
      ['--timelock-delay', '1'],
      ['--activate', '--shadow'],
      ['--params', '/nowhere.json'],
      ['--protocol-params', '/nowhere.json'],
      ['--rpc', 'ws://127.0.0.1'],
    ]) {
      const argv = ['--rpc', chain.rpc, '--out', join(folder, 'never.json'), ...words];
      const outcome = await run(deploy, argv, { DGRID_PRIVATE_KEY: DEV_KEY });
      assert.equal(outcome.code, 2, words.join(' '));
      assert.equal(outcome.err.split('\n').length, 1);
    }
    assert.equal((await run(deploy, ['--rpc', chain.rpc, '--out', join(folder, 'never.json')])).code, 2);
  });
});
