import assert from 'node:assert/strict';

import { branchesOf } from '../../scripts/branch-coverage.ts';
import { coverageGaps, coverageRows } from '../../scripts/coverage.ts';
import { compare, findingOf } from '../../scripts/slither.ts';

describe('scripts/coverage', () => {
  const output = [
    '║ File Path                 │ Line % │ Statement % │ Uncovered Lines ║',
    '║ contracts/A.sol           │ 100.00 │ 100.00      │ -               ║',
    '║ contracts/libraries/B.sol │ 99.72  │ 99.73       │ 698, 700-702    ║',
    '║ contracts/mocks/M.sol     │ 0.00   │ 0.00        │ 1-9             ║',
    '║ Total                     │ 99.92  │ 99.92       │                 ║',
  ];

  for (const bar of ['│', '║', '|']) {
    it(`returns the contracts of a table ruled with ${bar}, without doubles and total`, () => {
      const rows = coverageRows(output.join('\n').replaceAll(/[│║]/g, bar));
      assert.deepEqual(rows, [
        { file: 'contracts/A.sol', lines: 100, statements: 100, missing: '-' },
        { file: 'contracts/libraries/B.sol', lines: 99.72, statements: 99.73, missing: '698, 700-702' },
      ]);
    });
  }

  it('rejects what is not covered in full, and a file that is not there', () => {
    const rows = coverageRows(output.join('\n'));
    assert.deepEqual(coverageGaps(rows, ['contracts/A.sol', 'contracts/C.sol']), [
      'contracts/C.sol: not in the report',
      'contracts/libraries/B.sol: lines 99.72 %, statements 99.73 %; 698, 700-702',
    ]);
    assert.deepEqual(coverageGaps(rows.slice(0, 1), ['contracts/A.sol']), []);
  });
});

describe('scripts/branch-coverage', () => {
  it('returns taken and missing branches of contracts only', () => {
    const lcov = [
      'SF:contracts/A.sol\nBRDA:3,0,0,7\nBRDA:3,0,1,0\nBRDA:9,1,0,-\nDA:3,1\nend_of_record',
      'SF:node_modules/x/contracts/B.sol\nBRDA:1,0,0,0\nend_of_record',
      'SF:contracts/mocks/M.sol\nBRDA:1,0,0,0\nend_of_record',
    ].join('\n');
    assert.deepEqual(branchesOf(lcov), [{ file: 'contracts/A.sol', taken: 1, missing: [3, 9] }]);
  });
});

describe('scripts/slither', () => {
  it('returns the subject of a finding in the contracts, and nothing for one in a library of others', () => {
    const of = (description: string) => findingOf({ check: 'c', impact: 'High', description })?.subject;
    assert.equal(of('A._b (contracts/A.sol#101) is never initialized'), 'A._b');
    assert.equal(of('Reentrancy in A.b(uint256) (contracts/A.sol#1-2):'), 'A.b(uint256)');
    assert.equal(of('Math.mulDiv(uint256) (@openzeppelin/contracts/utils/math/Math.sol#1-2) has'), undefined);
  });

  it('rejects findings without a reason and reasons without a finding', () => {
    const finding = { check: 'c', impact: 'High', subject: 'A.b' };
    const reason = { check: 'c', subject: 'A.c', why: 'because' };
    assert.deepEqual(compare([finding], [reason]), { open: [finding], stale: [reason] });
    assert.deepEqual(compare([finding], [{ ...reason, subject: 'A.b' }]), { open: [], stale: [] });
  });
});
