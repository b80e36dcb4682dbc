import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createJobReader, createJobWriter, rowsOf } from '../../../gateway/store/sqlite-wire.ts';
import type { Job } from '../../../gateway/store/sqlite-wire.ts';
import type { SqlValue } from '../../../gateway/store/store.ts';

const PLAIN = { noNullPrototype: true };
const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constant(null),
  fc.uint8Array(),
);
// More texts than both sides number.
const query = fc.record(
  {
    sql: fc.oneof(fc.constantFrom('a', 'b', '0'), fc.nat(5_000).map(String)),
    params: fc.array(value, { maxLength: 5 }),
  },
  PLAIN,
);
const job = fc.oneof(
  fc.record(
    {
      kind: fc.constant('write' as const),
      id: fc.nat(),
      statements: fc.array(query, { minLength: 1, maxLength: 5 }),
      on: fc.constantFrom('disk' as const, 'process' as const),
    },
    PLAIN,
  ),
  fc.record({ kind: fc.constant('read' as const), id: fc.nat(), query }, PLAIN),
  fc.record({ kind: fc.constant('close' as const), id: fc.nat() }, PLAIN),
);

describe('sqlite wire', () => {
  it('brings every job over as it is, message after message', () => {
    const write = createJobWriter();
    const read = createJobReader();
    fc.assert(
      fc.property(fc.array(job), (jobs: readonly Job[]) => {
        const wire: SqlValue[] = [];
        for (const one of jobs) write(wire, one);
        assert.deepEqual(read(structuredClone(wire)), jobs);
      }),
      { seed: 6, numRuns: 2_000 },
    );
  });

  it('sends the text of a statement once, and of a pooled buffer its own bytes only', () => {
    const write = createJobWriter();
    const wires = [0, 1].map((id) => {
      const wire: SqlValue[] = [];
      write(wire, { kind: 'read', id, query: { sql: 'SELECT ?', params: [Buffer.from('small')] } });
      return wire;
    });
    assert.deepEqual(
      wires.map((wire) => wire.includes('SELECT ?')),
      [true, false],
    );
    const bytes = wires[0]?.at(-1);
    assert.ok(bytes instanceof Uint8Array);
    assert.equal(bytes.buffer.byteLength, 5);
  });

  it('makes rows of their values', () => {
    assert.deepEqual(rowsOf({ columns: ['a', 'b'], values: [1, 2, 3, null] }), [
      { a: 1, b: 2 },
      { a: 3, b: null },
    ]);
    assert.deepEqual(rowsOf({ columns: ['a'], values: [] }), []);
  });
});
