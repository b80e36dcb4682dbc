import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Wallet, parseEther } from 'ethers';
import type { Contract } from 'ethers';

import { openKeystore } from '../../../gateway/lib/keystore.ts';
import { doctor } from '../../../scripts/doctor.ts';
import type { Finding } from '../../../scripts/doctor.ts';
import { fees } from '../../../scripts/fees.ts';
import { init } from '../../../scripts/init.ts';
import { unjail } from '../../../scripts/unjail.ts';
import { register } from '../../../scripts/register.ts';
import { run } from '../../scripts/support/run.ts';
import { startHardhat } from './chains.ts';
import { GENESIS, TIMING, deployNetwork, send } from './network.ts';
import type { TestNetwork } from './network.ts';

const PASSWORDS = { DGRID_KEYSTORE_PASSWORD: 'correct horse', DGRID_SIGNER_PASSWORD: 'battery staple' };

describe('scripts: a gateway from init to a clean bill of health', () => {
  let network: TestNetwork;
  let server: Server;
  let endpoint: string;
  let account: string;
  let signer: string;
  let chain: readonly string[];
  let keys: readonly string[];

  before(async () => {
    network = await deployNetwork(await startHardhat());
    server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    chain = ['--rpc', network.chain.rpc, '--deployment', network.file];
    keys = ['--keystore', at('account.keystore.json'), '--signer-keystore', at('signer.keystore.json')];
  });
  after(async () => {
    server.close();
    await network.stop();
  });

  const at = (name: string) => join(network.folder, 'gateway', name);

  async function findings(...words: string[]): Promise<Readonly<Record<string, string>>> {
    const outcome = await run(
      doctor,
      ['--role', 'gateway', '--account', account, '--json', ...chain, ...words],
      PASSWORDS,
    );
    const { findings: list, healthy } = outcome.json() as { findings: readonly Finding[]; healthy: boolean };
    assert.equal(outcome.code, healthy ? 0 : 1);
    return Object.fromEntries(list.map(({ name, verdict }) => [name, verdict]));
  }

  it('makes keystores that the agents can open, and never replaces one', async () => {
    const argv = ['--role', 'gateway', '--dir', join(network.folder, 'gateway'), '--endpoint', endpoint, '--json'];
    const outcome = await run(init, argv, PASSWORDS);
    assert.equal(outcome.code, 0, outcome.err);
    ({ account, signer } = outcome.json() as { account: string; signer: string });
    const key = await openKeystore(readFileSync(at('signer.keystore.json'), 'utf8'), 'battery staple');
    assert.equal(new Wallet(key).address, signer);
    const again = await run(init, argv, PASSWORDS);
    assert.equal(again.code, 2);
    assert.match(again.err, /exists already/);
  });

  it('finds that the node is not registered', async () => {
    assert.deepEqual(await findings(), { registration: 'fail' });
  });

  it('registers with keys from the keystores', async () => {
    await network.fund(account, '200000');
    const words = ['--role', 'gateway', '--metadata', at('metadata.json'), '--stake', '100000'];
    const outcome = await run(register, [...words, ...keys, ...chain], PASSWORDS);
    assert.equal(outcome.code, 0, outcome.err);
  });

  it('finds what is missing: fees and gas', async () => {
    const found = await findings();
    assert.equal(found['membership'], 'pass');
    assert.equal(found['metadata'], 'pass');
    assert.equal(found['endpoint'], 'pass');
    assert.equal(found['fee balance'], 'fail');
    assert.equal(found['gas'], 'fail');
  });

  it('finds nothing that fails once the balance is paid and the signer has gas', async () => {
    const words = ['deposit', '--amount', '2000', '--keystore', at('account.keystore.json')];
    assert.equal((await run(fees, [...words, ...chain], PASSWORDS)).code, 0);
    await (await network.treasury.sendTransaction({ to: signer, value: parseEther('5') })).wait();
    const found = await findings('--signer-keystore', at('signer.keystore.json'));
    assert.ok(!Object.values(found).includes('fail'), JSON.stringify(found));
    assert.equal(found['signer'], 'pass');
  });

  it('finds another key, and a server that does not answer', async () => {
    const words = ['--role', 'gateway', '--account', account, ...chain];
    const other = await run(doctor, words, { DGRID_SIGNER_KEY: network.treasury.privateKey });
    assert.equal(other.code, 1);
    assert.match(other.out, /FAIL {2}signer: the key at hand is .*, registered is/);
    server.close();
    server.closeAllConnections();
    assert.equal((await findings())['endpoint'], 'fail');
  });

  it('tells a silent gateway that it is jailed, and brings it back when the time is over', async () => {
    const { staking } = network.contracts;
    const epochStart = (epoch: bigint) => GENESIS + epoch * TIMING.epochDuration;
    await network.chain.advanceTo(epochStart(3n));
    await send(staking.connect(network.treasury) as Contract, 'jailSilent', [account]);
    assert.equal((await findings())['membership'], 'fail');
    const words = ['--role', 'gateway', '--account', account, ...chain];
    const env = { DGRID_PRIVATE_KEY: network.treasury.privateKey };
    const early = await run(unjail, words, env);
    assert.equal(early.code, 1);
    assert.match(early.err, /jailed until epoch 6, from/);
    await network.chain.advanceTo(epochStart(6n));
    const outcome = await run(unjail, words, env);
    assert.equal(outcome.code, 0, outcome.err);
    assert.equal((await findings())['membership'], 'pass');
    assert.equal((await run(unjail, words, env)).code, 1);
  });

  it('rejects a wrong password, a missing one and a file that is no keystore, with exit code 2', async () => {
    const words = ['deposit', '--amount', '1', ...chain, '--keystore'];
    const wrong = await run(fees, [...words, at('account.keystore.json')], { DGRID_KEYSTORE_PASSWORD: 'wrong horse' });
    assert.deepEqual([wrong.code, /wrong password/.test(wrong.err)], [2, true]);
    const none = await run(fees, [...words, at('account.keystore.json')]);
    assert.deepEqual([none.code, /no password/.test(none.err)], [2, true]);
    const other = await run(fees, [...words, at('metadata.json')], PASSWORDS);
    assert.equal(other.code, 2);
  });

  it('takes the password from a file or from the terminal', async () => {
    const file = join(network.folder, 'password');
    writeFileSync(file, 'correct horse\n');
    const words = ['deposit', '--amount', '1', '--dry-run', ...chain, '--keystore', at('account.keystore.json')];
    assert.equal((await run(fees, [...words, '--password-file', file])).code, 0);
    assert.equal((await run(fees, words, {}, ['correct horse'])).code, 0);
  });
});
