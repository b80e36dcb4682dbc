import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import canonicalize from 'canonicalize';
import { JsonRpcProvider } from 'ethers';
import fc from 'fast-check';

import { audit } from '../../../scripts/audit.ts';
import { distributionOf } from '../../../scripts/audit/distribution.ts';
import { Wrong } from '../../../scripts/audit/wrong.ts';
import { contractsOf, parseDeployment } from '../../../scripts/lib/deployment.ts';
import { runs } from '../../deep.ts';
import { run } from '../support/run.ts';
import { RECORDED, startRecordedChain } from './recorded-chain.ts';
import { EPOCH_TEXT, readWhole } from './support.ts';

/** What docs/dataset.md says that nothing but the hash of the whole text covers. */
const ONLY_BY_THE_WHOLE = [
  'receipt payer',
  'receipt replays #',
  'gold used truth',
  'gold task family',
  'gold task body stream',
];
/** What only the chain can tell: an offline audit shows a dataset to be consistent with itself. */
const ONLY_BY_THE_CHAIN = [
  ...['batch anchorBlock', 'batch anchoredAt', 'batch fromSerial', 'batch toSerial', 'batch batchId'],
  ...['epoch genesis', 'epoch epochDuration', 'epoch tableRoot', 'epoch tableEpoch', 'epoch rewardDistributor'],
  ...['epoch nodes', 'epoch evaluators', 'epoch params', 'gold'],
];

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type Path = readonly (string | number)[];

/** What is done to one value. */
const CHANGES = ['next', 'last digit', 'another’s', 'without', 'twice', 'swapped'] as const;
type Change = (typeof CHANGES)[number];

const LINES = EPOCH_TEXT.trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly [name: string]: Json });

const placesOf = (value: Json, path: Path = []): readonly Path[] => {
  if (typeof value !== 'object' || value === null) return [path];
  const own = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
  const inner = own.flatMap(([name, item]) => placesOf(item as Json, [...path, name]));
  return Array.isArray(value) && value.length > 0 ? [path, ...inner] : inner;
};
const PLACES = LINES.flatMap((line, index) => placesOf(line).map((path): Path => [index, ...path]));
const typeOf = (line: number): string => (LINES[line] as { readonly type?: string } | undefined)?.type ?? '';
/** The same field of all lines, so that a rare one is tried as often as a common one. */
const kindOf = ([line, ...path]: Path): string =>
  [typeOf(Number(line)), ...path.map((name) => (typeof name === 'number' ? '#' : name))].join(' ');
const KINDS = Map.groupBy(PLACES, kindOf);

const at = (value: Json, [name, ...rest]: Path): Json =>
  name === undefined ? value : at((value as { readonly [name: string]: Json })[name] ?? null, rest);

function replaced(value: Json, [name, ...rest]: Path, change: (old: Json) => Json): Json {
  if (name === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((item: Json, index) => (index === Number(name) ? replaced(item, rest, change) : item));
  const owner = value as { readonly [name: string]: Json };
  return { ...owner, [name]: replaced(owner[name] ?? null, rest, change) };
}

function nextOf(old: Json): Json {
  if (typeof old === 'number') return old + 1;
  if (typeof old === 'boolean') return !old;
  if (typeof old !== 'string') return 0;
  if (/^\d+$/.test(old)) return (BigInt(old) + 1n).toString();
  return old.startsWith('0x') ? `0x${old.slice(2, 4) === '00' ? '01' : '00'}${old.slice(4)}` : `${old}x`;
}

function lastDigitOf(old: Json): Json {
  if (typeof old === 'number') return old === 0 ? 7 : old - 1;
  if (typeof old !== 'string') return nextOf(old);
  return old.slice(0, -1) + (old.endsWith('0') ? '1' : '0');
}

function listOf(old: readonly Json[], change: Change): Json {
  const [first = null, ...rest] = old;
  if (change === 'twice') return [first, ...old];
  return change === 'swapped' && rest.length > 0 ? [...rest, first] : rest;
}

/** @returns the text with one thing changed; undefined where that changes nothing. */
function mutated(path: Path, other: Path, change: Change): string | undefined {
  const lines = replaced(LINES, path, (old) => {
    if (Array.isArray(old)) return listOf(old, change);
    if (change === 'another’s') return at(LINES, other);
    return change === 'next' ? nextOf(old) : lastDigitOf(old);
  }) as readonly Json[];
  const text = lines.map((line) => `${canonicalize(line)}\n`).join('');
  return text === EPOCH_TEXT ? undefined : text;
}

/** A field, a line that has it, another one that has it too, and what is done. */
const mutation = fc.tuple(fc.constantFrom(...KINDS.keys()), fc.nat(), fc.nat(), fc.constantFrom(...CHANGES));

function mutate([kind, one, two, change]: readonly [string, number, number, Change]): string {
  const places = KINDS.get(kind) ?? [];
  const text = mutated(places[one % places.length] ?? [], places[two % places.length] ?? [], change);
  fc.pre(text !== undefined);
  return text ?? '';
}

const isListed = (kind: string, list: readonly string[]): boolean =>
  list.some((name) => kind === name || kind.startsWith(`${name} `));

describe('an epoch with one thing changed', () => {
  const VECTORS = fileURLToPath(new URL('../../vectors/audit/', import.meta.url));
  const deployment = join(VECTORS, 'deployment.json');
  let folder: string;
  let chain: Awaited<ReturnType<typeof startRecordedChain>>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-mutations-'));
    chain = await startRecordedChain();
  });
  after(() => {
    rmSync(folder, { recursive: true });
    chain.close();
  });

  async function examine(bytes: string | Uint8Array, ...options: string[]) {
    const file = join(folder, 'epoch.jsonl');
    writeFileSync(file, bytes);
    const { code, out, err } = await run(audit, [file, '--json', ...options]);
    // A chain that is asked what nobody recorded, of another signer say, does not answer: the audit ends with 3 and no result.
    const verified = code !== 3 && (JSON.parse(out) as { verified: boolean }).verified;
    assert.equal(verified, code === 0);
    return { code, err, verified };
  }
  const rpc = (): string[] => ['--rpc', chain.url, '--deployment', deployment];

  it('is never verified offline, but for what only the chain can tell', async () => {
    await fc.assert(
      fc.asyncProperty(mutation, async (one) => {
        const [kind] = one;
        const { code, verified, err } = await examine(mutate(one));
        assert.ok([0, 1].includes(code), err);
        if (verified) assert.ok(isListed(kind, [...ONLY_BY_THE_WHOLE, ...ONLY_BY_THE_CHAIN]), `${kind} was verified`);
      }),
      { seed: 6, numRuns: runs(40, 3_000) },
    );
  }).timeout(runs(120_000, 7_200_000));

  it('is never verified with a line left out, doubled, or moved', async () => {
    const lines = EPOCH_TEXT.trimEnd().split('\n');
    const change = fc.tuple(fc.nat(lines.length - 1), fc.constantFrom('left out', 'doubled', 'moved'));
    await fc.assert(
      fc.asyncProperty(change, async ([index, how]) => {
        const line = lines[index] ?? '';
        const without = lines.toSpliced(index, 1);
        const next = Math.min(index + 1, without.length - 1);
        const changed = how === 'left out' ? without : (how === 'doubled' ? lines : without).toSpliced(next, 0, line);
        const text = `${changed.join('\n')}\n`;
        if (text === EPOCH_TEXT) return;
        const { code, verified } = await examine(text);
        assert.deepEqual([code, verified], [1, false], `line ${index + 1} ${how}`);
      }),
      { seed: 6, numRuns: runs(10, 300) },
    );
  }).timeout(runs(60_000, 3_600_000));

  it('is never verified against the chain with any byte changed', async () => {
    const bytes = Buffer.from(EPOCH_TEXT);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (place, bits) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(bytes.readUInt8(place) ^ bits, place);
        assert.equal((await examine(changed, ...rpc())).verified, false, `byte ${place}`);
      }),
      { seed: 6, numRuns: runs(8, 600) },
    );
  }).timeout(runs(60_000, 3_600_000));

  /** Whoever proposes what he likes has a chain whose distribution is that of his own dataset. */
  it('is never verified although the distribution on chain was made from it, but for what only the whole covers', async () => {
    const { distributor } = contractsOf(
      parseDeployment(deployment, readFileSync(deployment, 'utf8')),
      new JsonRpcProvider('http://127.0.0.1:9', 31_337, { staticNetwork: true }),
    );
    const call = distributor.interface.encodeFunctionData('epochInfo', [0]);
    const [key = ''] = Object.keys(RECORDED).filter((name) => name.includes(call));
    const [stands] = distributor.interface.decodeFunctionResult('epochInfo', String(RECORDED[key]));
    const info = (stands as { toObject: () => Record<string, unknown> & { round: bigint } }).toObject();

    await fc.assert(
      fc.asyncProperty(mutation, async (one) => {
        const [kind] = one;
        const text = mutate(one);
        try {
          const { dataset } = await readWhole(text);
          const own = distributionOf(dataset, info.round);
          const { roots, totals, counts, paramsHash } = own;
          const forged = { ...info, roots, totals, counts, paramsHash, nextTableRoot: own.tableRoot };
          const result = distributor.interface.encodeFunctionResult('epochInfo', [
            { ...forged, distributionHash: own.hash },
          ]);
          chain.set({ ...RECORDED, [key]: result });
        } catch (error) {
          // Nobody can propose what cannot even be read.
          if (!(error instanceof Wrong) && !(error instanceof RangeError)) throw error;
        }
        const { verified } = await examine(text, ...rpc());
        if (verified) assert.ok(isListed(kind, [...ONLY_BY_THE_WHOLE, 'epoch params']), `${kind} was verified`);
      }),
      { seed: 7, numRuns: runs(25, 2_000) },
    );
    chain.set(RECORDED);
  }).timeout(runs(180_000, 7_200_000));
});
