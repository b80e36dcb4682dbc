import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { isReliable } from '../../../gateway/poq/active.ts';
import { consensus } from '../../../gateway/poq/consensus.ts';
import type { CountedReceipt } from '../../../gateway/poq/counting.ts';
import { createCarry } from '../../../gateway/poq/carry.ts';
import { createDifficulty } from '../../../gateway/poq/difficulty.ts';
import { evaluatorQuality } from '../../../gateway/poq/evaluator-quality.ts';
import { feedbackBps } from '../../../gateway/poq/feedback.ts';
import { weightOf } from '../../../gateway/poq/fold.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { samplingRate } from '../../../gateway/poq/sampling.ts';
import { scoreReceipt } from '../../../gateway/poq/score.ts';
import { trustByGolds } from '../../../gateway/poq/trust.ts';
import { RecordStatus } from '../../../gateway/protocol/constants.ts';
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
    carry: number;
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
  const base = { gateway: address(900), node: address(1), family: 4, complexity: 0, units: 1n, flags: 0 };
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

  it('returns its carry, share and weight', () => {
    const { drawn, unexamined, carry, share, weight } = example.fold;
    const receipts = drawn.map(({ units, score, difficulty }) =>
      receipt({ units: BigInt(units), score, complexity: difficulty }),
    );
    assert.equal(createCarry(receipts, ({ complexity }) => complexity)(receipt({})), carry);
    const all = [...drawn, { ...unexamined, score: carry }].map(({ units, ...rest }) => ({
      units: BigInt(units),
      ...rest,
    }));
    const u = all.reduce((sum, { units }) => sum + units, 0n);
    const ud = all.reduce((sum, { units, difficulty }) => sum + units * BigInt(difficulty), 0n);
    const udq = all.reduce((sum, { units, difficulty, score }) => sum + units * BigInt(difficulty) * BigInt(score), 0n);
    assert.deepEqual([String(u), Number(ud / u), Number(udq / ud)], [share.volume, share.difficulty, share.quality]);
    assert.equal(String(weightOf({ ...share, volume: BigInt(share.volume) })), weight);
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
