import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { isReliable } from '../../../gateway/poq/active.ts';
import { consensus } from '../../../gateway/poq/consensus.ts';
import type { CountedReceipt } from '../../../gateway/poq/counting.ts';
import { createCarry } from '../../../gateway/poq/carry.ts';
import { createCorrection } from '../../../gateway/poq/correction.ts';
import { createDifficulty } from '../../../gateway/poq/difficulty.ts';
import { evaluatorQuality } from '../../../gateway/poq/evaluator-quality.ts';
import { feedbackBps } from '../../../gateway/poq/feedback.ts';
import { weightOf } from '../../../gateway/poq/fold.ts';
import { createLength } from '../../../gateway/poq/length.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { samplingRate } from '../../../gateway/poq/sampling.ts';
import { scoreReceipt } from '../../../gateway/poq/score.ts';
import { trustByGolds } from '../../../gateway/poq/trust.ts';
import { Flag, RecordStatus } from '../../../gateway/protocol/constants.ts';
import { address, entry } from './arbitraries.ts';
import { calculate, calculations } from './calculator.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

type Example = {
  consensus: { accuracy: { score: number; trust: number }[]; result: number };
  receipt: {
    family: number;
    flags: number;
    units: string;
    priceMicroUsd: string;
    totalMs: number;
    cost: number;
    quality: number;
    score: number;
  };
  difficulty: {
    others: { account: number; complexity: number; drawn: number; failed: number }[];
    complexity: number;
    result: number;
  };
  fold: {
    drawn: { units: string; difficulty: number; score: number }[];
    unexamined: { units: string; difficulty: number };
    correction: { told: number[]; exact: number[]; result: number };
    carry: number;
    length: { own: { promptTokens: number; units: string }[]; others: string[]; result: number };
    share: { quality: number; volume: string; difficulty: number; feedback: number };
    weight: string;
  };
  feedback: { good: number; total: number; result: number };
  evaluator: { truth: number[]; accuracy: number[]; constantError: number; quality: number };
  trust: { meanSquaredErrors: number[]; golds: number; result: number[] };
  gate: { golds: number; margin: number };
  rates: { counted: number; result: number }[];
};

const example = JSON.parse(read('test/vectors/poq.json')) as Example;

function receipt(fields: Partial<CountedReceipt>): CountedReceipt {
  const base = {
    gateway: address(900),
    node: address(1),
    family: 4,
    complexity: 0,
    units: 1n,
    promptTokens: 0,
    flags: 0,
  };
  return { ...base, status: RecordStatus.scored, quality: 8_000, score: 0, ...fields };
}

describe('the worked example of docs/poq.md', () => {
  it('returns its consensus and its score', () => {
    const { units, priceMicroUsd, cost, quality, score, ...rest } = example.receipt;
    const entries = example.consensus.accuracy.map(({ score: accuracy, trust }) => entry({ accuracy, trust }));
    assert.equal(consensus(example.consensus.accuracy), example.consensus.result);
    const record = scoreReceipt({
      receipt: { ...rest, units: BigInt(units), priceMicroUsd: BigInt(priceMicroUsd) },
      examination: { committeeSize: 5, entries },
      tableMask: 5,
      comparable: false,
      params: DEFAULT_PARAMS,
    });
    assert.deepEqual([record.cost, record.quality, record.score], [cost, quality, score]);
  });

  it('returns its difficulty', () => {
    const receipts = example.difficulty.others.flatMap(({ account, complexity, drawn, failed }) =>
      Array.from({ length: drawn }, (_, index) =>
        receipt({ node: address(account), complexity, quality: index < failed ? 0 : 8_000 }),
      ),
    );
    const { complexity, result } = example.difficulty;
    assert.equal(createDifficulty(receipts, 4_000)(receipt({ complexity })), result);
  });

  it('returns its correction, and what is credited for its length', () => {
    const { correction, length } = example.fold;
    const golds = correction.told.map((score, index) =>
      receipt({ family: 5, flags: Flag.gold, score, exactScore: correction.exact[index] ?? 0 }),
    );
    assert.equal(createCorrection(golds)(address(1)), correction.result);
    const own = length.own.map(({ units, promptTokens }) => receipt({ units: BigInt(units), promptTokens }));
    const others = length.others.flatMap((units, index) =>
      Array.from({ length: 10 }, () => receipt({ node: address(2 + index), units: BigInt(units) })),
    );
    assert.equal(createLength([...own, ...others])(receipt({})), length.result);
  });

  it('returns its carry, share and weight', () => {
    const { drawn, unexamined, correction, carry, length, share, weight } = example.fold;
    const receipts = drawn.map(({ units, score, difficulty }) =>
      receipt({ units: BigInt(units), score, complexity: difficulty }),
    );
    const carryOf = createCarry(
      receipts,
      ({ complexity }) => complexity,
      () => correction.result,
    );
    assert.equal(carryOf(receipt({})), carry);
    const all = [
      ...drawn.map((item) => ({ ...item, worth: item.score * correction.result })),
      { ...unexamined, worth: carry * 10_000 },
    ].map(({ units, difficulty, worth }) => {
      const credit = BigInt(units) * BigInt(difficulty === 10_000 ? length.result : 10_000);
      const work = credit * BigInt(difficulty);
      return { credit, work, paid: work * BigInt(worth) };
    });
    const total = (name: 'credit' | 'work' | 'paid') => all.reduce((sum, item) => sum + item[name], 0n);
    const volume = total('credit') / 10_000n;
    const difficulty = Number(total('work') / total('credit'));
    const quality = Number(total('paid') / (total('work') * 10_000n));
    assert.deepEqual({ quality, volume: String(volume), difficulty, feedback: share.feedback }, share);
    assert.equal(String(weightOf({ ...share, volume })), weight);
  });

  it('returns its feedback, trust, rates and pay of an evaluator', () => {
    assert.equal(feedbackBps(example.feedback.good, example.feedback.total), example.feedback.result);
    const { truth, accuracy, quality } = example.evaluator;
    const golds = truth.map((value, index) => ({ truth: BigInt(value), accuracy: BigInt(accuracy[index] ?? 0) }));
    assert.equal(evaluatorQuality(golds), quality);
    const { meanSquaredErrors, golds: count, result } = example.trust;
    const errors = meanSquaredErrors.map(
      (mean, index) => [address(index), { squares: BigInt(mean * count), count }] as const,
    );
    assert.deepEqual([...trustByGolds(new Map(errors)).values()], result);
    for (const { counted, result: rate } of example.rates) assert.equal(samplingRate(100, counted), rate);
  });

  it('returns a gate that opens just above its margin', () => {
    const { golds, margin } = example.gate;
    assert.equal(Math.floor(196_000_000 / Math.floor(Math.sqrt((golds - 1) * 1e8))), margin);
    const inOrder = Array.from({ length: golds }, (_, index) => ({ score: index, truth: index }));
    assert.equal(isReliable(inOrder), true);
  });

  it('returns numbers that the page shows', () => {
    const page = read('docs/poq.md').replaceAll(',', '');
    const { consensus: agreed, receipt: scored, fold, feedback, evaluator, trust, gate, difficulty } = example;
    const numbers = [
      agreed.result,
      scored.cost,
      scored.score,
      fold.carry,
      fold.correction.result,
      fold.length.result,
      fold.share.difficulty,
      fold.weight,
      feedback.result,
    ];
    const others = [evaluator.constantError, evaluator.quality, ...trust.result, gate.margin, difficulty.result];
    for (const number of [...numbers, ...others])
      assert.ok(page.includes(String(number)), `docs/poq.md lacks ${number}`);
  });

  it('returns every result of the page when its calculations are done again', () => {
    const lines = calculations(read('docs/poq.md'));
    assert.ok(lines.length >= 35, `${lines.length} lines`);
    for (const { line, expression, result } of lines) assert.equal(calculate(expression), calculate(result), line);
    assert.throws(() => calculate('7 / 2'), RangeError);
    assert.throws(() => calculate('7 % 2'), SyntaxError);
  });
});
