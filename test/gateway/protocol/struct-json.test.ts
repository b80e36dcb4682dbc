import assert from 'node:assert/strict';

import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import { SCHEMAS } from '../../../gateway/protocol/schema.ts';
import type { SchemaName } from '../../../gateway/protocol/schema.ts';
import { decodeStruct, encodeStruct, structText } from '../../../gateway/protocol/struct-json.ts';
import type { Structs } from '../../../gateway/protocol/struct-json.ts';
import { leafVectors, nativeValue, typedDataVectors } from './vectors.ts';

const names = Object.keys(SCHEMAS) as SchemaName[];

describe('protocol/struct-json', () => {
  it('returns every vector unchanged after writing and reading', () => {
    const cases = [...leafVectors.cases, ...typedDataVectors.cases];
    for (const name of names) {
      const matching = cases.filter(({ type }) => type === SCHEMAS[name].name);
      assert.ok(matching.length > 0, name);
      for (const { value } of matching) {
        const native = nativeValue(SCHEMAS[name], value) as unknown as Structs[typeof name];
        const json: unknown = JSON.parse(JSON.stringify(encodeStruct(name, native)));
        assert.deepEqual(decodeStruct(name, json), native);
        assert.equal(structText(name, native), canonicalJson(encodeStruct(name, native)));
      }
    }
  });

  it('writes integers up to 32 bits as numbers and larger ones as decimal strings', () => {
    const leaf = { kind: 1, account: `0x${'AB'.repeat(20)}`, family: 255, value: 100 } as const;
    assert.deepEqual(encodeStruct('table', leaf), { ...leaf, account: leaf.account.toLowerCase() });
    const sequence = (1n << 64n) - 1n;
    const attestation = {
      node: leaf.account,
      gateway: leaf.account,
      root: `0x${'01'.repeat(32)}`,
      count: 1,
      sequence,
    } as const;
    assert.equal(encodeStruct('nodeAttestation', attestation)['sequence'], '18446744073709551615');
  });

  const good = {
    epoch: '3',
    role: 0,
    account: `0x${'ab'.repeat(20)}`,
    quality: 1,
    volume: '5',
    difficulty: 2,
    feedback: 3,
  };

  for (const [what, change] of Object.entries({
    'a missing field': { quality: undefined },
    'a number as text': { quality: '1' },
    'a large integer as number': { volume: 5 },
    'a leading zero': { volume: '05' },
    'a sign': { volume: '-5' },
    'a hexadecimal integer': { volume: '0x5' },
    'a fraction': { quality: 1.5 },
    'a value beyond 16 bits': { quality: 65_536 },
    'a value beyond 64 bits': { volume: '18446744073709551616' },
    'a short address': { account: '0xab' },
    'a hash for an address': { account: `0x${'ab'.repeat(32)}` },
  })) {
    it(`rejects ${what} and names the field`, () => {
      const [field] = Object.keys(change);
      assert.throws(() => decodeStruct('reward', { ...good, ...change }), {
        name: 'TypeError',
        message: new RegExp(`reward\\.${field}`),
      });
    });
  }

  it('rejects what is no object', () => {
    for (const value of [null, undefined, 1, 'x']) assert.throws(() => decodeStruct('reward', value), TypeError);
  });
});
