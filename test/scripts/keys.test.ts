import assert from 'node:assert/strict';

import { Wallet, id } from 'ethers';

import { parseAuthorization, authorize } from '../../scripts/lib/authorization.ts';
import { UsageError } from '../../scripts/lib/command.ts';
import type { Io } from '../../scripts/lib/command.ts';
import { accountKey, loadWallet, newPassword } from '../../scripts/lib/keys.ts';

const KEY = id('a key');

function io(env: Readonly<Record<string, string>>, answers: string[] = []): Io {
  const ask = { askSecret: async () => Promise.resolve(answers.shift() ?? '') };
  return { env, stdout: () => {}, stderr: () => {}, ...(answers.length === 0 ? {} : ask) };
}

const FROM_ENVIRONMENT = accountKey({ keystore: undefined, 'password-file': undefined });

describe('scripts/lib/keys', () => {
  it('takes a key from the environment, with or without 0x', async () => {
    const { address } = new Wallet(KEY);
    for (const text of [KEY, KEY.slice(2)]) {
      assert.equal((await loadWallet(FROM_ENVIRONMENT, io({ DGRID_PRIVATE_KEY: text }))).address, address);
    }
  });

  it('rejects what is no key without repeating it', async () => {
    for (const text of ['', '0x1234', 'secret phrase', `0x${'00'.repeat(32)}`, `0x${'ff'.repeat(32)}`]) {
      await assert.rejects(loadWallet(FROM_ENVIRONMENT, io({ DGRID_PRIVATE_KEY: text })), (error: unknown) => {
        assert.ok(error instanceof UsageError);
        return text.length < 6 || !error.message.includes(text.slice(2));
      });
    }
  });

  it('rejects new passwords that are short or differ', async () => {
    assert.equal(await newPassword('key', 'VAR', io({ VAR: 'long enough' })), 'long enough');
    assert.equal(await newPassword('key', 'VAR', io({}, ['long enough', 'long enough'])), 'long enough');
    await assert.rejects(newPassword('key', 'VAR', io({ VAR: 'short' })), UsageError);
    await assert.rejects(newPassword('key', 'VAR', io({}, ['long enough', 'another one'])), UsageError);
    await assert.rejects(newPassword('key', 'VAR', io({})), UsageError);
  });
});

describe('scripts/lib/authorization', () => {
  const scope = { chainId: 31_337n, nodeStaking: `0x${'11'.repeat(20)}`, account: `0x${'22'.repeat(20)}`, role: 2 };

  it('returns what the signer consented to', async () => {
    const signed = await authorize(new Wallet(KEY), scope, 1_900_000_000n);
    const read = parseAuthorization('file', JSON.stringify(signed), scope);
    assert.deepEqual([read.signer, read.deadline], [new Wallet(KEY).address, '1900000000']);
  });

  it('rejects it for another account, role, chain, contract, deadline or signer', async () => {
    const signed = await authorize(new Wallet(KEY), scope, 1_900_000_000n);
    for (const other of [
      { ...scope, account: `0x${'33'.repeat(20)}` },
      { ...scope, role: 1 },
      { ...scope, chainId: 1n },
      { ...scope, nodeStaking: `0x${'33'.repeat(20)}` },
    ]) {
      assert.throws(() => parseAuthorization('file', JSON.stringify(signed), other), UsageError);
    }
    for (const change of [{ deadline: '1900000001' }, { signer: `0x${'44'.repeat(20)}` }, { signature: '0x' }]) {
      assert.throws(() => parseAuthorization('file', JSON.stringify({ ...signed, ...change }), scope), UsageError);
    }
    for (const text of ['', 'null', '{}', '[]'])
      assert.throws(() => parseAuthorization('file', text, scope), UsageError);
  });
});
