import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';

import { audit } from '../../../scripts/audit.ts';
import { createDigest, createLeafHash, createRecover, fromHex, toHex } from '../../../scripts/audit/hashes.ts';
import { rootOf } from '../../../scripts/audit/tree.ts';
import { batchRoot } from '../../../scripts/lib/protocol/batch-tree.ts';
import { leafHash } from '../../../scripts/lib/protocol/leaf.ts';
import { LEAF_TYPES, SIGNED_TYPES } from '../../../scripts/lib/protocol/schema.ts';
import type { TypedField } from '../../../scripts/lib/protocol/schema.ts';
import { digestOf, signingDomain } from '../../../scripts/lib/protocol/typed-data.ts';
import { run } from '../support/run.ts';
import { EPOCH_TEXT } from './support.ts';

const RUNS = { numRuns: 60, seed: 20_261_122 };
const CONTRACT = `0x${'c1'.repeat(20)}`;

/** Any value of a fixed-size struct, its largest ones often. */
const valueOf = (fields: readonly TypedField[]) =>
  fc.record(
    Object.fromEntries(
      fields.map(({ name, type }) => {
        const bytes = type === 'bytes32' ? 32 : type === 'address' ? 20 : 0;
        if (bytes > 0) {
          const hex = fc.uint8Array({ minLength: bytes, maxLength: bytes });
          return [name, hex.map((value) => `0x${Buffer.from(value).toString('hex')}`)];
        }
        const max = (1n << BigInt(type.slice(4))) - 1n;
        return [name, fc.oneof(fc.constantFrom(0n, max), fc.bigInt({ min: 0n, max }))];
      }),
    ),
  );

describe('scripts/audit, hashes', () => {
  it('returns the leaves and digests that ethers does, for any value of every struct', () => {
    for (const type of ['Receipt', 'AnswerLeaf', 'RecordLeaf'] as const) {
      const own = createLeafHash(type, 31_337n, CONTRACT);
      fc.assert(
        fc.property(valueOf(LEAF_TYPES[type]), (value) => {
          assert.equal(toHex(own(value)), leafHash(type, { chainId: 31_337n, contract: CONTRACT }, value));
        }),
        RUNS,
      );
    }
    for (const type of ['Receipt', 'NodeAttestation', 'Evaluation', 'CommitSet'] as const) {
      const own = createDigest(type, 31_337n, CONTRACT);
      fc.assert(
        fc.property(valueOf(SIGNED_TYPES[type]), (value) => {
          assert.equal(toHex(own(value)), digestOf(type, signingDomain(31_337n, CONTRACT), value));
        }),
        RUNS,
      );
    }
  });

  it('returns the roots of the level-by-level tree, and refuses none and twins', () => {
    const leaves = Array.from({ length: 70 }, (_, index) => `0x${(index * 7_919 + 1).toString(16).padStart(64, '0')}`);
    for (let count = 1; count <= leaves.length; count += 1) {
      const some = leaves.slice(0, count);
      assert.equal(rootOf(some.map((leaf) => fromHex(leaf).toString('latin1'))), batchRoot(some));
    }
    assert.throws(() => rootOf([]), RangeError);
    assert.throws(() => rootOf(['a'.repeat(32), 'a'.repeat(32)]), RangeError);
  });

  it('recovers nobody from a signature that no contract would take', () => {
    const recover = createRecover();
    const digest = fromHex(`0x${'12'.repeat(32)}`);
    const [r, high] = ['11'.repeat(32), 'ff'.repeat(32)];
    const bad = [`0x${r}${high}1b`, `0x${high}${r}1c`, `0x${'00'.repeat(64)}1b`, `0x${r}${r}1d`, `0x${r}${r}00`, '0x'];
    for (const signature of bad) assert.equal(recover(digest, signature), undefined, signature);
  });
});

describe('scripts/audit, hostile files', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'dgrid-hostile-'))));
  after(() => rmSync(folder, { recursive: true }));

  async function examine(bytes: Uint8Array | string) {
    const file = join(folder, 'epoch.jsonl.gz');
    writeFileSync(file, bytes);
    return await run(audit, [file, '--json']);
  }
  const withFirstLine = (line: string): string => EPOCH_TEXT.replace(/^.*\n/, () => `${line}\n`);
  const [FIRST = ''] = EPOCH_TEXT.split('\n');

  it('verifies a packed file as it does the text, also in parts', async () => {
    const half = EPOCH_TEXT.length >> 1;
    const parts = [EPOCH_TEXT.slice(0, half), EPOCH_TEXT.slice(half)].map((text) => gzipSync(text));
    for (const bytes of [gzipSync(EPOCH_TEXT), Buffer.concat(parts)]) {
      assert.equal((await examine(bytes)).code, 0);
    }
  });

  it('rejects a packed file that is cut short anywhere, or has a byte changed, and never verifies it', async () => {
    const packed = gzipSync(EPOCH_TEXT);
    for (const length of [3, 12, packed.length >> 1, packed.length - 9, packed.length - 1]) {
      const outcome = await examine(packed.subarray(0, length));
      assert.equal(outcome.code, 1, `${length}`);
    }
    const changed = Buffer.from(packed);
    changed[packed.length >> 1] = (changed[packed.length >> 1] ?? 0) ^ 0x10;
    const outcome = await examine(changed);
    assert.equal(outcome.code, 1);
    assert.match(outcome.err, /damaged or cut short|not verified/);
  });

  it('rejects a bomb by its first line, and what is no text, too deep, or says a name twice', async () => {
    const cases: readonly [Uint8Array | string, RegExp][] = [
      [gzipSync(Buffer.alloc(64 << 20, 'a')), /line 1: is longer than/],
      [Buffer.concat([Buffer.from(`${FIRST}\n`), Buffer.from([0xff, 0xfe, 0x0a])]), /line 2: is not UTF-8 text/],
      [withFirstLine(`{"type":${'['.repeat(200)}${']'.repeat(200)}}`), /line 1: is nested deeper than/],
      [withFirstLine(`{"a":${'[{"b":'.repeat(50_000)}`), /line 1/],
      [withFirstLine(FIRST.replace(/"version":1}$/, '"version":1,"version":1}')), /canonical form/],
      [withFirstLine(FIRST.replace(/"version":1}$/, '"version":1.0}')), /canonical form/],
      [withFirstLine(FIRST.replace(/"version":1}$/, '"version":3}')), /this program reads version 1/],
      [withFirstLine('[]'), /line 1: is no object/],
      [withFirstLine('{"__proto__":1,"type":"epoch"}'), /line 1/],
      ['\u0000'.repeat(100), /line feed/],
    ];
    for (const [bytes, message] of cases) {
      const outcome = await examine(bytes);
      assert.equal(outcome.code, 1, String(message));
      assert.match(outcome.err, message);
    }
  });
});
