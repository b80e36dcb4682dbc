import assert from 'node:assert/strict';

import { epochSources, parseClaims, weightOf } from '../../scripts/lib/claims.ts';
import { CommandError } from '../../scripts/lib/command.ts';

const LEAF = {
  epoch: '3',
  role: 0,
  account: `0x${'AB'.repeat(20)}`,
  quality: 8_700,
  volume: '110',
  difficulty: 10_000,
  feedback: 10_000,
};
const CLAIM = { leaf: LEAF, weight: '0', proof: [{ hash: `0x${'01'.repeat(32)}`, sum: '5' }] };

describe('scripts/lib/claims', () => {
  it('reads the document of a gateway, a list of leaves, and an epoch that is not computed yet', () => {
    const shapes = [{ distribution: { leaves: [CLAIM] } }, { leaves: [CLAIM] }, [CLAIM]];
    for (const shape of shapes) {
      const [claim] = parseClaims('file', shape);
      assert.equal(claim?.leaf.account, LEAF.account.toLowerCase());
      assert.equal(claim.leaf.volume, 110n);
      assert.deepEqual(claim.proof, [{ hash: `0x${'01'.repeat(32)}`, sum: 5n }]);
    }
    assert.deepEqual(parseClaims('file', { distribution: null }), []);
  });

  it('computes the weight itself and ignores the one in the file', () => {
    const [claim] = parseClaims('file', [CLAIM]);
    assert.ok(claim);
    assert.equal(weightOf(claim.leaf), 8_700n * 110n * 10_000n * 10_000n);
  });

  for (const [what, value] of Object.entries({
    'is no object': 7,
    'has no leaves': {},
    'lacks a field': [{ ...CLAIM, leaf: { ...LEAF, quality: undefined } }],
    'has a negative number': [{ ...CLAIM, leaf: { ...LEAF, quality: -1 } }],
    'has a number beyond its type': [{ ...CLAIM, leaf: { ...LEAF, role: 256 } }],
    'has a fraction': [{ ...CLAIM, leaf: { ...LEAF, volume: '1.5' } }],
    'has a short account': [{ ...CLAIM, leaf: { ...LEAF, account: '0x12' } }],
    'has a sum beyond 128 bits': [{ ...CLAIM, proof: [{ hash: CLAIM.proof[0]?.hash, sum: (1n << 128n).toString() }] }],
    'has no proof': [{ leaf: LEAF }],
  })) {
    it(`rejects a document that ${what}`, () => assert.throws(() => parseClaims('file', value), CommandError));
  }

  it('returns the addresses of epochs at a gateway', () => {
    const expected = ['http://g/v1/epochs/2', 'http://g/v1/epochs/3'];
    for (const base of ['http://g', 'http://g/', 'http://g/v1']) assert.deepEqual(epochSources(base, 2n, 3n), expected);
  });
});
