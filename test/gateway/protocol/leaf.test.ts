import assert from 'node:assert/strict';

import { encodeAbiParameters, keccak256 } from 'viem';

import { bytesToHex } from '../../../gateway/protocol/bytes.ts';
import { encodeFields, hashLeaf, typeHash } from '../../../gateway/protocol/leaf.ts';
import { SCHEMAS, typeString } from '../../../gateway/protocol/schema.ts';
import type { Schema } from '../../../gateway/protocol/schema.ts';
import { leafVectors, nativeValue } from './vectors.ts';

const byName = new Map<string, Schema>(Object.values(SCHEMAS).map((definition) => [definition.name, definition]));

function schemaOf(name: string): Schema {
  const definition = byName.get(name);
  assert.ok(definition, `no schema named ${name}`);
  return definition;
}

describe('protocol/leaf', () => {
  for (const { type, typeString: expected, typeHash: hash } of leafVectors.types) {
    it(`returns the type string and hash of ${type}`, () => {
      assert.equal(typeString(schemaOf(type)), expected);
      assert.equal(typeHash(schemaOf(type)), hash);
    });
  }

  it('returns the leaf of every vector', () => {
    for (const { type, chainId, contract, value, encoded, leaf } of leafVectors.cases) {
      const definition = schemaOf(type);
      const native = nativeValue(definition, value);
      assert.equal(bytesToHex(encodeFields(definition, [], native)), encoded, type);
      assert.equal(hashLeaf(definition, { chainId: BigInt(chainId), contract }, native), leaf, type);
    }
  });

  it('returns the leaves that viem computes', () => {
    for (const { type, chainId, contract, value, leaf } of leafVectors.cases) {
      const definition = schemaOf(type);
      const native = nativeValue(definition, value);
      const encoded = encodeAbiParameters(
        [{ type: 'bytes32' }, { type: 'uint256' }, { type: 'address' }, ...definition.fields],
        [typeHash(definition), BigInt(chainId), contract, ...definition.fields.map(({ name }) => native[name])],
      );
      assert.equal(keccak256(keccak256(encoded)), leaf, type);
    }
  });

  it('returns another leaf on another chain, for another contract, and for every changed field', () => {
    for (const { type, chainId, contract, value, leaf } of leafVectors.cases) {
      const definition = schemaOf(type);
      const native = nativeValue(definition, value);
      const domain = { chainId: BigInt(chainId), contract };
      const seen = new Set([leaf]);
      seen.add(hashLeaf(definition, { ...domain, chainId: domain.chainId ^ 1n }, native));
      seen.add(hashLeaf(definition, { ...domain, contract: flipLast(contract) }, native));
      for (const { name } of definition.fields) {
        const before = native[name];
        assert.ok(before !== undefined);
        const after =
          typeof before === 'string' ? flipLast(before) : typeof before === 'bigint' ? before ^ 1n : before ^ 1;
        // 2^32 - 1 as number: XOR in JavaScript works on signed 32 bits.
        seen.add(hashLeaf(definition, domain, { ...native, [name]: typeof after === 'number' ? after >>> 0 : after }));
      }
      assert.equal(seen.size, definition.fields.length + 3, type);
    }
  });

  it('rejects a missing field, a wrong width and an integer out of range', () => {
    const domain = { chainId: 31337n, contract: `0x${'11'.repeat(20)}` } as const;
    const table = { kind: 0, account: `0x${'22'.repeat(20)}`, family: 1, value: 10_000 } as const;
    const { value: _value, ...missing } = table;
    assert.throws(() => hashLeaf(SCHEMAS.table, domain, missing), TypeError);
    assert.throws(() => hashLeaf(SCHEMAS.table, domain, { ...table, account: '0x22' }), RangeError);
    assert.throws(() => hashLeaf(SCHEMAS.table, domain, { ...table, value: 65_536 }), RangeError);
    assert.throws(() => hashLeaf(SCHEMAS.table, domain, { ...table, value: -1 }), RangeError);
    assert.throws(() => hashLeaf(SCHEMAS.table, domain, { ...table, value: 1.5 }), RangeError);
  });
});

function flipLast(hex: string): `0x${string}` {
  const last = Number.parseInt(hex.slice(-1), 16) ^ 1;
  return `${hex.slice(0, -1)}${last.toString(16)}` as `0x${string}`;
}
