import assert from 'node:assert/strict';

import { parseKeys } from '../../../gateway/account/key-file.ts';
import { createApiKey, createKeyring, hashKey } from '../../../gateway/account/keyring.ts';

describe('the keyring', () => {
  it('returns the record of a key that was given out, and of no other', () => {
    const { key, record } = createApiKey('alice');
    const ring = createKeyring([record, createApiKey('bob').record]);
    assert.deepEqual(ring.check(key), { hash: hashKey(key), name: 'alice' });
    for (const wrong of ['', key.slice(0, -1), `${key}x`, record.hash]) assert.equal(ring.check(wrong), undefined);
  });

  it('returns keys of 256 bits that are never twice the same and not part of their record', () => {
    const { key, record } = createApiKey('alice');
    assert.notEqual(key, createApiKey('alice').key);
    assert.match(key, /^dgrid-[\w-]{43}$/);
    assert.ok(!JSON.stringify(record).includes(key.slice(6)));
  });

  it('rejects a key file that is not a list of hashes with names', () => {
    const { record } = createApiKey('alice');
    assert.deepEqual(parseKeys(JSON.stringify([record])), [record]);
    for (const text of ['{}', '[1]', '[null]', '[{"hash":"xyz","name":"a"}]', `[{"hash":"${record.hash}"}]`])
      assert.throws(() => parseKeys(text), TypeError, text);
  });
});
