import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Contract, Wallet, id, parseEther } from 'ethers';

import { deploy } from '../../../scripts/deploy.ts';
import { connect, view } from '../../../scripts/lib/chain.ts';
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

  it('hands the administration over, and leaves payments off under --shadow', async () => {
    const admin = new Wallet(id('timelock')).address;
    const deployment = await deployed('admin.json', '--admin', admin, '--shadow');
    const { distributor, court } = contractsOf(deployment, chain.provider);
    assert.equal(await view<boolean>(distributor, 'active'), false);
    assert.equal(await view<string>(court, 'arbiter'), admin);
    const { address } = deployment.contracts.AccessManager;
    const manager = new Contract(address, readAbi('AccessManager'), chain.provider);
    const isAdmin = async (account: string) =>
      (await view<{ isMember: boolean }>(manager, 'hasRole', [0, account])).isMember;
    assert.deepEqual([await isAdmin(admin), await isAdmin(deployment.deployer)], [true, false]);
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
