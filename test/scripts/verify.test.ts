import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { verify } from '../../scripts/verify.ts';
import { run } from './support/run.ts';
import { offlineSample } from './support/sample.ts';

type Report = {
  readonly verified: boolean;
  readonly wrong: { readonly name: string } | null;
  readonly checks: readonly { readonly name: string; readonly status: string }[];
};

type Hostile = { readonly name: string; readonly hostile: (text: string) => string; readonly expected: string };

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const withText = (name: string, pattern: RegExp, by: string, expected = 'form'): Hostile => ({
  name,
  expected,
  hostile(text) {
    const changedText = text.replace(pattern, by);
    assert.notEqual(changedText, text);
    return changedText;
  },
});

const HOSTILE: readonly Hostile[] = [
  withText('a serial that stands twice', /"receipt":\{/, '"receipt":{"serial":"999999",'),
  withText('a serial that stands twice, once in escapes', /"receipt":\{/, '"receipt":{"\\u0073erial":"999999",'),
  withText('a second record at the end', /\}$/, ',"record":{}}'),
  withText('a serial of a hundred thousand digits', /"serial":"\d+"/, `"serial":"${'9'.repeat(100_000)}"`),
  withText('a count that is no integer any more', /"promptTokens":\d+/, '"promptTokens":1e308'),
  withText('a negative count', /"promptTokens":\d+/, '"promptTokens":-1'),
  withText('half a token', /"promptTokens":\d+/, '"promptTokens":1.5'),
  withText('a chain id in hex', /"chainId":"\d+"/, '"chainId":"0x7a69"'),
  withText('another chain id', /"chainId":"\d+"/, '"chainId":"1"', 'gateway signature'),
  withText('a proof without end', /"proof":\[/, `"proof":[${`"0x${'11'.repeat(32)}",`.repeat(100_000)}`),
  withText('an address of 19 bytes', /"gateway":"0x../, '"gateway":"0x'),
  withText(
    'a response of a hundred thousand levels',
    /"response":"(?:[^"\\]|\\.)*"/,
    `"response":${nested(100_000)}`,
    'response content',
  ),
  { name: 'a million open brackets', hostile: () => '['.repeat(1_000_000), expected: 'form' },
  { name: 'a list a million levels deep', hostile: () => nested(1_000_000), expected: 'form' },
  { name: 'no text', hostile: () => '\0\u0001\ufffd', expected: 'form' },
  {
    name: 'another receipt’s record',
    expected: 'stated record leaf',
    hostile: (text) => withRecordOf(text, 'receiptLeaf'),
  },
];

describe('scripts/verify, offline', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'dgrid-verify-'))));
  after(() => rmSync(folder, { recursive: true }));

  async function examine(document: unknown, ...words: string[]) {
    const file = join(folder, 'receipt.json');
    writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document));
    return await run(verify, [...words, file, '--json']);
  }

  async function firstWrong(document: unknown): Promise<string | undefined> {
    const outcome = await examine(document);
    assert.equal(outcome.code, 1, outcome.out);
    const { verified, wrong } = outcome.json() as Report;
    assert.equal(verified, false);
    return wrong?.name;
  }

  it('returns 0 for a complete receipt, with every check passed but the chain', async () => {
    const outcome = await examine(offlineSample());
    assert.equal(outcome.code, 0, outcome.out);
    const skipped = (outcome.json() as Report).checks.filter(({ status }) => status !== 'ok');
    assert.deepEqual(
      skipped.map(({ name }) => name),
      ['network', 'on chain'],
    );
  });

  it('returns 0 for a record on its own', async () => {
    const { domain, batch, record } = offlineSample();
    const outcome = await examine({ domain, batch: { id: batch.id, seed: batch.seed }, record }, 'record');
    assert.equal(outcome.code, 0, outcome.out);
  });

  it('returns 1 when one byte anywhere in the hashed and signed parts is changed', async () => {
    const sample = offlineSample();
    const paths = leavesOf(sample).filter(({ path }) => !FREE.has(path.join('.')));
    assert.ok(paths.length > 80);
    for (const { path, value } of paths) {
      const outcome = await examine(changed(sample, path, value));
      assert.equal(outcome.code, 1, `${path.join('.')} was changed and nobody noticed:\n${outcome.out}`);
    }
  });

  for (const { name, path, value, expected } of [
    { name: 'a higher price', path: ['receipt', 'priceMicroUsd'], value: '4', expected: 'gateway signature' },
    {
      name: 'another batch root',
      path: ['batch', 'root'],
      value: `0x${'11'.repeat(32)}`,
      expected: 'receipt in the batch',
    },
    { name: 'a zero root', path: ['batch', 'root'], value: `0x${'00'.repeat(32)}`, expected: 'receipt in the batch' },
    { name: 'a better score', path: ['record', 'record', 'score'], value: 10_000, expected: 'stated record leaf' },
    { name: 'another answer', path: ['content', 'response'], value: '{}', expected: 'response content' },
    { name: 'a field too many', path: ['receipt', 'bonus'], value: 1, expected: 'form' },
    { name: 'a number that is none', path: ['receipt', 'units'], value: '0x16', expected: 'form' },
    {
      name: 'a value out of range',
      path: ['receipt', 'serial'],
      value: '18446744073709551616',
      expected: 'receipt leaf',
    },
    { name: 'no signature yet', path: ['signature'], value: null, expected: 'gateway signature' },
    {
      name: 'an evaluator twice',
      path: ['record', 'evaluations', '1'],
      value: offlineSample().record.evaluations[0],
      expected: 'evaluations',
    },
  ]) {
    it(`names ${expected} for ${name}`, async () => {
      assert.equal(await firstWrong(replaced(offlineSample(), path, value)), expected);
    });
  }

  it('names the consensus when a record was built on another one', async () => {
    const document = offlineSample();
    const record = { ...document.record.record, accuracy: 9_999 };
    const outcome = await examine({ ...document, record: { ...document.record, record } });
    const { checks } = outcome.json() as Report;
    assert.ok(checks.some(({ name, status }) => name === 'consensus of accuracy' && status === 'wrong'));
  });

  it('names the order when a committee is listed out of rank', async () => {
    const document = offlineSample();
    const evaluations = document.record.evaluations.toReversed();
    const outcome = await examine({ ...document, record: { ...document.record, evaluations } });
    const wrong = (outcome.json() as Report).checks.filter(({ status }) => status === 'wrong').map(({ name }) => name);
    assert.deepEqual(wrong, ['evaluations', 'order of the committee']);
  });

  it('returns 1 for rubbish, an empty document and a truncated file', async () => {
    assert.equal(await firstWrong('{"receipt": {'), 'form');
    assert.equal(await firstWrong([]), 'form');
    assert.equal(await firstWrong({ ...offlineSample(), receipt: undefined }), 'receipt');
  });

  it('never verifies a signature that it holds against nothing', async () => {
    const { signer: _signer, ...document } = offlineSample();
    assert.equal(await firstWrong(document), 'signer of the gateway');
    assert.equal(await firstWrong({ ...document, signature: `0x${'22'.repeat(64)}1b` }), 'signer of the gateway');
    const { signer: _node, ...attestation } = offlineSample().attestation as Record<string, unknown>;
    assert.equal(await firstWrong({ ...offlineSample(), attestation }), 'signer of the node');
  });

  for (const { name, hostile, expected } of HOSTILE) {
    it(`names ${expected} for ${name}`, async () => {
      assert.equal(await firstWrong(hostile(JSON.stringify(offlineSample()))), expected);
    });
  }

  it('returns 1, and never more than words, for a file that is cut at any place', async () => {
    const text = JSON.stringify(offlineSample());
    for (let end = 0; end < text.length; end += 97) assert.equal(await firstWrong(text.slice(0, end)), 'form');
  });

  it('rejects usage mistakes with one line and exit code 2', async () => {
    for (const argv of [[], ['/nowhere.json'], ['receipt', 'a', 'b'], ['--colour']]) {
      const outcome = await run(verify, argv);
      assert.equal(outcome.code, 2, argv.join(' '));
      assert.equal(outcome.err.split('\n').length, 1);
    }
  });

  it('rejects a document for another network than the trusted deployment', async () => {
    const { domain: _domain, ...document } = offlineSample();
    assert.equal((await examine(document)).code, 2);
  });
});

function withRecordOf(text: string, field: string): string {
  const document = JSON.parse(text) as ReturnType<typeof offlineSample>;
  return JSON.stringify(replaced(document, ['record', 'record', field], `0x${'44'.repeat(32)}`));
}

/** Values that nothing is bound to: delivery state, and fields that only the chain can confirm. */
const FREE = new Set(['object', 'state', 'batch.id', 'batch.seed', 'domain.rewardDistributor']);

type Place = { readonly path: readonly string[]; readonly value: string | number };

function leavesOf(value: unknown, path: readonly string[] = []): readonly Place[] {
  if (typeof value === 'string' || typeof value === 'number') return [{ path, value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]));
}

function changed(document: object, path: readonly string[], value: string | number): unknown {
  if (typeof value === 'number') return replaced(document, path, value ^ 1);
  const last = value.slice(-1);
  return replaced(document, path, `${value.slice(0, -1)}${last === '0' ? '1' : '0'}`);
}

function replaced(document: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(document)
    ? [...(document as unknown[])]
    : { ...(document as object) };
  const entries = copy as Record<string, unknown>;
  entries[key] = replaced(entries[key], rest, value);
  return copy;
}
