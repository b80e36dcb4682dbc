import assert from 'node:assert/strict';

import fc from 'fast-check';

import { addRow, addRows, packRows } from '../../../gateway/route/text/byte-rows.ts';
import { runs } from '../../deep.ts';

const ROWS = 32;

describe('rows of bytes', () => {
  it('returns the sums that adding byte after byte gives, however many rows and outputs there are', () => {
    const bytes = fc.integer({ min: -128, max: 127 });
    const sample = fc.integer({ min: 1, max: 11 }).chain((outputs) =>
      fc.record({
        outputs: fc.constant(outputs),
        weights: fc.array(bytes, { minLength: ROWS * outputs, maxLength: ROWS * outputs }),
        rows: fc.array(fc.nat(ROWS - 1), { maxLength: 700 }),
      }),
    );
    fc.assert(
      fc.property(sample, ({ outputs, weights, rows }) => {
        const table = packRows(Int8Array.from(weights), outputs);
        const sums = new Float64Array(outputs);
        addRows(table, Int32Array.from([...rows, 5, 6]), rows.length, sums);
        const one = new Float64Array(outputs);
        rows.forEach((row) => addRow(table, row, 1, one));
        const expected = Array.from({ length: outputs }, (_, output) =>
          rows.reduce((sum, row) => sum + (weights[row * outputs + output] ?? 0), 0),
        );
        assert.deepEqual([...sums], expected);
        assert.deepEqual([...one], expected);
      }),
      { seed: 8, numRuns: runs(100, 2_000) },
    );
  });

  it('returns the sums of as many rows as there may be, all bytes at their least or greatest', () => {
    for (const byte of [-128, 127]) {
      const sums = new Float64Array(4);
      addRows(packRows(new Int8Array(4).fill(byte), 4), new Int32Array(10_000), 10_000, sums);
      assert.deepEqual([...sums], Array(4).fill(10_000 * byte));
    }
  });

  it('adds a multiple of a row', () => {
    const sums = Float64Array.of(1, 1, 1);
    addRow(packRows(Int8Array.of(9, 9, 9, -7, 0, 5), 3), 1, 0.5, sums);
    assert.deepEqual([...sums], [-2.5, 1, 3.5]);
  });
});
