import assert from 'node:assert/strict';

import fc from 'fast-check';

import type { CountedReceipt } from '../../../gateway/poq/counting.ts';
import { createLength } from '../../../gateway/poq/length.ts';
import { Flag } from '../../../gateway/protocol/constants.ts';
import { address, check } from './arbitraries.ts';
import { NODE, many, receipt } from './receipts.ts';

const answers = (node: number, units: readonly number[], promptTokens = 50): CountedReceipt[] =>
  units.map((own) => receipt({ node: address(node), promptTokens, units: BigInt(promptTokens + own) }));
const ten = (units: number): number[] => Array.from({ length: 10 }, () => units);

describe('length', () => {
  it('returns the share that others would have needed, by the lower median of their means', () => {
    const others = [...answers(2, ten(100)), ...answers(3, ten(200)), ...answers(4, ten(5_000))];
    // due: 2 prompts of 50 and 2 answers of 200; metered: 100 + 1,500
    assert.equal(createLength([...others, ...answers(1, [300, 1_200])])(receipt()), 3_125);
    assert.equal(createLength([...others, ...answers(1, [300, 20])])(receipt()), 10_000);
    // for account 4 they are 100 and 200: the lower one of two
    assert.equal(createLength(others)(receipt({ node: address(4) })), Math.floor((10_000 * 1_500) / 50_500));
  });

  it('returns everything where nobody else answered ten times, and in other cells', () => {
    const long = answers(1, [9_000]);
    assert.equal(createLength([...long, ...answers(2, ten(10).slice(1))])(receipt()), 10_000);
    assert.equal(createLength([...long, ...many(10, { node: address(2), complexity: 1_000 })])(receipt()), 10_000);
    assert.equal(createLength([...long, ...many(10, { node: address(2), flags: Flag.pinned })])(receipt()), 10_000);
    assert.equal(createLength([])(receipt()), 10_000);
    assert.ok(createLength([...long, ...answers(2, ten(10))])(receipt()) < 10_000);
  });

  it('returns prompts whole: whoever is sent long ones is not called verbose', () => {
    const length = createLength([...answers(2, ten(100), 10), ...answers(1, ten(100), 9_000)]);
    assert.equal(length(receipt()), 10_000);
  });

  it('returns no more credit to a node for longer answers, wherever it makes them longer', () => {
    const lengths = fc.array(fc.nat(3_000), { minLength: 1, maxLength: 30 });
    const grown = fc.array(fc.nat(9_000), { minLength: 30, maxLength: 30 });
    check(
      fc.property(lengths, lengths, grown, (own, other, more) => {
        const usual = other[0] ?? 0;
        const others = answers(2, ten(usual));
        const creditOf = (mine: readonly CountedReceipt[]): bigint => {
          const length = createLength([...others, ...mine]);
          return mine.reduce((sum, item) => sum + item.units * BigInt(length(item)), 0n) / 10_000n;
        };
        const before = creditOf(answers(1, own));
        const after = creditOf(
          answers(
            1,
            own.map((units, index) => units + (more[index] ?? 0)),
          ),
        );
        const due = BigInt(own.length * (50 + usual));
        assert.ok(after <= due);
        // Who is as long as others already gains nothing at all, but for the rounding of the share.
        const metered = BigInt(own.reduce((sum, units) => sum + units + 50, 0));
        if (metered >= due) assert.ok(after <= before + before / 5_000n + 1n || before < 1_000n, `${before} ${after}`);
      }),
    );
  });

  it('returns at least one ten-thousandth, so that nobody’s work is undefined', () => {
    const length = createLength([...answers(2, ten(1), 0), ...answers(1, [4_000_000], 1)]);
    assert.equal(length(receipt({ node: NODE })), 1);
  });
});
