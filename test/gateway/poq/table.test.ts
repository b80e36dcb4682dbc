import assert from 'node:assert/strict';

import { createTable, tableLeaves } from '../../../gateway/poq/table.ts';
import { FAMILIES, TableKind } from '../../../gateway/protocol/constants.ts';
import { address } from './arbitraries.ts';

describe('table', () => {
  const inputs = {
    evaluators: [address(2), address(1), address(2)],
    nodes: [address(3)],
    trust: new Map([[address(1), 4_000]]),
    counted: new Map([[address(3), 1_000]]),
    masks: new Map([[0, 3]]),
    floorRateBps: 100,
  };

  it('returns one leaf for everybody active, in a fixed order', () => {
    const leaves = tableLeaves(inputs);
    assert.equal(leaves.length, 2 + 1 + FAMILIES.length);
    assert.deepEqual(leaves.slice(0, 3), [
      { kind: TableKind.trust, account: address(1), family: 255, value: 4_000 },
      { kind: TableKind.trust, account: address(2), family: 255, value: 1_000 },
      { kind: TableKind.rate, account: address(3), family: 255, value: 1_000 },
    ]);
  });

  it('returns what is in force, defaults included', () => {
    const table = createTable(tableLeaves(inputs));
    assert.deepEqual([table.trustOf(address(1)), table.trustOf(address(9))], [4_000, 1_000]);
    assert.deepEqual([table.rateOf(address(3)), table.rateOf(address(1))], [1_000, 10_000]);
    assert.deepEqual([table.maskOf(0), table.maskOf(1)], [3, 5]);
    assert.equal(createTable([]).maskOf(0), 5);
  });
});
