import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseKeys } from '../../gateway/account/key-file.ts';
import type { ApiKey } from '../../gateway/account/key-file.ts';
import { createKeyring } from '../../gateway/account/keyring.ts';
import { watchKeys } from '../../gateway/wiring/key-watch.ts';
import { apiKeys } from '../../scripts/api-keys.ts';
import { run } from './support/run.ts';

describe('api-keys', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-keys-'));
    file = join(folder, 'keys.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const call = (...words: string[]) => run(apiKeys, [...words, '--file', file]);
  const stored = (): readonly ApiKey[] => parseKeys(readFileSync(file, 'utf8'));

  it('prints a new key once and keeps its hash only, readable by its owner alone', async () => {
    const { out, code } = await call(
      'create',
      'alice',
      '--credit',
      '5.25',
      '--daily',
      '1',
      '--requests-per-minute',
      '60',
    );
    const key = out.trim();
    assert.equal(code, 0);
    assert.match(key, /^dgrid-[\w-]{43}$/);
    assert.ok(!readFileSync(file, 'utf8').includes(key.slice(6)));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const found = createKeyring(stored()).check(key);
    assert.deepEqual(
      [found?.name, found?.creditMicroUsd, found?.dailyBudgetMicroUsd, found?.requestsPerMinute],
      ['alice', 5_250_000n, 1_000_000n, 60n],
    );
  });

  it('adds credit, changes and lifts limits, revokes, and lists without any key', async () => {
    const key = (await call('create', 'alice')).out.trim();
    await call('create', 'bob');
    await call('credit', 'alice', '--credit', '0.000001');
    await call('credit', 'alice', '--credit', '2');
    await call('limits', 'alice', '--tokens-per-minute', '500', '--budget', '9');
    await call('limits', 'alice', '--budget', 'none');
    const [alice] = stored();
    assert.deepEqual(
      [alice?.creditMicroUsd, alice?.tokensPerMinute, alice?.budgetMicroUsd],
      [2_000_001n, 500n, undefined],
    );
    assert.ok(createKeyring(stored()).check(key));
    await call('revoke', 'alice');
    assert.equal(createKeyring(stored()).check(key), undefined);
    const { out } = await call('list');
    assert.match(out, /^alice, sha256 [0-9a-f]{12}…, credit 2\.000001 USD, 500 tokens per minute, revoked /m);
    assert.match(out, /^bob, /m);
    assert.ok(!out.includes(key));
  });

  it('rejects what it does not understand, and leaves the file as it was', async () => {
    await call('create', 'alice');
    const before = readFileSync(file, 'utf8');
    for (const words of [
      [],
      ['burn', 'alice'],
      ['credit', 'alice'],
      ['credit', 'alice', '--credit', '1e3'],
      ['limits', 'alice', '--tokens-per-minute', '-1'],
    ])
      assert.equal((await call(...words)).code, 2, words.join(' '));
    for (const words of [
      ['create', 'alice'],
      ['revoke', 'carol'],
      ['limits', 'carol'],
    ])
      assert.equal((await call(...words)).code, 1, words.join(' '));
    assert.equal(readFileSync(file, 'utf8'), before);
    writeFileSync(file, '{"secret": 1');
    const broken = await call('list');
    assert.deepEqual([broken.code, broken.err.includes('secret')], [1, false]);
  });

  it('is heard by a gateway that runs, which keeps its keys when the file is broken', async () => {
    await call('create', 'alice');
    const heard: (readonly ApiKey[])[] = [];
    const faults: string[] = [];
    let told = Promise.withResolvers<void>();
    const next = async (): Promise<void> => {
      await told.promise;
      told = Promise.withResolvers<void>();
    };
    const watch = watchKeys({
      path: file,
      everyMs: 5,
      onKeys(keys) {
        heard.push(keys);
        told.resolve();
      },
      onError(reason) {
        faults.push(reason);
        told.resolve();
      },
    });
    watch.start();
    await next();
    await call('revoke', 'alice');
    await next();
    writeFileSync(file, 'nonsense');
    await next();
    await watch.stop();
    assert.deepEqual(
      [heard.map((keys) => keys[0]?.revokedAt === undefined), faults],
      [[true, false], ['not valid JSON']],
    );
  });
});
