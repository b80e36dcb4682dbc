import assert from 'node:assert/strict';

import fc from 'fast-check';

import { FAMILIES, Flag, NEVER_DRAWN, NO_VOLUME } from '../../../gateway/protocol/constants.ts';
import { sizeClass } from '../../../gateway/protocol/params.ts';
import { priceMicroUsd, volumeUnits, workUnits } from '../../../gateway/protocol/units.ts';

describe('protocol/units', () => {
  it('returns prompt tokens and four times the completion tokens', () => {
    assert.equal(workUnits({ prompt: 14, completion: 2 }), 22n);
    assert.equal(workUnits({ prompt: 0, completion: 0 }), 0n);
  });

  it('counts completion tokens up to the bound of the caller and to 4,096', () => {
    assert.equal(workUnits({ prompt: 1, completion: 100 }, 10), 41n);
    assert.equal(workUnits({ prompt: 1, completion: 100 }, 1_000), 401n);
    assert.equal(workUnits({ prompt: 0, completion: 9_999 }), 16_384n);
    assert.equal(workUnits({ prompt: 0, completion: 9_999 }, 100_000), 16_384n);
  });

  it('returns no volume for exactly the flags that carry none', () => {
    const without = Object.entries(Flag).filter(([, flag]) => volumeUnits({ units: 22n, flags: flag }) === 0n);
    assert.deepEqual(
      without.map(([name]) => name),
      ['pinned', 'cached', 'gold', 'private', 'replay', 'unattested'],
    );
    assert.equal(volumeUnits({ units: 22n, flags: Flag.formatConstrained }), 22n);
    assert.equal(volumeUnits({ units: 22n, flags: Flag.formatConstrained | Flag.gold }), 0n);
  });

  it('keeps the flag bits of the protocol', () => {
    assert.deepEqual(Object.values(Flag), [1, 2, 4, 8, 16, 32, 64]);
    assert.equal(NEVER_DRAWN, 8 | 32 | 64);
    assert.equal(NO_VOLUME, 1 | 2 | 4 | 8 | 32 | 64);
    assert.deepEqual([FAMILIES.length, FAMILIES[0], FAMILIES[4], FAMILIES[11]], [12, 'chat', 'reading', 'other']);
  });

  it('rounds a price up to whole micro-dollars, and charges nothing for nothing', () => {
    const price = { input: 100_000n, output: 400_000n };
    assert.equal(priceMicroUsd(price, { prompt: 14, completion: 2 }), 3n);
    assert.equal(priceMicroUsd(price, { prompt: 10, completion: 0 }), 1n);
    assert.equal(priceMicroUsd(price, { prompt: 11, completion: 0 }), 2n);
    assert.equal(priceMicroUsd(price, { prompt: 0, completion: 0 }), 0n);
  });

  it('never loses a fraction of a price', () => {
    const tokens = fc.record({ prompt: fc.nat(1_000_000), completion: fc.nat(1_000_000) });
    const price = fc.record({ input: fc.bigInt(0n, 10n ** 12n), output: fc.bigInt(0n, 10n ** 12n) });
    fc.assert(
      fc.property(price, tokens, (rate, count) => {
        const exact = rate.input * BigInt(count.prompt) + rate.output * BigInt(count.completion);
        const charged = priceMicroUsd(rate, count) * 1_000_000n;
        assert.ok(charged >= exact && charged - exact < 1_000_000n);
      }),
      { seed: 712 },
    );
  });

  it('returns the size class at its borders', () => {
    const classes = [0n, 499n, 500n, 1_999n, 2_000n, 7_999n, 8_000n, 1n << 60n].map(sizeClass);
    assert.deepEqual(classes, [0, 0, 1, 1, 2, 2, 3, 3]);
  });
});
