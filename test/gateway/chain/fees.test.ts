import assert from 'node:assert/strict';

import fc from 'fast-check';

import { capped, marketFees, raised } from '../../../gateway/chain/fees.ts';

const wei = fc.bigInt({ min: 0n, max: 10n ** 15n });

describe('fees', () => {
  it('raises both parts by an eighth at least, and never stays below the market', () => {
    fc.assert(
      fc.property(wei, wei, wei, wei, (base, tip, nextBase, nextTip) => {
        const [last, market] = [marketFees(base, tip), marketFees(nextBase, nextTip)];
        const next = raised(last, market, 10n ** 18n);
        assert.ok(next?.kind === 'eip1559' && last.kind === 'eip1559' && market.kind === 'eip1559');
        assert.ok(8n * next.maxFeePerGas >= 9n * last.maxFeePerGas && next.maxFeePerGas >= market.maxFeePerGas);
        assert.ok(8n * next.maxPriorityFeePerGas >= 9n * last.maxPriorityFeePerGas);
        assert.ok(next.maxPriorityFeePerGas >= market.maxPriorityFeePerGas);
      }),
      { seed: 62 },
    );
  });

  it('raises the price of a chain without a base fee', () => {
    const last = { kind: 'legacy', gasPrice: 80n } as const;
    assert.deepEqual(raised(last, { kind: 'legacy', gasPrice: 10n }, 1_000n), { kind: 'legacy', gasPrice: 91n });
    assert.deepEqual(raised(last, { kind: 'legacy', gasPrice: 500n }, 1_000n), { kind: 'legacy', gasPrice: 500n });
  });

  it('returns nothing above the limit, and caps a first fee at it', () => {
    assert.equal(raised({ kind: 'legacy', gasPrice: 80n }, { kind: 'legacy', gasPrice: 0n }, 90n), undefined);
    assert.equal(raised(marketFees(40n, 8n), marketFees(0n, 0n), 90n), undefined);
    assert.deepEqual(capped(marketFees(100n, 50n), 40n), {
      ...{ kind: 'eip1559', maxFeePerGas: 40n, maxPriorityFeePerGas: 40n },
    });
    assert.deepEqual(capped({ kind: 'legacy', gasPrice: 80n }, 40n), { kind: 'legacy', gasPrice: 40n });
  });
});
