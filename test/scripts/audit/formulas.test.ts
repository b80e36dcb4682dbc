import assert from 'node:assert/strict';

import fc from 'fast-check';

import { activeMask } from '../../../gateway/poq/active.ts';
import { feedbackOf } from '../../../gateway/poq/feedback.ts';
import { foldEvaluators, foldGateways, foldInference, rewardLeaves } from '../../../gateway/poq/fold.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { goldScore } from '../../../gateway/poq/score.ts';
import { trustTable } from '../../../gateway/poq/trust.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import { createSigners } from '../../../scripts/audit/context.ts';
import type { Examined } from '../../../scripts/audit/context.ts';
import type { Dataset } from '../../../scripts/audit/dataset.ts';
import { addReceipt, createFacts } from '../../../scripts/audit/facts.ts';
import type { Facts } from '../../../scripts/audit/facts.ts';
import { checkRewards, measuredQuality, rewardsOf } from '../../../scripts/audit/fold.ts';
import { checkGolds } from '../../../scripts/audit/golds.ts';
import type { Outcome } from '../../../scripts/audit/golds.ts';
import { isqrt, lowerMedian } from '../../../scripts/audit/numbers.ts';
import { maskOf, trustOf } from '../../../scripts/audit/table.ts';
import { EPOCH_TEXT, readWhole } from './support.ts';

/** Two implementations of the same formulas, the audit's and the gateway's, on data that a short epoch does not show. */
const { dataset: EPOCH, facts: FACTS } = await readWhole(EPOCH_TEXT);
const account = (index: number): Address => `0x${(index + 1).toString(16).padStart(40, '0')}`;
const RUNS = { numRuns: 150, seed: 20_261_122 };
const bps = fc.integer({ min: 0, max: 10_000 });

const drawnReceipt = fc.record({
  node: fc.integer({ min: 0, max: 3 }).map(account),
  gateway: fc.integer({ min: 0, max: 1 }).map(account),
  family: fc.integer({ min: 0, max: 2 }),
  complexity: fc.constantFrom(500, 9_500, 10_000),
  answerUnits: fc.bigInt({ min: 0n, max: 3_000n }),
  promptTokens: fc.constantFrom(0, 7, 900),
  flags: fc.constantFrom(0, 0, 0, 1, 4, 8, 16, 20, 64),
  status: fc.integer({ min: 0, max: 2 }),
  quality: bps,
  score: bps,
  cost: bps,
  truth: fc.option(bps, { nil: undefined }),
  activeMask: fc.constantFrom(0, 1, 1, 2, 3, 5, 7),
  consistency: bps,
  format: bps,
});
type Drawn = typeof drawnReceipt extends fc.Arbitrary<infer Value> ? Value : never;

const unitsOf = ({ answerUnits, promptTokens }: Drawn): bigint => answerUnits + BigInt(promptTokens);

function recordOf({ status, quality, score, cost, activeMask, consistency, format }: Drawn) {
  const isScored = status === 1;
  const judged = isScored ? { quality, score, activeMask } : { quality: 0, score: 0, activeMask: 0 };
  return { status, cost, consistency, format, ...judged };
}

/** The audit's view: lines of a dataset, of which only what the fold reads is filled in. */
function factsOf(receipts: readonly Drawn[]): { dataset: Dataset; facts: Facts } {
  const examined = receipts.map((drawn, index) => {
    const { node, gateway } = drawn;
    const { status, quality, score, cost, activeMask, consistency, format } = recordOf(drawn);
    return {
      receipt: {
        id: `0x${index}`,
        node,
        gateway,
        units: unitsOf(drawn),
        promptTokens: BigInt(drawn.promptTokens),
        family: BigInt(drawn.family),
        complexity: BigInt(drawn.complexity),
        flags: BigInt(drawn.flags),
      },
      record: {
        status: BigInt(status),
        quality: BigInt(quality),
        score: BigInt(score),
        cost: BigInt(cost),
        activeMask: BigInt(activeMask),
        consistency: BigInt(consistency),
        format: BigInt(format),
      },
      entries: [],
      replays: [],
      counted: true,
    } as unknown as Examined;
  });
  const golds = receipts.flatMap(({ truth, flags }, index) =>
    truth === undefined || (flags & 4) === 0 ? [] : [{ used: { receiptId: `0x${index}`, truth: BigInt(truth) } }],
  );
  const facts = createFacts();
  for (const one of examined) addReceipt(facts, one, EPOCH.epoch.params);
  return { dataset: { ...EPOCH, golds: golds as unknown as Dataset['golds'] }, facts };
}

function countedOf(drawn: Drawn) {
  const { truth, answerUnits: _answerUnits, ...fields } = drawn;
  const receipt = { ...fields, units: unitsOf(drawn) };
  const record = { ...recordOf(drawn), committeeSize: 5, accuracy: 0 };
  const base = { ...receipt, status: record.status, quality: record.quality, score: record.score };
  if (truth === undefined || (drawn.flags & 4) === 0) return base;
  const scored = { ...receipt, priceMicroUsd: 0n, totalMs: 0 };
  return { ...base, exactScore: goldScore({ receipt: scored, record, truth, params: DEFAULT_PARAMS }) };
}

/** How a dimension speaks of golds: rightly, partly, at random, the wrong way round, or always the same. */
const voice = fc.constantFrom('right', 'partly', 'random', 'wrong', 'constant');
type Voice = typeof voice extends fc.Arbitrary<infer Value> ? Value : never;

function say(how: Voice, { truth, noise, isGood }: { truth: number; noise: number; isGood: boolean }): number {
  switch (how) {
    case 'right':
      return truth;
    case 'partly':
      return isGood ? truth : noise;
    case 'random':
      return noise;
    case 'wrong':
      return 10_000 - truth;
    case 'constant':
      return 5_000;
  }
}

describe('scripts/audit, formulas', () => {
  it('returns the same shares of nodes and gateways as the gateway, with carry, difficulty and golds', () => {
    let carried = 0;
    let uneven = 0;
    let shortened = 0;
    fc.assert(
      fc.property(fc.array(drawnReceipt, { maxLength: 250, size: 'max' }), (receipts) => {
        const { dataset, facts } = factsOf(receipts);
        const input = { receipts: receipts.map(countedOf), minQualityBps: DEFAULT_PARAMS.minQualityBps };
        const { epoch } = dataset.epoch;
        const expected = [
          ...rewardLeaves(epoch, 0, foldInference({ ...input, feedback: feedbackOf([]) })),
          ...rewardLeaves(epoch, 2, foldGateways(input)),
        ];
        const own = rewardsOf(dataset, facts, () => 0n).map(({ role, quality, difficulty, feedback, ...rest }) => ({
          ...rest,
          role: Number(role),
          quality: Number(quality),
          difficulty: Number(difficulty),
          feedback: Number(feedback),
        }));
        assert.deepEqual(own, expected);
        carried += receipts.filter(({ status, flags }) => status === 0 && (flags & 77) === 0).length;
        uneven += expected.filter(({ difficulty }) => difficulty !== 10_000).length;
        shortened += expected.filter(({ role, account: node, volume }) => {
          const own = input.receipts.filter((receipt) => receipt.node === node && (receipt.flags & 77) === 0);
          return role === 0 && volume < own.reduce((sum, { units }) => sum + units, 0n);
        }).length;
      }),
      RUNS,
    );
    assert.ok(carried > 1_000 && uneven > 50, `${carried} carried, ${uneven} of uneven difficulty`);
    assert.ok(shortened > 50, `${shortened} credited with less than they metered`);
  });

  const gold = fc.record({
    gateway: fc.integer({ min: 0, max: 2 }).map(account),
    truth: bps,
    entries: fc.uniqueArray(fc.record({ evaluator: fc.integer({ min: 0, max: 5 }).map(account), accuracy: bps }), {
      minLength: 1,
      maxLength: 5,
      selector: ({ evaluator }) => evaluator,
    }),
  });

  type Gold = typeof gold extends fc.Arbitrary<infer Value> ? Value : never;
  const outcomesOf = (golds: readonly Gold[]): readonly Outcome[] =>
    golds.map(({ gateway, truth, entries }) => ({
      gateway,
      truth: BigInt(truth),
      entries: entries.map(({ evaluator, accuracy }) => ({ evaluator, accuracy: BigInt(accuracy) })),
    })) as unknown as readonly Outcome[];

  it('returns the same trust as the gateway', () => {
    fc.assert(
      fc.property(fc.array(gold, { maxLength: 40, size: 'max' }), (golds) => {
        const samples = golds.flatMap(({ gateway, truth, entries }) =>
          entries.map(({ evaluator, accuracy }) => ({ gateway, evaluator, accuracy, truth })),
        );
        const outcomes = outcomesOf(golds);
        const active = [0, 1, 2, 3, 4].map(account); // the sixth has left
        const own = [...trustOf(outcomes, active)].map(([evaluator, trust]) => [evaluator, Number(trust)]);
        assert.deepEqual(new Map(own as [string, number][]), trustTable(samples, active));
      }),
      RUNS,
    );
  });

  it('returns the same quality of evaluators as the gateway, by the golds of the window', () => {
    let paid = 0;
    fc.assert(
      fc.property(fc.array(gold, { maxLength: 40, size: 'max' }), (golds) => {
        const qualityOf = measuredQuality(outcomesOf(golds));
        for (const { account: evaluator, quality } of foldEvaluators({ records: golds, golds })) {
          assert.equal(Number(qualityOf(evaluator)), quality);
          if (quality > 0) paid += 1;
        }
      }),
      RUNS,
    );
    assert.ok(paid > 20, `${paid} paid`);
  });

  it('recomputes all of an evaluator’s reward but its quality when the golds of the window are not given', () => {
    const withReward = (change: object): Dataset => ({
      ...EPOCH,
      rewards: EPOCH.rewards.map((reward) =>
        reward.leaf.role === 1n ? { ...reward, leaf: { ...reward.leaf, ...change } } : reward,
      ),
    });
    checkRewards(withReward({ quality: 1n }), FACTS, undefined);
    for (const change of [{ volume: 1n }, { difficulty: 9_999n }, { feedback: 9_999n }])
      assert.throws(() => checkRewards(withReward(change), FACTS, undefined), /leaf|must be|is /);
    const own = EPOCH.rewards.filter(({ leaf }) => leaf.role === 1n);
    assert.ok(own.length > 1);
  });

  it('returns the same active dimensions as the gateway, below and above thirty golds', () => {
    const truth = fc.oneof({ weight: 3, arbitrary: fc.constant(10_000) }, fc.constantFrom(0, 2_000, 5_000));
    const pair = fc.record({ truth, noise: bps, isGood: fc.boolean() });
    const words = fc.record({ accuracy: voice, consistency: voice, format: voice });
    const seen = new Set<number>();
    fc.assert(
      fc.property(fc.array(pair, { minLength: 20, maxLength: 80, size: 'max' }), words, (pairs, voices) => {
        const golds = pairs.map((given) => ({
          truth: given.truth,
          accuracy: say(voices.accuracy, given),
          consistency: say(voices.consistency, given),
          format: say(voices.format, given),
        }));
        const outcomes = golds.map(({ truth, ...scores }) => ({
          truth: BigInt(truth),
          flags: 16n,
          replays: 2,
          entries: [Object.fromEntries(Object.entries({ ...scores, trust: 1_000 }).map(([k, v]) => [k, BigInt(v)]))],
        })) as unknown as readonly Outcome[];
        const pairsOf = (name: 'accuracy' | 'consistency' | 'format') =>
          golds.map(({ truth, ...scores }) => ({ truth, score: scores[name] }));
        const expected = activeMask({
          accuracy: pairsOf('accuracy'),
          consistency: pairsOf('consistency'),
          format: pairsOf('format'),
        });
        assert.equal(Number(maskOf(outcomes)), expected);
        seen.add(expected);
      }),
      RUNS,
    );
    assert.deepEqual([...seen].toSorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('returns whole roots and lower medians', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 90n }), (value) => {
        const root = isqrt(value);
        assert.ok(root ** 2n <= value && (root + 1n) ** 2n > value);
      }),
      RUNS,
    );
    assert.equal(lowerMedian([4n, 1n, 3n, 2n]), 2n);
    assert.equal(lowerMedian([]), undefined);
  });

  it('takes a gold of the epoch before only if that epoch left it unused', () => {
    const gold = EPOCH.golds.find(({ used }) => used !== null);
    const line = FACTS.golds.find(({ receipt }) => receipt.id === gold?.used?.receiptId);
    assert.ok(gold && line);
    const dataset: Dataset = { ...EPOCH, golds: [gold], epoch: { ...EPOCH.epoch, epoch: EPOCH.epoch.epoch + 1n } };
    const notes: string[] = [];
    const facts = { ...createFacts(), golds: [line] };
    const context = { dataset, facts, signers: createSigners(true), skip: (name: string) => notes.push(name) };
    const check = (previous: readonly Dataset[]) => checkGolds(context, previous);
    const before = (golds: Dataset['golds']): readonly Dataset[] => [{ ...EPOCH, golds }];
    check([]);
    assert.deepEqual(notes, ['golds of the epoch before', 'truth of golds']);
    check(before([{ ...gold, used: null }]));
    assert.equal(notes.length, 3);
    assert.throws(() => check(before([gold])), /used in the epoch before already/);
    assert.throws(() => check(before([])), /has no such gold/);
  });
});
