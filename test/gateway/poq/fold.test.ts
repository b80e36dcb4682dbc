import assert from 'node:assert/strict';

import fc from 'fast-check';

import type { CountedReceipt } from '../../../gateway/poq/counting.ts';
import { evaluatorQuality } from '../../../gateway/poq/evaluator-quality.ts';
import {
  foldEvaluators,
  foldGateways,
  foldInference,
  paidReceipts,
  rewardLeaves,
  weightOf,
} from '../../../gateway/poq/fold.ts';
import { Flag, RecordStatus } from '../../../gateway/protocol/constants.ts';
import { address, bps, check } from './arbitraries.ts';
import { GATEWAY, NODE, many, receipt, unexamined } from './receipts.ts';

const PARTS = 100_000_000n;

describe('foldInference', () => {
  const none = new Map<never, number>();

  it('returns volume, difficulty and the work-weighted score, with carried scores', () => {
    const receipts = [receipt({ score: 7_000 }), receipt({ score: 8_000, units: 300n }), unexamined({ units: 600n })];
    const [share] = foldInference({ receipts, feedback: new Map([[NODE, 10_500]]), minQualityBps: 4_000 });
    assert.deepEqual(share, { account: NODE, quality: 7_750, volume: 1_000n, difficulty: 10_000, feedback: 10_500 });
  });

  it('returns no volume for pinned, cached, gold, private, replayed and unattested receipts', () => {
    for (const flag of [Flag.pinned, Flag.cached, Flag.gold, Flag.private, Flag.replay, Flag.unattested]) {
      const receipts = [receipt(), receipt({ flags: flag, exactScore: 7_000, units: 10_000n })];
      assert.equal(foldInference({ receipts, feedback: none, minQualityBps: 4_000 })[0]?.volume, 100n, `flag ${flag}`);
    }
    assert.equal(
      foldInference({
        receipts: [receipt(), receipt({ flags: Flag.formatConstrained })],
        feedback: none,
        minQualityBps: 4_000,
      })[0]?.volume,
      200n,
    );
  });

  it('returns nothing for a node that was never examined', () => {
    assert.deepEqual(foldInference({ receipts: [unexamined()], feedback: none, minQualityBps: 4_000 }), []);
  });

  it('returns a product within its rounding of the sum over receipts', () => {
    const list = fc.array(
      fc.record({
        answer: fc.nat(40_000),
        promptTokens: fc.nat(900),
        complexity: fc.constantFrom(500, 5_500),
        flags: fc.constantFrom(0, 0, 0, Flag.gold),
        score: bps,
        quality: bps,
        node: fc.nat(4),
        drawn: fc.boolean(),
        exactScore: bps,
      }),
      { minLength: 1, maxLength: 160, size: 'max' },
    );
    let seen = 0;
    check(
      fc.property(list, (drafts) => {
        const receipts = drafts.map(({ node, drawn, answer, exactScore, ...fields }) =>
          receipt({
            ...fields,
            node: address(node + 1),
            units: BigInt(answer + fields.promptTokens),
            status: drawn ? RecordStatus.scored : RecordStatus.unexamined,
            ...(fields.flags === Flag.gold && drawn ? { exactScore } : {}),
          }),
        );
        const paid = paidReceipts(receipts, 4_000);
        for (const share of foldInference({ receipts, feedback: none, minQualityBps: 4_000 })) {
          // In ten-thousandths of units and of scores.
          const exact = paid
            .filter((item) => item.receipt.node === share.account)
            .reduce((sum, { credit, difficulty, score }) => sum + credit * BigInt(difficulty) * BigInt(score), 0n);
          const product = share.volume * BigInt(share.difficulty) * BigInt(share.quality);
          assert.ok(product * PARTS <= exact);
          if (share.quality === 10_000) continue; // no correction lifts it any further
          // What the three roundings can take away: less than one unit of each factor.
          const most = (share.volume + 1n) * BigInt(share.difficulty + 1) * BigInt(share.quality + 1);
          assert.ok(most * PARTS >= exact, `${product} of ${exact}`);
          seen += 1;
        }
      }),
      150,
    );
    assert.ok(seen > 300, `${seen} shares compared`);
  });

  it('returns less where golds show that a node is praised, and no more volume for longer answers', () => {
    const golds = (exactScore: number) => many(9, { flags: Flag.gold, score: 8_000, exactScore });
    const shareOf = (receipts: readonly CountedReceipt[]) =>
      foldInference({ receipts, feedback: none, minQualityBps: 4_000 }).find(({ account }) => account === NODE);
    // (9·3,000 + 10,000) / (9·8,000 + 10,000) = 0.4512
    assert.equal(shareOf([...many(50, { score: 8_000 }), ...golds(3_000)])?.quality, 3_609);
    assert.equal(shareOf([...many(50, { score: 8_000 }), ...golds(8_000)])?.quality, 8_000);
    const other = many(20, { node: address(2), units: 100n, promptTokens: 20 });
    assert.equal(shareOf([...other, ...many(50, { units: 100n, promptTokens: 20 })])?.volume, 5_000n);
    assert.equal(shareOf([...other, ...many(50, { units: 500n, promptTokens: 20 })])?.volume, 5_000n);
  });

  it('returns the same shares in whatever order receipts come', () => {
    const receipts = Array.from({ length: 40 }, (_, index) =>
      receipt({ node: address(1 + (index % 3)), score: index * 200, complexity: index * 250, quality: index * 200 }),
    );
    const fold = (list: readonly CountedReceipt[]) =>
      foldInference({ receipts: list, feedback: none, minQualityBps: 4_000 });
    assert.deepEqual(fold(receipts), fold(receipts.toReversed()));
  });

  it('returns the same total weight when a node splits into two accounts', () => {
    const one = many(40, { score: 8_000 });
    const split = one.map((item, index) => ({ ...item, node: address(1 + (index % 2)) }));
    const total = (receipts: readonly CountedReceipt[]) =>
      foldInference({ receipts, feedback: none, minQualityBps: 4_000 }).reduce(
        (sum, share) => sum + weightOf(share),
        0n,
      );
    assert.equal(total(split), total(one));
  });
});

describe('foldEvaluators', () => {
  const truths = [10_000, 10_000, 0, 10_000, 3_000, 0, 10_000, 8_000];
  const fold = (accuracyOf: (truth: number, index: number) => number, gateway = GATEWAY) => {
    const golds = truths.map((truth, index) => ({
      gateway,
      truth,
      entries: [{ evaluator: address(5), accuracy: accuracyOf(truth, index) }],
    }));
    return foldEvaluators({ records: golds, golds })[0];
  };

  it('returns nearly everything for the truth and nothing for any constant', () => {
    assert.equal(fold((truth) => truth)?.quality, 10_000 - Math.ceil((10_000 * 5) / 13) + 1);
    for (let constant = 0; constant <= 10_000; constant += 50) assert.equal(fold(() => constant)?.quality, 0);
  });

  it('returns exactly nothing for every constant on any golds', () => {
    check(
      fc.property(
        fc.array(bps, { minLength: 1, maxLength: 60 }),
        bps,
        (list, constant) =>
          evaluatorQuality(list.map((truth) => ({ accuracy: BigInt(constant), truth: BigInt(truth) }))) === 0,
      ),
      1_000,
    );
  });

  it('returns nothing without golds, with golds of its own gateway, or with golds that never vary', () => {
    assert.equal(evaluatorQuality([]), 0);
    assert.equal(fold((truth) => truth, address(5))?.quality, 0);
    assert.equal(
      evaluatorQuality([
        { accuracy: 7n, truth: 7n },
        { accuracy: 7n, truth: 7n },
      ]),
      0,
    );
  });

  it('returns one unit of volume per reveal, golds or not', () => {
    const records = [
      { entries: [{ evaluator: address(5) }, { evaluator: address(6) }] },
      { entries: [{ evaluator: address(5) }] },
    ];
    assert.deepEqual(
      foldEvaluators({ records, golds: [] }).map(({ account, volume }) => [account, volume]),
      [
        [address(5), 2n],
        [address(6), 1n],
      ],
    );
  });
});

describe('foldGateways and rewardLeaves', () => {
  it('returns counted units and the unit-weighted score of the drawn', () => {
    const receipts = [
      receipt({ score: 6_000 }),
      receipt({ score: 0, status: RecordStatus.unscored, units: 200n }),
      unexamined({ units: 700n }),
      receipt({ flags: Flag.gold, units: 5_000n }),
    ];
    assert.deepEqual(foldGateways({ receipts, minQualityBps: 4_000 }), [
      { account: GATEWAY, quality: 2_000, volume: 1_000n, difficulty: 10_000, feedback: 10_000 },
    ]);
  });

  it('returns leaves in account order without zero weights', () => {
    const share = { quality: 5_000, volume: 10n, difficulty: 10_000, feedback: 10_000 };
    const leaves = rewardLeaves(3n, 0, [
      { account: address(2), ...share },
      { account: address(1), ...share },
      { account: address(3), ...share, quality: 0 },
    ]);
    assert.deepEqual(
      leaves.map(({ account }) => account),
      [address(1), address(2)],
    );
    assert.deepEqual(leaves[0], { epoch: 3n, role: 0, account: address(1), ...share });
  });
});
