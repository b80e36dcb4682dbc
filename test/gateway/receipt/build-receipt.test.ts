import assert from 'node:assert/strict';

import { Flag } from '../../../gateway/protocol/constants.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { receiptLeaf } from '../../../gateway/protocol/leaf.ts';
import { buildReceipt, receiptFlags, statesFormat } from '../../../gateway/receipt/build-receipt.ts';
import type { ReceiptInput } from '../../../gateway/receipt/build-receipt.ts';

const hash = (byte: string) => `0x${byte.repeat(32)}` as const;
const INPUT: ReceiptInput = {
  id: hash('01'),
  gateway: `0x${'02'.repeat(20)}`,
  node: `0x${'03'.repeat(20)}`,
  servedAt: 1_700_000_000n,
  modelId: 'demo',
  price: { input: 100_000, output: 400_000 },
  family: 4,
  complexity: 3_000,
  maxTokens: undefined,
  firstTokenMs: 12.6,
  totalMs: 99.4,
  flags: 0,
  measured: {
    requestHash: hash('04'),
    responseHash: hash('05'),
    routeHash: hash('06'),
    promptTokens: 100,
    completionTokens: 50,
  },
};

describe('building a receipt', () => {
  it('returns units, price and model as the protocol defines them, ready to be a leaf', () => {
    const receipt = buildReceipt(INPUT);
    assert.deepEqual([receipt.units, receipt.priceMicroUsd, receipt.model], [300n, 30n, keccakText('demo')]);
    assert.deepEqual([receipt.firstTokenMs, receipt.totalMs], [13, 99]);
    assert.match(receiptLeaf({ chainId: 1n, contract: INPUT.gateway }, receipt), /^0x[0-9a-f]{64}$/);
  });

  it("returns units of at most the caller's bound and 4,096 completion tokens", () => {
    const long = { ...INPUT, measured: { ...INPUT.measured, completionTokens: 10_000 } };
    assert.equal(buildReceipt(long).units, 100n + 4n * 4_096n);
    assert.equal(buildReceipt({ ...long, maxTokens: 10 }).units, 140n);
  });

  it('returns a price rounded up', () => {
    assert.equal(buildReceipt({ ...INPUT, price: { input: 1, output: 0 } }).priceMicroUsd, 1n);
    assert.equal(buildReceipt({ ...INPUT, price: { input: 0, output: 0 } }).priceMicroUsd, 0n);
  });

  it('returns the flags of what was found out and what the caller of the pipeline set', () => {
    const none = { preset: 0, pinned: false, isPrivate: false, formatConstrained: false };
    assert.equal(receiptFlags(none), 0);
    assert.equal(
      receiptFlags({ preset: Flag.gold, pinned: true, isPrivate: true, formatConstrained: true }),
      4 | 1 | 8 | 16,
    );
    assert.equal(receiptFlags({ ...none, preset: Flag.replay }), 32);
  });

  it('returns whether a body states a format', () => {
    assert.equal(statesFormat({}), false);
    assert.equal(statesFormat({ response_format: { type: 'text' } }), false);
    assert.equal(statesFormat({ response_format: { type: 'json_object' } }), true);
    assert.equal(statesFormat({ response_format: { type: 'json_schema' } }), true);
    assert.equal(statesFormat({ dgrid: { format: [{ kind: 'count', unit: 'words', max: 50 }] } }), true);
    assert.equal(statesFormat({ dgrid: {} }), false);
  });
});
