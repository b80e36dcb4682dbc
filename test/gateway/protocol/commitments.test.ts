import assert from 'node:assert/strict';

import {
  batchesHash,
  commitmentsHash,
  distributionHash,
  evaluationsHash,
} from '../../../gateway/protocol/commitments.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Distribution, EvaluationEntry, Hex } from '../../../gateway/protocol/types.ts';
import { hashVectors } from './vectors.ts';
import type { DistributionValue } from './vectors.ts';

function entryOf(value: Readonly<Record<string, string>>): EvaluationEntry {
  const text = (name: string): Hex => {
    const item = value[name];
    assert.ok(item !== undefined, `the vector lacks ${name}`);
    return item as Hex;
  };
  return {
    evaluator: text('evaluator'),
    accuracy: Number(text('accuracy')),
    consistency: Number(text('consistency')),
    format: Number(text('format')),
    trust: Number(text('trust')),
    scorerId: text('scorerId'),
    salt: text('salt'),
    signature: text('signature'),
  };
}

function distributionOf(value: DistributionValue): Distribution {
  const [t0, t1, t2] = value.totals;
  const [c0, c1, c2] = value.counts;
  return {
    ...value,
    epoch: BigInt(value.epoch),
    round: Number(value.round),
    totals: [BigInt(t0), BigInt(t1), BigInt(t2)],
    counts: [Number(c0), Number(c1), Number(c2)],
  };
}

describe('protocol/commitments', () => {
  it('returns evaluationsHash of every vector, zero for none', () => {
    for (const { entries, hash } of hashVectors.evaluations) assert.equal(evaluationsHash(entries.map(entryOf)), hash);
    assert.equal(evaluationsHash([]), ZERO_HASH);
  });

  it('returns another evaluationsHash when two entries change places', () => {
    const vector = hashVectors.evaluations.find(({ size }) => size === 4);
    assert.ok(vector);
    assert.notEqual(evaluationsHash(vector.entries.map(entryOf).toReversed()), vector.hash);
  });

  it('returns commitmentsHash of every vector', () => {
    for (const { evaluators, commitments, hash } of hashVectors.commitments) {
      assert.equal(commitmentsHash(evaluators, commitments), hash);
    }
  });

  it('rejects commitments that do not match the evaluators in number', () => {
    assert.throws(() => commitmentsHash([`0x${'11'.repeat(20)}`], []), RangeError);
  });

  it('returns batchesHash of every vector', () => {
    for (const { ids, hash } of hashVectors.batches) assert.equal(batchesHash(ids.map(BigInt)), hash);
  });

  it('rejects batch ids that do not ascend', () => {
    assert.throws(() => batchesHash([2n, 1n]), RangeError);
    assert.throws(() => batchesHash([1n, 1n]), RangeError);
  });

  it('returns distributionHash of every vector', () => {
    for (const { value, hash } of hashVectors.distributions) {
      assert.equal(distributionHash(distributionOf(value)), hash);
    }
  });
});
