import assert from 'node:assert/strict';

import canonicalize from 'canonicalize';
import fc from 'fast-check';

import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import type { JsonValue } from '../../../gateway/protocol/canonical-json.ts';
import { runs } from '../../deep.ts';

describe('canonicalJson', () => {
  it('returns what the RFC 8785 library writes, whatever the value', () => {
    const anyText = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
    const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        anyText,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(anyText, tie('value'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(value, (sample) => assert.equal(canonicalJson(sample), canonicalize(sample))),
      { seed: 8785, numRuns: runs(500, 20_000) },
    );
  });

  it('returns keys in the order of their UTF-16 code units', () => {
    const text = canonicalJson({
      '\u20ac': 1,
      '\r': 2,
      '\ufb33': 3,
      '1': 4,
      '\ud83d\ude00': 5,
      '\u0080': 6,
      '\u00f6': 7,
    });
    assert.equal(text, '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  });

  it('returns U+FFFD for a lone surrogate, in texts and in keys', () => {
    assert.equal(canonicalJson({ a: ['x\ud800'], '\udc00': 1 }), '{"a":["x\ufffd"],"\ufffd":1}');
  });

  it('leaves out what is undefined and writes it as null in a list', () => {
    const hole = [1, undefined] as unknown as JsonValue;
    assert.equal(canonicalJson({ b: undefined, a: hole, c: { d: undefined } }), '{"a":[1,null],"c":{}}');
  });

  it('rejects what JSON does not have, at any depth', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, undefined])
      assert.throws(() => canonicalJson(value as unknown as JsonValue));
    assert.throws(() => canonicalJson({ a: [{ b: Number.NaN }] }));
    assert.throws(() => canonicalJson({ a: 1n as unknown as JsonValue }));
  });

  it('keeps a key named like the prototype', () => {
    assert.equal(canonicalJson(JSON.parse('{"__proto__":1,"a":2}') as JsonValue), '{"__proto__":1,"a":2}');
  });
});
