import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createBatcher } from '../../../gateway/batch/batcher.ts';
import { buildRecords, recordLine } from '../../../gateway/batch/build-records.ts';
import { batchable, receiptLine, sealBatch } from '../../../gateway/batch/close-batch.ts';
import { createSealHere } from '../../../gateway/batch/seal.ts';
import type { ClosedBatch, ExaminedReceipt, OpenReceipt, ReceiptScore } from '../../../gateway/batch/ports.ts';
import { buildBatchTree, verifyBatchProof } from '../../../gateway/protocol/batch-tree.ts';
import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import { evaluationsHash } from '../../../gateway/protocol/commitments.ts';
import { Flag } from '../../../gateway/protocol/constants.ts';
import { sha256Hex } from '../../../gateway/protocol/content.ts';
import { receiptDigest } from '../../../gateway/protocol/eip712.ts';
import { recordLeaf } from '../../../gateway/protocol/leaf.ts';
import { recoverSigner } from '../../../gateway/protocol/signature.ts';
import { decodeStruct } from '../../../gateway/protocol/struct-json.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { EvaluationEntry, Hex } from '../../../gateway/protocol/types.ts';
import {
  GATEWAY_SIGNER,
  LEAF_DOMAIN,
  SIGNING_DOMAIN,
  address,
  entry,
  hash,
  leafOf,
  receipt,
} from '../background.fixtures.ts';

const RULES = { nowMs: 10_000, attestationGraceMs: 2_000, maxReceipts: 100 };
const DEPS = { signer: GATEWAY_SIGNER, leafDomain: LEAF_DOMAIN, signingDomain: SIGNING_DOMAIN };

const open = (serial: number, how: 'attested' | 'fresh' | 'overdue', flags = 0): OpenReceipt => ({
  receipt: receipt(serial, { flags }),
  servedAtMs: how === 'overdue' ? 8_000 : 8_001,
  ...(how === 'attested' ? { answer: hash(1) } : {}),
});

describe('batchable', () => {
  it('takes what is attested or overdue, from the front, up to the first that still waits', () => {
    const ready = batchable(
      [open(0, 'attested'), open(1, 'overdue', Flag.pinned), open(2, 'fresh'), open(3, 'attested')],
      RULES,
    );
    assert.deepEqual(
      ready.map(({ receipt: { serial, flags } }) => [serial, flags]),
      [
        [0n, 0],
        [1n, Flag.pinned | Flag.unattested],
      ],
    );
    assert.deepEqual(batchable([open(0, 'fresh'), open(1, 'attested')], RULES), []);
    assert.deepEqual(batchable([], RULES), []);
  });

  it('does not call an attested receipt unattested, however late it is, nor one that is fresh by a clock that runs ahead', () => {
    const late = { ...open(0, 'attested'), servedAtMs: 0 };
    assert.equal(batchable([late], RULES)[0]?.receipt.flags, 0);
    assert.deepEqual(batchable([{ ...open(0, 'fresh'), servedAtMs: 11_999 }], RULES), []);
  });

  it('does not wait for a time that lies hours ahead: the clock was put back since', () => {
    const ready = batchable([{ ...open(0, 'fresh'), servedAtMs: 50_000 }, open(1, 'attested')], RULES);
    assert.deepEqual(
      ready.map(({ receipt: { flags } }) => flags),
      [Flag.unattested, 0],
    );
  });

  it('is always a prefix within the limit whose receipts differ from the open ones by flag 64 at most', () => {
    const kinds = fc.array(fc.constantFrom('attested' as const, 'fresh' as const, 'overdue' as const));
    fc.assert(
      fc.property(kinds, fc.integer({ min: 1, max: 20 }), (list, maxReceipts) => {
        const all = list.map((kind, serial) => open(serial, kind));
        const ready = batchable(all, { ...RULES, maxReceipts });
        assert.equal(ready.length, Math.min(maxReceipts, list.includes('fresh') ? list.indexOf('fresh') : list.length));
        ready.forEach((item, index) => {
          const flags = list[index] === 'overdue' ? Flag.unattested : 0;
          assert.deepEqual(item.receipt, { ...all[index]?.receipt, flags });
        });
      }),
      { seed: 2, numRuns: 100 },
    );
  });
});

describe('sealBatch', () => {
  it('covers the range from the last one over gaps, counts the volume once, and proves every receipt', () => {
    const flagged = [Flag.pinned, Flag.cached, Flag.gold, Flag.private, Flag.replay, Flag.unattested];
    const receipts = [
      ...flagged.map((flags, index) => receipt(10 + index, { flags, units: 1_000n })),
      receipt(20, { units: 7n, flags: Flag.formatConstrained }),
      receipt(23, { units: 2n ** 63n }),
    ];
    const batch = sealBatch(
      4n,
      receipts.map((value) => ({ receipt: value })),
      DEPS,
    );
    assert.deepEqual([batch.fromSerial, batch.toSerial, batch.count], [4n, 24n, 8]);
    assert.equal(batch.units, 2n ** 63n + 7n);
    assert.ok(BigInt(batch.count) <= batch.toSerial - batch.fromSerial);
    const tree = buildBatchTree(batch.receipts.map(({ leaf }) => leaf));
    batch.receipts.forEach(({ receipt: value, signature, leaf }, index) => {
      assert.equal(leaf, leafOf(value));
      assert.ok(verifyBatchProof(batch.root, leaf, tree.proofOf(index)));
      assert.equal(recoverSigner(receiptDigest(SIGNING_DOMAIN, value), signature), GATEWAY_SIGNER.address);
    });
  });

  it('hashes data that a reader can rebuild the receipts and the hash from', () => {
    const { receipts, dataHash } = sealBatch(0n, [{ receipt: receipt(0) }, { receipt: receipt(1) }], DEPS);
    const text = receipts.map(receiptLine).join('\n');
    assert.equal(sha256Hex(text), dataHash);
    const read = text.split('\n').map((line) => JSON.parse(line) as { receipt: unknown });
    assert.deepEqual(
      read.map((line) => decodeStruct('receipt', line.receipt)),
      receipts.map((line) => line.receipt),
    );
    assert.equal(text, read.map((line) => canonicalJson(line as never)).join('\n'));
  });

  it('rejects an empty batch and one receipt twice', () => {
    assert.throws(() => sealBatch(0n, [], DEPS), RangeError);
    assert.throws(() => sealBatch(0n, [{ receipt: receipt(0) }, { receipt: receipt(0) }], DEPS), RangeError);
  });
});

describe('batcher', () => {
  function world(receipts: readonly OpenReceipt[], maxReceipts = 2) {
    const closed: ClosedBatch[] = [];
    const asked: number[] = [];
    let waiting = [...receipts];
    let pokes = 0;
    const task = createBatcher({
      seal: (ready) => Promise.resolve(createSealHere(DEPS)(ready)),
      log: {
        openReceipts(limit, from = 0n) {
          asked.push(limit);
          return Promise.resolve(waiting.filter(({ receipt: { serial } }) => serial >= from).slice(0, limit));
        },
        nextFromSerial: () => Promise.resolve(closed.at(-1)?.toSerial ?? 0n),
        close: (batch) => {
          closed.push(batch);
          waiting = waiting.slice(batch.count);
          return Promise.resolve();
        },
      },
      nowMs: () => 10_000,
      attestationGraceMs: 2_000,
      maxReceipts,
      onClosed: () => (pokes += 1),
    });
    return { task, closed, asked, pokes: () => pokes };
  }

  it('closes contiguous batches of at most the limit, and none when nothing is ready', async () => {
    const { task, closed, pokes } = world([0, 3, 4, 9, 12].map((serial) => open(serial, 'attested')));
    for (let turn = 0; turn < 5; turn += 1) await task();
    assert.deepEqual(
      closed.map(({ fromSerial, toSerial, count }) => [fromSerial, toSerial, count]),
      [
        [0n, 4n, 2],
        [4n, 10n, 2],
        [10n, 13n, 1],
      ],
    );
    assert.equal(pokes(), 3);
    const blocked = world([open(0, 'fresh'), open(1, 'attested')]);
    await blocked.task();
    assert.deepEqual([blocked.closed, blocked.pokes()], [[], 0]);
  });

  it('reads a large batch in pages, and nothing beyond the page in which a receipt has to wait', async () => {
    const serials = Array.from({ length: 1_300 }, (_, index) => 2 * index);
    const { task, closed, asked } = world(
      serials.map((serial) => open(serial, serial === 1_400 ? 'fresh' : 'attested')),
      10_000,
    );
    await task();
    assert.deepEqual(asked, [500, 500]);
    assert.deepEqual([closed[0]?.count, closed[0]?.toSerial], [700, 1_399n]);
    const signed = closed[0]?.receipts ?? [];
    assert.deepEqual(
      signed.filter(({ receipt: value, leaf }) => leafOf(value) !== leaf),
      [],
    );
  });
});

describe('buildRecords', () => {
  const score: ReceiptScore = {
    status: 1,
    committeeSize: 5,
    activeMask: 1,
    accuracy: 9_000,
    consistency: 0,
    format: 0,
    cost: 5_000,
    quality: 9_000,
    score: 7_500,
  };
  const receipts = [0, 1, 2].map((serial) => ({ receipt: receipt(serial), leaf: leafOf(receipt(serial)) }));
  const examined = new Map<Hex, ExaminedReceipt>([
    [receipt(1).id, { committeeSize: 5, entries: [entry(), entry({ evaluator: address(0x202) })], replays: 2 }],
    [receipt(2).id, { committeeSize: 5, entries: [], replays: 0 }],
    [hash(0xfff), { committeeSize: 5, entries: [entry()], replays: 0 }], // of no receipt of this batch
  ]);

  it('makes exactly one record per receipt, in order, that names its leaf and hashes what was revealed', () => {
    const seen: unknown[] = [];
    const built = buildRecords(receipts, examined, {
      leafDomain: LEAF_DOMAIN,
      scoreOf: (value, examination) => {
        seen.push([value.serial, examination?.entries.length]);
        return score;
      },
    });
    assert.deepEqual(seen, [
      [0n, undefined],
      [1n, 2],
      [2n, 0],
    ]);
    assert.deepEqual(
      built.records.map(({ receiptId, record }) => [receiptId, record.receiptLeaf, record.serial]),
      receipts.map(({ receipt: value, leaf }) => [value.id, leaf, value.serial]),
    );
    assert.deepEqual(
      built.records.map(({ record }) => record.evaluationsHash),
      [ZERO_HASH, evaluationsHash(examined.get(receipt(1).id)?.entries ?? []), ZERO_HASH],
    );
    assert.equal(built.root, buildBatchTree(built.records.map(({ record }) => recordLeaf(LEAF_DOMAIN, record))).root);
    assert.equal(built.dataHash, sha256Hex(built.records.map(recordLine).join('\n')));
    assert.equal(built.count, 3);
  });

  it('gives equal scores of different receipts different leaves, and any change of an entry another root', () => {
    const build = (entries: ExaminedReceipt['entries']): Hex =>
      buildRecords(receipts, new Map([[receipt(1).id, { committeeSize: 5, entries, replays: 0 }]]), {
        leafDomain: LEAF_DOMAIN,
        scoreOf: () => score,
      }).root;
    const changes: Partial<EvaluationEntry>[] = [
      { evaluator: address(0x299) },
      { accuracy: 1 },
      { consistency: 1 },
      { format: 1 },
      { trust: 999 },
      { scorerId: hash(1) },
      { salt: hash(1) },
      { signature: `0x${'12'.repeat(65)}` },
    ];
    const roots = new Set([build([entry()]), ...changes.map((change) => build([entry(change)]))]);
    assert.equal(roots.size, changes.length + 1);
  });
});
