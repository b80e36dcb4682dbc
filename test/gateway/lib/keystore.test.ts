import assert from 'node:assert/strict';

import { Wallet, encryptKeystoreJson } from 'ethers';

import { parseDeployment } from '../../../gateway/lib/deployment.ts';
import { openKeystore } from '../../../gateway/lib/keystore.ts';

const wallet = new Wallet(`0x${'42'.repeat(32)}`);

describe('a keystore', () => {
  let json: string;
  before(async () => {
    json = await encryptKeystoreJson({ address: wallet.address, privateKey: wallet.privateKey }, 'pass wörd', {
      scrypt: { N: 1_024, r: 8, p: 1 },
    });
  });

  it('returns the key that ethers encrypted', async () => {
    assert.equal(await openKeystore(json, 'pass wörd'), wallet.privateKey);
  });

  it('rejects a wrong password and a changed file, naming neither', async () => {
    await assert.rejects(
      openKeystore(json, 'secret guess'),
      (error) => error instanceof TypeError && !error.message.includes('guess'),
    );
    await assert.rejects(
      openKeystore(json.replace(/"ciphertext":"./, '"ciphertext":"f'), 'pass wörd').then((key) =>
        assert.notEqual(key, wallet.privateKey),
      ),
    );
  });

  it('rejects what is no keystore', async () => {
    for (const text of ['', '{}', '[]', '{"crypto":{}}', json.replace('scrypt', 'pbkdf2')])
      await assert.rejects(openKeystore(text, 'x'), TypeError);
  });
});

describe('a deployment file', () => {
  const contracts = Object.fromEntries(
    ['NodeStaking', 'ProofRegistry', 'RewardDistributor'].map((name, index) => [
      name,
      { address: `0x${'A'.repeat(39)}${index}` },
    ]),
  );

  it('returns the addresses in lower case', () => {
    const read = parseDeployment(JSON.stringify({ chainId: '31337', block: 3, contracts }));
    assert.deepEqual(read, {
      chainId: 31_337n,
      block: 3n,
      nodeStaking: `0x${'a'.repeat(39)}0`,
      proofRegistry: `0x${'a'.repeat(39)}1`,
      rewardDistributor: `0x${'a'.repeat(39)}2`,
    });
  });

  it('rejects a file without chain or contracts', () => {
    for (const text of [
      'x',
      '{}',
      '{"chainId":"0"}',
      JSON.stringify({ chainId: '1', contracts: { ...contracts, ProofRegistry: {} } }),
    ])
      assert.throws(() => parseDeployment(text), TypeError);
  });
});
