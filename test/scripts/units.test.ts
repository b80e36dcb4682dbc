import assert from 'node:assert/strict';

import { UsageError } from '../../scripts/lib/command.ts';
import {
  date,
  dgai,
  duration,
  parseAddress,
  parseDgai,
  parseInteger,
  parseRole,
  roleName,
} from '../../scripts/lib/units.ts';

describe('scripts/lib/units', () => {
  it('reads amounts of DGAI to the last base unit', () => {
    assert.equal(parseDgai('--amount', '10000'), 10_000n * 10n ** 18n);
    assert.equal(parseDgai('--amount', '0.000000000000000001'), 1n);
  });

  for (const text of ['', '0', '-1', '1e3', '1,000', '0x10', '1.0000000000000000001', 'NaN', ' 1']) {
    it(`rejects "${text}" as an amount`, () => assert.throws(() => parseDgai('--amount', text), UsageError));
  }

  it('shows amounts rounded down, with groups', () => {
    assert.equal(dgai(1_234_567n * 10n ** 18n), '1,234,567 DGAI');
    assert.equal(dgai(10n ** 18n - 1n), '0.999999 DGAI');
    assert.equal(dgai(1n), '0 DGAI');
    assert.equal(dgai(37_500_000_000_000_000_000n), '37.5 DGAI');
  });

  it('says durations in their two largest parts', () => {
    assert.equal(duration(0n), '0 s');
    assert.equal(duration(14n * 86_400n), '14 days');
    assert.equal(duration(86_400n + 6n * 3_600n + 59n), '1 day 6 h');
    assert.equal(duration(61n), '1 min 1 s');
  });

  it('says dates in UTC, and survives seconds that no calendar has', () => {
    assert.equal(date(1_796_000_000n), '2026-11-30 00:53:20 UTC');
    assert.equal(date((1n << 64n) - 1n), 'second 18446744073709551615');
  });

  it('reads roles by name and rejects others', () => {
    assert.deepEqual(['inference', 'evaluator', 'gateway'].map(parseRole), [0, 1, 2]);
    assert.deepEqual([0n, 1, 2n].map(roleName), ['inference', 'evaluator', 'gateway']);
    assert.equal(roleName(7), 'role 7');
    for (const text of [undefined, '', 'Gateway', '2']) assert.throws(() => parseRole(text), UsageError);
  });

  it('reads addresses, and rejects one with a wrong checksum', () => {
    const address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
    assert.equal(parseAddress('--account', address.toLowerCase()), address);
    assert.throws(() => parseAddress('--account', address.replace('F4', 'f4')), UsageError);
    assert.throws(() => parseAddress('--account', '0x12'), UsageError);
  });

  it('reads whole numbers within bounds', () => {
    assert.equal(parseInteger('--genesis', '5', 1n, 5n), 5n);
    for (const text of ['0', '6', '-1', '1.5', '', '99999999999999999999999']) {
      assert.throws(() => parseInteger('--genesis', text, 1n, 5n), UsageError);
    }
  });
});
