import assert from 'node:assert/strict';

import fc from 'fast-check';

import { receiptLines } from '../../../gateway/epoch/dataset.ts';
import { roleTrees, tableRootOf } from '../../../gateway/epoch/fold-epoch.ts';
import type { EpochReceipt, GoldOutcome } from '../../../gateway/epoch/ports.ts';
import { weightOf } from '../../../gateway/poq/fold.ts';
import { createTable } from '../../../gateway/poq/table.ts';
import { Flag, NO_VOLUME, RecordStatus, Role } from '../../../gateway/protocol/constants.ts';
import { rewardLeaf } from '../../../gateway/protocol/leaf.ts';
import { verifySumProof } from '../../../gateway/protocol/sum-tree.ts';
import type { Address, RewardLeaf } from '../../../gateway/protocol/types.ts';
import { GATEWAY, address, hash } from '../background.fixtures.ts';
import { DISTRIBUTOR, EVALUATORS, NODES, batch, factsOf, foldEpoch, goldOf, scored } from './facts.fixtures.ts';

const SEED = 20_261_122;
const leafOfAccount = (leaves: readonly RewardLeaf[], role: number, account: Address): RewardLeaf | undefined =>
  leaves.find((leaf) => leaf.role === role && leaf.account === account);
const five = (accuracy: number): number[] => EVALUATORS.map(() => accuracy);
const node = (index: number): Address => NODES[index] as Address;

const anyReceipt = fc.record({
  node: fc.integer({ min: 0, max: 3 }),
  family: fc.constantFrom(0, 4),
  complexity: fc.integer({ min: 0, max: 10_000 }),
  units: fc.integer({ min: 0, max: 50_000 }),
  flags: fc.constantFrom(0, 0, 0, 1, 2, 8, 16, 32, 64),
  word: fc.option(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 0, maxLength: 5 }), { nil: undefined }),
  servedAt: fc.constantFrom(1_340n, 1_340n, 1_340n, 1_150n, 1_360n),
});
const anyGold = fc.record({
  node: fc.integer({ min: 0, max: 3 }),
  truth: fc.integer({ min: 0, max: 10_000 }),
  word: fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 5, maxLength: 5 }),
});
const anyFacts = fc
  .record({ receipts: fc.array(anyReceipt, { maxLength: 30 }), golds: fc.array(anyGold, { maxLength: 8 }) })
  .map(({ receipts, golds }) => {
    const live = receipts.map(({ node: index, word, units, ...fields }, serial) =>
      scored(serial, word, { ...fields, units: BigInt(units), node: node(index) }),
    );
    const hidden = golds.map(({ node: index, truth, word }, offset) =>
      goldOf(100 + offset, truth, word, { node: node(index) }),
    );
    return factsOf(
      [...live, ...hidden.map(({ receipt }) => receipt)],
      hidden.map(({ gold }) => gold),
    );
  });

describe('foldEpoch', () => {
  it('gives trees whose totals are exactly the weights of their leaves, each of them claimable', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { leaves } = foldEpoch(facts, []);
        roleTrees(leaves, DISTRIBUTOR).forEach(({ leaves: own, tree }, role) => {
          assert.equal(
            tree.total,
            own.reduce((sum, leaf) => sum + weightOf(leaf), 0n),
          );
          assert.equal(tree.count, own.length);
          assert.equal(new Set(own.map(({ account }) => account)).size, own.length);
          own.forEach((leaf, index) => {
            assert.equal(leaf.role, role);
            const claim = { hash: rewardLeaf(DISTRIBUTOR, leaf), sum: weightOf(leaf) };
            assert.ok(claim.sum > 0n && verifySumProof(tree.root, tree.total, claim, tree.proofOf(index)));
            assert.ok(!verifySumProof(tree.root, tree.total, { ...claim, sum: claim.sum + 1n }, tree.proofOf(index)));
          });
        });
      }),
      { seed: SEED, numRuns: 25 },
    );
  });

  it('keeps every field within the range that the contract accepts, and volume within the units that count', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { leaves } = foldEpoch(facts, []);
        const volumeOf = (role: number): bigint =>
          leaves.filter((leaf) => leaf.role === role).reduce((sum, { volume }) => sum + volume, 0n);
        const units = facts.receipts.reduce(
          (sum, { receipt: { flags, units: own } }) => sum + ((flags & NO_VOLUME) === 0 ? own : 0n),
          0n,
        );
        for (const { quality, difficulty, feedback } of leaves) {
          assert.ok(quality > 0 && quality <= 10_000);
          assert.ok(difficulty >= 5_000 && difficulty <= 20_000);
          assert.ok(feedback >= 9_000 && feedback <= 11_000);
        }
        assert.ok(volumeOf(Role.inference) <= units);
        assert.ok(volumeOf(Role.gateway) <= units);
      }),
      { seed: SEED, numRuns: 40 },
    );
  });

  it('does not depend on the order of receipts, golds or batches', () => {
    const shuffled = anyFacts.chain((facts) =>
      fc.record({
        facts: fc.constant(facts),
        receipts: fc.shuffledSubarray([...facts.receipts], { minLength: facts.receipts.length }),
        golds: fc.shuffledSubarray([...facts.golds], { minLength: facts.golds.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ facts, receipts, golds }) => {
        const first = foldEpoch(facts, []);
        const second = foldEpoch({ ...facts, receipts, golds, batches: facts.batches.toReversed() }, []);
        assert.deepEqual(second.leaves, first.leaves);
        assert.deepEqual(second.tableLeaves, first.tableLeaves);
      }),
      { seed: SEED, numRuns: 25 },
    );
  });

  it('pays less per unit for worse answers, and nothing for garbage', () => {
    const serve = (index: number, accuracy: number): EpochReceipt[] =>
      Array.from({ length: 12 }, (_, n) => scored(20 * index + n, five(accuracy), { node: node(index) }));
    const { leaves } = foldEpoch(factsOf([...serve(0, 9_500), ...serve(1, 7_000), ...serve(2, 3_999)]), []);
    const perUnit = (index: number): bigint => {
      const leaf = leafOfAccount(leaves, Role.inference, node(index));
      return leaf === undefined ? 0n : weightOf(leaf) / leaf.volume;
    };
    assert.ok(perUnit(0) > perUnit(1) && perUnit(1) > 0n);
    assert.equal(perUnit(2), 0n);
  });

  it('pays less for the same answers when they cost more', () => {
    const receipts = [1n, 4_000n].flatMap((priceMicroUsd, index) =>
      Array.from({ length: 3 }, (_, n) => scored(10 * index + n, five(9_000), { node: node(index), priceMicroUsd })),
    );
    const { leaves } = foldEpoch(factsOf(receipts), []);
    const quality = (index: number): number => leafOfAccount(leaves, Role.inference, node(index))?.quality ?? 0;
    assert.ok(quality(0) > quality(1));
  });

  it('pays a liar less than an honest evaluator, and a lazy constant nothing', () => {
    const truths = [0, 10_000, 2_000, 9_000, 5_000, 1_000, 8_000, 10_000, 0, 6_000];
    const golds = truths.map((truth, serial) =>
      // honest, honest with noise, liar, constant, copies the first
      goldOf(serial, truth, [truth, Math.min(10_000, truth + 700), 10_000 - truth, 5_100, truth]),
    );
    const facts = factsOf(
      golds.map(({ receipt }) => receipt),
      golds.map(({ gold }) => gold),
    );
    const { leaves, tableLeaves } = foldEpoch(facts, []);
    const quality = (index: number): number =>
      leafOfAccount(leaves, Role.evaluator, EVALUATORS[index] as Address)?.quality ?? 0;
    assert.ok(quality(0) > 6_000 && quality(0) >= quality(1) && quality(1) > 0);
    assert.deepEqual([quality(2), quality(3)], [0, 0]);
    const { trustOf } = createTable(tableLeaves);
    const trust = EVALUATORS.map(trustOf);
    assert.ok((trust[0] ?? 0) > (trust[2] ?? 0), String(trust));
    assert.equal(trust[0], trust[4]);
  });

  it('counts no void receipt: served after its anchor, or more than an epoch before it, or of no listed batch', () => {
    const good = scored(0, five(9_000));
    const voids = [
      scored(1, five(0), { servedAt: 1_351n }),
      scored(2, five(0), { servedAt: 1_199n }),
      scored(3, five(0), {}, { batchId: 9n }),
    ];
    const alone = foldEpoch(factsOf([good]), []);
    assert.deepEqual(foldEpoch(factsOf([good, ...voids]), []), alone);
    assert.notDeepEqual(foldEpoch(factsOf([good, scored(4, five(0), { servedAt: 1_200n })]), []), alone);
  });

  it('pays no gold, but lets its exact score speak for what was not examined', () => {
    const live = scored(0, undefined, { units: 500n });
    const withGold = (truth: number) => {
      const { receipt, gold } = goldOf(1, truth, five(10_000), { units: 200n });
      return leafOfAccount(foldEpoch(factsOf([live, receipt], [gold]), []).leaves, Role.inference, node(0));
    };
    assert.equal(leafOfAccount(foldEpoch(factsOf([live]), []).leaves, Role.inference, node(0)), undefined);
    assert.equal(withGold(9_000)?.volume, 500n);
    assert.ok((withGold(9_000)?.quality ?? 0) > (withGold(5_000)?.quality ?? 0), 'not the committee, the truth');
    assert.equal(withGold(0), undefined);
  });

  it('counts a drawn receipt that nobody could score with its volume, at nothing', () => {
    const served = (word: readonly number[] | undefined) => [scored(0, five(9_000)), scored(1, word)];
    const quality = (word: readonly number[] | undefined): number =>
      leafOfAccount(foldEpoch(factsOf(served(word)), []).leaves, Role.inference, node(0))?.quality ?? 0;
    const unscored = served([9_000, 9_000, 9_000])[1];
    assert.equal(unscored?.record.status, RecordStatus.unscored);
    assert.ok(Math.abs(quality([9_000, 9_000, 9_000]) * 2 - quality(undefined)) <= 2);
  });

  it("keeps a gateway's golds from judging a node or an evaluator of its own account", () => {
    const own = goldOf(1, 0, five(10_000), { node: GATEWAY });
    const outcomes = foldEpoch(factsOf([own.receipt], [own.gold]), []).goldOutcomes;
    assert.equal(outcomes.length, 1);
    const facts = factsOf([scored(0, five(9_000), { node: GATEWAY }), own.receipt], [own.gold]);
    const quality = leafOfAccount(foldEpoch(facts, []).leaves, Role.inference, GATEWAY)?.quality;
    const without = foldEpoch(factsOf([scored(0, five(9_000), { node: GATEWAY })]), []).leaves;
    assert.equal(quality, leafOfAccount(without, Role.inference, GATEWAY)?.quality);
  });

  it('returns an outcome only for golds that were scored and counted', () => {
    const fine = goldOf(0, 5_000, five(6_000));
    const few = goldOf(1, 5_000, [6_000, 6_000, 6_000]);
    const late = goldOf(2, 5_000, five(6_000), { servedAt: 1_351n });
    const facts = factsOf(
      [fine, few, late].map(({ receipt }) => receipt),
      [fine, few, late].map(({ gold }) => gold),
    );
    const { goldOutcomes } = foldEpoch(facts, []);
    assert.deepEqual(
      goldOutcomes.map(({ truth, consensus, entries }) => [truth, consensus.accuracy, entries.length]),
      [[5_000, 6_000, 5]],
    );
    const unknown = { ...fine.gold, used: { receiptId: hash(0xbad), truth: 1 } };
    assert.deepEqual(foldEpoch(factsOf([fine.receipt], [unknown]), []).goldOutcomes, []);
  });

  it('pays evaluators for what they knew in the window when all answers of the epoch are right, a constant never', () => {
    const told = (truth: number): number[] => [truth, Math.max(0, truth - 300), 10_000 - truth, 10_000, truth];
    const varied = [0, 10_000, 2_000, 9_000, 5_000, 1_000, 8_000, 10_000, 0, 6_000].map((truth, serial) =>
      goldOf(serial, truth, told(truth)),
    );
    const before = foldEpoch(
      factsOf(
        varied.map(({ receipt }) => receipt),
        varied.map(({ gold }) => gold),
      ),
      [],
    ).goldOutcomes;
    const right = Array.from({ length: 8 }, (_, serial) => goldOf(serial, 10_000, told(10_000)));
    const calm = factsOf(
      right.map(({ receipt }) => receipt),
      right.map(({ gold }) => gold),
    );
    const qualities = (history: readonly GoldOutcome[]): number[] =>
      EVALUATORS.map(
        (evaluator) => leafOfAccount(foldEpoch(calm, history).leaves, Role.evaluator, evaluator)?.quality ?? 0,
      );
    assert.deepEqual(qualities([]), [0, 0, 0, 0, 0]);
    const [best = 0, near = 0, liar, constant] = qualities(before);
    assert.ok(best > near && near > 6_000, `${best} ${near}`);
    assert.deepEqual([liar, constant], [0, 0]);
  });

  it('makes trust from the golds of earlier epochs too', () => {
    const history = Array.from({ length: 6 }, (_, index): GoldOutcome => ({
      gateway: GATEWAY,
      node: node(0),
      family: 4,
      flags: 4,
      truth: index * 1_500,
      comparable: false,
      consensus: { accuracy: 0, consistency: 0, format: 0 },
      entries: EVALUATORS.map((evaluator, rank) => ({
        evaluator,
        accuracy: rank === 0 ? index * 1_500 : Math.min(10_000, index * 1_500 + 1_200),
      })),
    }));
    const { trustOf, rateOf } = createTable(foldEpoch(factsOf([]), history).tableLeaves);
    assert.ok(trustOf(EVALUATORS[0] as Address) > trustOf(EVALUATORS[1] as Address));
    assert.equal(trustOf(address(0x999)), 1_000);
    assert.equal(rateOf(node(0)), 10_000);
  });

  it('has a table leaf for everybody in office, and empty trees for an empty epoch', () => {
    const { leaves, tableLeaves, goldOutcomes } = foldEpoch(factsOf([], [], []), []);
    assert.deepEqual([leaves, goldOutcomes], [[], []]);
    assert.equal(tableLeaves.length, EVALUATORS.length + NODES.length + 12);
    assert.notEqual(tableRootOf(tableLeaves, DISTRIBUTOR), tableRootOf(tableLeaves, { ...DISTRIBUTOR, chainId: 1n }));
    for (const { tree } of roleTrees(leaves, DISTRIBUTOR)) assert.deepEqual([tree.total, tree.count], [0n, 0]);
  });

  it('joins receipts with the anchor time of their own batch', () => {
    const receipts = [scored(0, five(9_000), {}, { batchId: 1n }), scored(1, five(9_000), {}, { batchId: 2n })];
    const batches = [batch(1), batch(2, { anchoredAt: 1_339n })];
    const volume = leafOfAccount(foldEpoch(factsOf(receipts, [], batches), []).leaves, Role.inference, node(0))?.volume;
    assert.equal(volume, 300n);
  });
});

describe('votes in an epoch', () => {
  const cast = (count: number, vote: 'good' | 'bad', fields: Parameters<typeof scored>[2] = {}): EpochReceipt[] =>
    Array.from({ length: count }, (_, payer) =>
      scored(payer, five(9_000), fields, { vote, payer: hash(0x9000 + payer) }),
    );
  const feedback = (receipts: readonly EpochReceipt[]): number | undefined =>
    leafOfAccount(foldEpoch(factsOf([...receipts], []), []).leaves, Role.inference, node(0))?.feedback;

  it('move a node by up to a tenth, and only when they say something', () => {
    assert.equal(feedback(cast(3, 'good')), 10_000);
    assert.ok((feedback(cast(30, 'good')) ?? 0) > 10_700);
    assert.ok((feedback(cast(30, 'bad')) ?? 10_000) < 9_300);
  });

  it('count once for each payer and day, the last of them, and not for what carries no volume', () => {
    const one = Array.from({ length: 30 }, (_, serial) => scored(serial, five(9_000), {}, { vote: 'good' }));
    assert.equal(feedback(one), 10_000);
    const pinned = cast(30, 'bad', { flags: Flag.pinned });
    const paid = scored(99, five(9_000));
    assert.equal(feedback([...pinned, paid]), 10_000);
  });

  it('stand in the dataset beside the payer, and leave no trace where there is none', () => {
    const lines = [...receiptLines([scored(0, five(9_000), {}, { vote: 'bad' }), scored(1, five(9_000))])].join('');
    assert.equal(lines.split('"vote":"bad"').length, 2);
    assert.equal(lines.split('"vote"').length, 2);
  });
});
