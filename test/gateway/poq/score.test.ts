import assert from 'node:assert/strict';

import fc from 'fast-check';

import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { goldQuality, goldScore, score, scoreReceipt } from '../../../gateway/poq/score.ts';
import { FAMILIES, Flag, RecordStatus } from '../../../gateway/protocol/constants.ts';
import { bps, check, entry } from './arbitraries.ts';

const reading = FAMILIES.indexOf('reading');
const receipt = { family: reading, flags: 0, units: 400n, priceMicroUsd: 200n, totalMs: 2_000 };
const base = { receipt, tableMask: 5, comparable: false, params: DEFAULT_PARAMS };
const reveals = (count: number, fields: Parameters<typeof entry>[0]) =>
  Array.from({ length: count }, () => entry(fields));

describe('score', () => {
  it('returns zero below the minimum quality and less for dearer answers above it', () => {
    assert.equal(score(3_999, 10_000, DEFAULT_PARAMS), 0);
    assert.equal(score(4_000, 10_000, DEFAULT_PARAMS), 4_000);
    assert.equal(score(4_000, 0, DEFAULT_PARAMS), 1_000);
    assert.equal(score(9_000, 5_000, DEFAULT_PARAMS), 7_500);
    assert.equal(score(9_000, 4_999, DEFAULT_PARAMS), 9_000 - 1_500); // ⌊3,000·5,001/10,000⌋ = 1,500
  });

  it('returns a score that rises with quality and with the cost dimension', () => {
    check(
      fc.property(bps, bps, bps, bps, (q, dq, c, dc) => {
        const before = score(q, c, DEFAULT_PARAMS);
        const after = score(Math.min(10_000, q + dq), Math.min(10_000, c + dc), DEFAULT_PARAMS);
        return before >= 0 && after >= before && after <= 10_000;
      }),
    );
  });
});

describe('scoreReceipt', () => {
  it('returns only the cost of a receipt that was not drawn', () => {
    assert.deepEqual(scoreReceipt(base), {
      status: RecordStatus.unexamined,
      committeeSize: 0,
      activeMask: 0,
      accuracy: 0,
      consistency: 0,
      format: 0,
      cost: 5_000,
      quality: 0,
      score: 0,
    });
  });

  it('returns scored with enough reveals', () => {
    const entries = reveals(4, { accuracy: 9_000, consistency: 4_000, format: 2_000 });
    const plain = scoreReceipt({ ...base, examination: { committeeSize: 5, entries } });
    assert.deepEqual(
      [plain.status, plain.activeMask, plain.accuracy, plain.consistency, plain.format, plain.quality, plain.score],
      [RecordStatus.scored, 1, 9_000, 0, 0, 9_000, 7_500],
    );
    const constrained = { ...receipt, flags: Flag.formatConstrained };
    const full = scoreReceipt({
      ...base,
      receipt: constrained,
      tableMask: 7,
      comparable: true,
      examination: { committeeSize: 5, entries },
    });
    assert.equal(full.quality, (5_000 * 9_000 + 2_000 * 4_000 + 3_000 * 2_000) / 10_000);
  });

  it('returns unscored with too few reveals or nothing active', () => {
    const few = scoreReceipt({ ...base, examination: { committeeSize: 5, entries: reveals(3, { accuracy: 9_000 }) } });
    assert.deepEqual([few.status, few.quality, few.score, few.cost], [RecordStatus.unscored, 0, 0, 5_000]);
    const entries = reveals(5, { accuracy: 9_000 });
    const none = scoreReceipt({ ...base, tableMask: 4, examination: { committeeSize: 5, entries } });
    assert.deepEqual([none.status, none.activeMask, none.committeeSize], [RecordStatus.unscored, 0, 5]);
    const nine = scoreReceipt({ ...base, examination: { committeeSize: 9, entries } });
    assert.equal(nine.status, RecordStatus.unscored);
  });

  it('returns the gold score from the exact accuracy', () => {
    const entries = reveals(5, { accuracy: 9_000 });
    const record = scoreReceipt({ ...base, examination: { committeeSize: 5, entries } });
    assert.equal(goldScore({ receipt, record, truth: 6_000, params: DEFAULT_PARAMS }), 4_500);
    assert.equal(goldScore({ receipt, record, truth: 0, params: DEFAULT_PARAMS }), 0);
    const unscored = { ...record, status: RecordStatus.unscored };
    assert.equal(goldScore({ receipt, record: unscored, truth: 10_000, params: DEFAULT_PARAMS }), 0);
  });

  it('returns a gold by its exact accuracy whatever others answered, and by what is left where accuracy does not count', () => {
    const entries = reveals(5, { accuracy: 9_000, consistency: 1_000 });
    const examination = { committeeSize: 5, entries };
    const record = scoreReceipt({ ...base, tableMask: 7, comparable: true, examination });
    assert.equal(record.activeMask, 3);
    assert.equal(goldScore({ receipt, record, truth: 6_000, params: DEFAULT_PARAMS }), 4_500);
    const other = scoreReceipt({ ...base, tableMask: 2, comparable: true, examination });
    assert.equal(goldQuality({ ...other, accuracy: 10_000 }, 2, DEFAULT_PARAMS.families.reading.weights), 1_000);
  });

  it('rejects a family that does not exist', () => {
    assert.throws(() => scoreReceipt({ ...base, receipt: { ...receipt, family: 12 } }), RangeError);
  });
});
