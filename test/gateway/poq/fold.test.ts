import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createCarry } from '../../../gateway/poq/carry.ts';
import { isCounted } from '../../../gateway/poq/counting.ts';
import type { CountedReceipt } from '../../../gateway/poq/counting.ts';
import { createDifficulty } from '../../../gateway/poq/difficulty.ts';
import { feedbackBps, feedbackOf } from '../../../gateway/poq/feedback.ts';
import {
  evaluatorQuality,
  foldEvaluators,
  foldGateways,
  foldInference,
  paidReceipts,
  rewardLeaves,
  weightOf,
} from '../../../gateway/poq/fold.ts';
import { Flag, RecordStatus } from '../../../gateway/protocol/constants.ts';
import { address, bps, check } from './arbitraries.ts';

const GATEWAY = address(900);
const NODE = address(1);

function receipt(fields: Partial<CountedReceipt> = {}): CountedReceipt {
  return {
    gateway: GATEWAY,
    node: NODE,
    family: 0,
    complexity: 0,
    units: 100n,
    flags: 0,
    status: RecordStatus.scored,
    quality: 8_000,
    score: 7_000,
    ...fields,
  };
}

const unexamined = (fields: Partial<CountedReceipt> = {}): CountedReceipt =>
  receipt({ status: RecordStatus.unexamined, quality: 0, score: 0, ...fields });
const flat = () => 10_000;
const many = (count: number, fields: Partial<CountedReceipt>): CountedReceipt[] =>
  Array.from({ length: count }, () => receipt(fields));

describe('isCounted', () => {
  const clock = { genesis: 1_000n, epochDuration: 100n };

  it('returns false for what was served after its anchor or more than one epoch before', () => {
    assert.equal(isCounted({ servedAt: 1_250n, anchoredAt: 1_250n }, clock), true);
    assert.equal(isCounted({ servedAt: 1_251n, anchoredAt: 1_250n }, clock), false);
    assert.equal(isCounted({ servedAt: 1_100n, anchoredAt: 1_299n }, clock), true);
    assert.equal(isCounted({ servedAt: 1_099n, anchoredAt: 1_200n }, clock), false);
    assert.equal(isCounted({ servedAt: 999n, anchoredAt: 1_000n }, clock), true);
    assert.equal(isCounted({ servedAt: 899n, anchoredAt: 1_000n }, clock), false);
  });
});

describe('carry', () => {
  it('returns the work-weighted mean of the family, else of the node, else nothing', () => {
    const carry = createCarry(
      [
        receipt({ score: 6_000 }),
        receipt({ score: 9_001, units: 200n }),
        receipt({ family: 3, score: 3_000, units: 300n }),
      ],
      flat,
    );
    assert.equal(carry({ gateway: GATEWAY, node: NODE, family: 0 }), 8_000);
    assert.equal(carry({ gateway: GATEWAY, node: NODE, family: 7 }), 5_500);
    assert.equal(carry({ gateway: GATEWAY, node: address(2), family: 0 }), undefined);
    assert.equal(carry({ gateway: address(901), node: NODE, family: 0 }), undefined);
  });

  it('returns golds by their exact score, and unscored receipts as zero', () => {
    const gold = receipt({ flags: Flag.gold, score: 9_000, exactScore: 2_000 });
    assert.equal(createCarry([gold], flat)({ gateway: GATEWAY, node: NODE, family: 0 }), 2_000);
    const unscored = receipt({ status: RecordStatus.unscored, score: 0 });
    assert.equal(createCarry([gold, unscored], flat)({ gateway: GATEWAY, node: NODE, family: 0 }), 1_000);
    const own = receipt({ flags: Flag.gold, node: GATEWAY, exactScore: 10_000 });
    assert.equal(createCarry([own], flat)({ gateway: GATEWAY, node: GATEWAY, family: 0 }), undefined);
    const pinned = receipt({ flags: Flag.pinned });
    assert.equal(createCarry([pinned], flat)({ gateway: GATEWAY, node: NODE, family: 0 }), undefined);
  });

  it('hears nothing from a gold whose truth was lost: that is the gateway\u2019s affair, not the node\u2019s', () => {
    const live = receipt({ score: 8_000 });
    const lost = receipt({ flags: Flag.gold, score: 9_000 });
    const carryOf = createCarry([live, lost], () => 10_000);
    assert.equal(carryOf(live), 8_000);
    assert.equal(createCarry([lost], () => 10_000)(lost), undefined);
  });
});

describe('difficulty', () => {
  const easy = { complexity: 500, quality: 8_000 };
  const hard = { complexity: 9_500, quality: 0 };

  it('returns 10,000 without failures or without other accounts', () => {
    const of = createDifficulty([...many(50, easy), ...many(50, { node: address(2), ...easy })], 4_000);
    assert.equal(of(receipt()), 10_000);
    assert.equal(createDifficulty(many(50, hard), 4_000)(receipt(hard)), 10_000);
  });

  it('returns more where others fail more, by the shrunk ratio', () => {
    const receipts = [
      ...many(30, { node: address(2), ...hard }),
      ...many(30, { node: address(2), ...easy }),
      ...many(30, { node: address(3), complexity: 9_999, quality: 8_000 }),
    ];
    // p̄ = 30/90 = 333,333 ppm; the hard cell for NODE: mean of 1,000,000 and 0 = 500,000, n = 60
    // p = ⌊(60·500,000 + 20·333,333)/80⌋ = 458,333; ⌊10,000·458,333/333,333⌋ = 13,750
    assert.equal(createDifficulty(receipts, 4_000)(receipt(hard)), 13_750);
    // for account 2 only account 3 speaks: n = 30, mean 0: p = ⌊20·333,333/50⌋ = 133,333 → 3,999, raised to 5,000
    assert.equal(createDifficulty(receipts, 4_000)(receipt({ ...hard, node: address(2) })), 5_000);
  });

  it('returns no more when the node itself fails more', () => {
    const cell = fc.record({
      own: fc.nat(40),
      ownFailed: fc.nat(40),
      others: fc.integer({ min: 1, max: 40 }),
      failed: fc.nat(40),
    });
    check(
      fc.property(cell, ({ own, ownFailed, others, failed }) => {
        const rest = [
          ...many(others, { node: address(2), complexity: 9_000 }),
          ...many(failed, { node: address(2), ...hard }),
        ];
        const mine = many(own, { complexity: 9_000 });
        const before = createDifficulty(
          [...rest, ...mine, ...many(ownFailed, { complexity: 9_000 })],
          4_000,
        )(receipt(hard));
        const after = createDifficulty([...rest, ...mine, ...many(ownFailed, hard)], 4_000)(receipt(hard));
        // A node's failures enter only through the network's mean, which can lower its difficulty but not raise it;
        // one basis point is what the shares' own rounding may move.
        return after <= before + 1;
      }),
      100,
    );
  });

  it('returns unscored receipts as failures and ignores the unexamined', () => {
    const unscored = many(20, { node: address(2), complexity: 9_000, status: RecordStatus.unscored, quality: 0 });
    const passed = many(20, { node: address(2), complexity: 0 });
    const ignored = Array.from({ length: 500 }, () => unexamined({ node: address(2) }));
    // p̄ = 500,000; p = ⌊(20·1,000,000 + 20·500,000)/40⌋ = 750,000
    assert.equal(createDifficulty([...unscored, ...passed, ...ignored], 4_000)(receipt({ complexity: 9_000 })), 15_000);
  });
});

describe('feedback', () => {
  it('returns neutral without votes or with an undecided interval', () => {
    assert.equal(feedbackBps(0, 0), 10_000);
    assert.equal(feedbackBps(3, 3), 10_000); // [0.438, 1]
    assert.equal(feedbackBps(50, 100), 10_000);
  });

  it('returns the Wilson bounds that a float computes, to one basis point', () => {
    const counts = fc.integer({ min: 1, max: 5_000 }).chain((n) => fc.tuple(fc.nat(n), fc.constant(n)));
    check(
      fc.property(counts, ([k, n]) => {
        const z = 1.96;
        const p = k / n;
        const spread = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
        const low = (p + (z * z) / (2 * n) - spread) / (1 + (z * z) / n);
        const high = (p + (z * z) / (2 * n) + spread) / (1 + (z * z) / n);
        const expected = low > 0.5 ? 10_000 + (low - 0.5) * 2_000 : high < 0.5 ? 10_000 - (0.5 - high) * 2_000 : 10_000;
        const result = feedbackBps(k, n);
        return Math.abs(result - expected) <= 1.01 && result >= 9_000 && result <= 11_000;
      }),
      1_000,
    );
  });

  it('returns one vote per payer, node and day, the last one', () => {
    const vote = (payer: string, good: boolean, servedAt = 0n) => ({ payer, node: NODE, servedAt, good });
    const flood = Array.from({ length: 100 }, () => vote('one', true));
    assert.equal(feedbackOf(flood).get(NODE), 10_000);
    const crowd = Array.from({ length: 10 }, (_, index) => vote(`p${index}`, true));
    assert.equal(feedbackOf(crowd).get(NODE), feedbackBps(10, 10));
    assert.ok(feedbackBps(10, 10) > 10_000);
    const changed = crowd.map(({ payer }) => vote(payer, false));
    assert.equal(feedbackOf([...crowd, ...changed]).get(NODE), feedbackBps(0, 10));
    const days = crowd.map(({ payer }) => vote(payer, false, 86_400n));
    assert.equal(feedbackOf([...crowd, ...days]).get(NODE), feedbackBps(10, 20));
  });
});

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
        units: fc.bigInt({ min: 0n, max: 40_000n }),
        complexity: bps,
        score: bps,
        quality: bps,
        node: fc.nat(4),
        drawn: fc.boolean(),
      }),
      { minLength: 1, maxLength: 120 },
    );
    check(
      fc.property(list, (drafts) => {
        const receipts = drafts.map(({ node, drawn, ...fields }) =>
          receipt({
            ...fields,
            node: address(node + 1),
            status: drawn ? RecordStatus.scored : RecordStatus.unexamined,
          }),
        );
        const paid = paidReceipts(receipts, createDifficulty(receipts, 4_000));
        for (const share of foldInference({ receipts, feedback: none, minQualityBps: 4_000 })) {
          const exact = paid
            .filter((item) => item.receipt.node === share.account)
            .reduce((sum, { units, difficulty, score }) => sum + units * BigInt(difficulty) * BigInt(score), 0n);
          const product = share.volume * BigInt(share.difficulty) * BigInt(share.quality);
          assert.ok(product <= exact);
          // What the two roundings can take away: less than one unit of each factor.
          const lost = share.volume * BigInt(share.difficulty + 1) * BigInt(share.quality + 1) - exact;
          assert.ok(lost >= 0n, `${product} of ${exact}`);
        }
      }),
      150,
    );
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
