import assert from 'node:assert/strict';

import { hasPrototypeKeys } from '../../../gateway/lib/prototype-keys.ts';

const isFound = (json: string): boolean => hasPrototypeKeys(JSON.parse(json));

describe('hasPrototypeKeys', () => {
  it('returns true wherever such a key stands, however it is spelled', () => {
    for (const json of [
      '{"__proto__":1}',
      '{"a":[{"b":{"__proto__":null}}]}',
      '{"\\u005f_proto__":{}}',
      '{"constructor":{"prototype":{}}}',
      '[[{"\\u0063onstructor":{"prototype":0}}]]',
    ])
      assert.equal(isFound(json), true, json);
  });

  it('returns false for texts and keys that only look like it', () => {
    for (const json of [
      '{"a":"\\"__proto__\\": 1"}',
      '{"proto":{"constructor":"prototype"}}',
      '{"constructor":null}',
      '{"constructor":{"name":"x"},"prototype":{}}',
      '["__proto__","constructor"]',
      'null',
      '7',
    ])
      assert.equal(isFound(json), false, json);
  });

  it('returns an answer for nesting of any depth', () => {
    const depth = 100_000;
    assert.equal(isFound(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`), false);
    assert.equal(isFound(`${'['.repeat(depth)}{"__proto__":1}${']'.repeat(depth)}`), true);
  });
});
