import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { audit } from '../../scripts/audit.ts';
import { tableRootOf } from '../../scripts/audit/in-force.ts';
import { RECORDED, startRecordedChain } from './audit/recorded-chain.ts';
import { readWhole } from './audit/support.ts';
import { run } from './support/run.ts';

const VECTORS = fileURLToPath(new URL('../vectors/audit/', import.meta.url));
const TEXT = readFileSync(join(VECTORS, 'epoch.jsonl'), 'utf8');

/** Lines that tests take apart and damage: their form is the matter of the test. */
type Json = Record<string, ReturnType<typeof JSON.parse>>;

/** Canonical form of what the tests change: our keys need no more than sorting. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function textOf(lines: readonly Json[]): string {
  return lines.map((line) => `${canonical(line)}\n`).join('');
}

function linesOf(text: string): Json[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);
}

/** The dataset with one thing changed. */
function tampered(change: (lines: Json[]) => Json[] | void): string {
  const lines = linesOf(TEXT);
  return textOf(change(lines) ?? lines);
}

function find(lines: readonly Json[], test: (line: Json) => boolean): Json {
  const line = lines.find(test);
  assert.ok(line);
  return line;
}

const ofType = (type: string) => (line: Json) => line['type'] === type;
const isScored = (line: Json) => line['type'] === 'receipt' && line['record'].status === 1;

type Report = {
  readonly verified: boolean;
  readonly wrong: { readonly check: string; readonly line: number; readonly field: string; readonly detail: string };
  readonly checks: readonly { readonly name: string; readonly status: string }[];
  readonly distribution?: { readonly dataHash: string };
};

describe('scripts/audit', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'dgrid-audit-'))));
  after(() => rmSync(folder, { recursive: true }));

  async function examine(text: string, ...options: string[]) {
    const file = join(folder, 'epoch.jsonl');
    writeFileSync(file, text);
    return await run(audit, [file, '--json', ...options]);
  }

  /** Where the audit stops: the check, the line, and the field of it. */
  async function found(text: string, ...options: string[]): Promise<Report['wrong']> {
    const outcome = await examine(text, ...options);
    assert.equal(outcome.code, 1, outcome.out);
    const { verified, wrong } = outcome.json() as Report;
    assert.equal(verified, false);
    assert.match(outcome.err, new RegExp(`not verified: ${wrong.check}: line ${wrong.line}`));
    return wrong;
  }

  function lineOf(text: string, test: (line: Json) => boolean): number {
    const lines = text.trimEnd().split('\n');
    return 1 + lines.findIndex((line) => test(JSON.parse(line) as Json));
  }

  describe('offline', () => {
    it('counts and checks a receipt whether its payer voted or not', async () => {
      for (const vote of ['good', 'bad']) {
        const text = tampered((lines) => void (find(lines, ofType('receipt'))['vote'] = vote));
        // One vote moves nobody's reward.
        const outcome = await examine(text);
        assert.equal(outcome.code, 0, outcome.err);
        const damaged = tampered((lines) => {
          const line = find(lines, ofType('receipt'));
          Object.assign(line, { vote });
          line['receipt'].priceMicroUsd = '999999';
        });
        assert.equal((await found(damaged)).check, 'receipts and their batches');
      }
    });

    it('verifies a real epoch and says what it could not check', async () => {
      const outcome = await examine(TEXT);
      assert.equal(outcome.code, 0, outcome.err);
      const { verified, checks } = outcome.json() as Report;
      assert.equal(verified, true);
      const skipped = checks.filter(({ status }) => status === 'skipped').map(({ name }) => name);
      const receipts = linesOf(TEXT).filter(ofType('receipt'));
      const ids = new Set(receipts.map((line) => String(line['receipt'].id)));
      const isLate = receipts.some((line) => (line['replays'] as string[]).some((id) => !ids.has(id)));
      const late = isLate ? ['late replays'] : [];
      assert.deepEqual(skipped, ['chain', 'trusted network', 'prices', ...late, 'truth of golds']);
      assert.match(outcome.err, /audit: rewards/);
    });

    it('holds the network against a deployment file', async () => {
      const deployment = join(VECTORS, 'deployment.json');
      assert.equal((await examine(TEXT, '--deployment', deployment)).code, 0);
      const other = JSON.parse(readFileSync(deployment, 'utf8')) as Json;
      other['contracts'].NodeStaking.address = '0x00000000000000000000000000000000000000aa';
      writeFileSync(join(folder, 'deployment.json'), JSON.stringify(other));
      const { check, field } = await found(TEXT, '--deployment', join(folder, 'deployment.json'));
      assert.deepEqual([check, field], ['network', 'nodeStaking']);
    });

    it('names a flipped score', async () => {
      const text = tampered((lines) => void (find(lines, isScored)['record'].score += 1));
      const { check, line, field } = await found(text);
      assert.deepEqual([check, line, field], ['records', lineOf(text, isScored), 'record.score']);
    });

    it('names a swapped committee member', async () => {
      const text = tampered((lines) => {
        const [set] = find(lines, isScored)['commitSets'];
        [set.evaluators[0], set.evaluators[1]] = [set.evaluators[1], set.evaluators[0]];
      });
      const { check, line, field } = await found(text);
      assert.deepEqual(
        [check, line, field],
        ['committees and evaluations', lineOf(text, isScored), 'commitSets[0].evaluators[0]'],
      );
    });

    it('names a replay that is none', async () => {
      const isReplayed = (line: Json) => line['type'] === 'receipt' && line['replays'].length > 0;
      const isOrdinary = (line: Json) => line['type'] === 'receipt' && (line['receipt'].flags & 32) === 0;
      const text = tampered(
        (lines) => void (find(lines, isReplayed)['replays'] = [find(lines, isOrdinary)['receipt'].id]),
      );
      const { check, line, field, detail } = await found(text);
      assert.deepEqual([check, line, field], ['draws', lineOf(text, isReplayed), 'replays[0]']);
      assert.match(detail, /is not flagged as a replay/);
    });

    it('names the batch of a missing receipt', async () => {
      const batch = find(linesOf(TEXT), isScored)['batchId'];
      const text = tampered((lines) => lines.filter((line) => line !== find(lines, isScored)));
      const { check, line, field } = await found(text);
      const due = lineOf(text, (item) => item['type'] === 'batch' && item['batchId'] === batch);
      assert.deepEqual([check, line, field], ['receipts and their batches', due, 'count']);
    });

    it('names a duplicated serial', async () => {
      const text = tampered((lines) => {
        const index = lines.findIndex(isScored);
        return lines.toSpliced(index, 0, lines[index] ?? {});
      });
      const { check, line, field, detail } = await found(text);
      assert.deepEqual(
        [check, line, field],
        ['receipts and their batches', lineOf(text, isScored) + 1, 'receipt.serial'],
      );
      assert.match(detail, /occurs twice/);
    });

    it('names a wrong seed', async () => {
      const seed = `0x${'5e'.repeat(32)}`;
      const batchId = find(linesOf(TEXT), isScored)['batchId'];
      const isBatch = (line: Json) => line['type'] === 'batch' && line['batchId'] === batchId;
      const text = tampered((lines) => void (find(lines, isBatch)['seed'] = seed));
      const { check, line, field } = await found(text);
      assert.deepEqual([check, line, field], ['seeds', lineOf(text, isBatch), 'seed']);
    });

    it('names an evaluation that was never committed', async () => {
      const text = tampered((lines) => {
        const [, entry] = find(lines, isScored)['entries'];
        entry.consistency = entry.consistency === 0 ? 1 : entry.consistency - 1;
      });
      const { check, line, field, detail } = await found(text);
      assert.deepEqual([check, line, field], ['committees and evaluations', lineOf(text, isScored), 'entries[1]']);
      assert.match(detail, /was never committed/);
    });

    it('names a wrong trust value, in an evaluation and in the table', async () => {
      const used = await found(tampered((lines) => void (find(lines, isScored)['entries'][2].trust += 1)));
      assert.deepEqual([used.check, used.field], ['committees and evaluations', 'entries[2].trust']);
      const text = tampered((lines) => void (find(lines, ofType('table'))['leaf'].value += 1));
      const { check, line, field } = await found(text);
      assert.deepEqual([check, line, field], ['table of the epoch', lineOf(text, ofType('table')), 'leaf.value']);
    });

    it('names a gold whose task is not the one in its leaf', async () => {
      const text = tampered(
        (lines) => void (find(lines, ofType('gold'))['task'].reference = { kind: 'number', value: 1 }),
      );
      const { check, line, field } = await found(text);
      assert.deepEqual([check, line, field], ['golds', lineOf(text, ofType('gold')), 'leaf.referenceHash']);
    });

    it('names a share moved by one unit, in every role', async () => {
      for (const role of [0, 1, 2]) {
        const isShare = (line: Json) => line['type'] === 'reward' && line['leaf'].role === role;
        const text = tampered((lines) => {
          const { leaf } = find(lines, isShare);
          leaf.volume = (BigInt(leaf.volume) + 1n).toString();
        });
        const { check, line, field } = await found(text);
        assert.deepEqual([check, line, field], ['rewards', lineOf(text, isShare), 'leaf.volume']);
      }
    });

    it('rejects every dataset that has a number, a hash or a signature of a record line changed', async () => {
      const original = find(linesOf(TEXT), isScored);
      // One of each kind: the first of every list stands for the others.
      const paths = pathsOf(original).filter(
        (path) => !['type', 'payer'].includes(path[0] ?? '') && path.every((name) => !/^[1-9]/.test(name)),
      );
      assert.ok(paths.length > 50, `${paths.length}`);
      for (const path of paths) {
        const text = tampered((lines) => flip(find(lines, isScored), path));
        assert.ok((await found(text)).line > 0, path.join('.'));
      }
    }).timeout(120_000);

    it('takes the table in force from an earlier dataset, and says so when it has none', async () => {
      const { dataset } = await readWhole(TEXT);
      const leaves = dataset.table.map(({ leaf }) => leaf);
      const withTable = (tableRoot: string): string =>
        tampered((lines) => void Object.assign(find(lines, ofType('epoch')), { tableRoot, tableEpoch: '0' }));
      const own = withTable(tableRootOf(leaves, dataset.epoch));
      const alone = await examine(own);
      assert.equal(alone.code, 0, alone.err);
      const skipped = (alone.json() as Report).checks.filter(({ status }) => status === 'skipped');
      assert.ok(skipped.some(({ name }) => name === 'draws, trust and dimensions in force'));
      const previous = join(VECTORS, 'epoch.jsonl');
      // Its evaluators were trusted by the defaults, which this table no longer says.
      const used = await found(own, '--previous', previous);
      assert.deepEqual(
        [used.check, used.field.replace(/\d+/, 'n')],
        ['committees and evaluations', 'entries[n].trust'],
      );
      const other = await found(withTable(`0x${'ab'.repeat(32)}`), '--previous', previous);
      assert.deepEqual([other.check, other.line, other.field], ['table in force', 1, 'tableRoot']);
    });

    it('rejects text that is not canonical, cut off, out of order, or of another version', async () => {
      const lines = TEXT.trimEnd().split('\n');
      const cases: readonly [string, number][] = [
        ['', 1],
        [TEXT.slice(0, -1), lines.length],
        [`${TEXT.slice(0, 5_000)}\n`, TEXT.slice(0, 5_000).split('\n').length],
        [`${lines.join('\n')}\n\n`, lines.length + 1],
        [TEXT.replace('{"', '{ "'), 1],
        [[...lines.slice(1), lines[0]].join('\n') + '\n', 1],
        [tampered((all) => void (find(all, ofType('epoch'))['version'] = 2)), 1],
        [tampered((all) => void (find(all, ofType('epoch'))['more'] = 2)), 1],
        [tampered((all) => void (find(all, ofType('batch'))['count'] = '3')), 2],
      ];
      for (const [text, line] of cases) {
        const finding = await found(text);
        assert.equal(finding.check, 'form of the dataset');
        assert.equal(finding.line, line, finding.detail);
      }
    });

    it('returns 2 for a missing file and bad options, 3 for an address that does not answer', async () => {
      assert.equal((await run(audit, [])).code, 2);
      assert.equal((await run(audit, [join(folder, 'missing.jsonl')])).code, 2);
      assert.equal((await run(audit, ['a', 'b'])).code, 2);
      assert.equal((await run(audit, ['http://127.0.0.1:9/dataset'])).code, 3);
      const file = join(VECTORS, 'epoch.jsonl');
      assert.equal((await run(audit, [file, '--rpc', 'http://127.0.0.1:9'])).code, 3);
    });
  });

  describe('against the chain', () => {
    let chain: Awaited<ReturnType<typeof startRecordedChain>>;
    let rpc: string[];

    before(async () => {
      chain = await startRecordedChain();
      rpc = ['--rpc', chain.url, '--deployment', join(VECTORS, 'deployment.json')];
    });
    beforeEach(() => chain.set(RECORDED));
    after(() => chain.close());

    it('verifies a real epoch to the distribution hash', async () => {
      const outcome = await examine(TEXT, ...rpc);
      assert.equal(outcome.code, 0, outcome.err);
      const names = (outcome.json() as Report).checks.filter(({ status }) => status === 'ok').map(({ name }) => name);
      for (const name of ['anchors and seeds on chain', 'keys on chain', 'golds on chain', 'distribution on chain']) {
        assert.ok(names.includes(name), name);
      }
    });

    it('names a gold that is not in the anchored tree', async () => {
      const text = tampered((lines) => void (find(lines, ofType('gold'))['leaf'].salt = `0x${'11'.repeat(32)}`));
      // Salted anew throughout, the task agrees with its leaf, and only the root can tell.
      const { createHash } = await import('node:crypto');
      const repaired = textOf(
        text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Json)
          .map((line) => {
            if (line['type'] !== 'gold' || line['leaf'].index !== 0) return line;
            const { model: _model, stream: _stream, ...body } = line['task'].body;
            const salted = (value: unknown) =>
              `0x${createHash('sha256')
                .update(Buffer.from('11'.repeat(32), 'hex'))
                .update(canonical(value))
                .digest('hex')}`;
            const hashes = { contentHash: salted(body), referenceHash: salted(line['task'].reference) };
            return { ...line, leaf: { ...line['leaf'], ...hashes } };
          }),
      );
      const { check, line, detail } = await found(repaired, ...rpc);
      assert.deepEqual([check, line], ['golds on chain', lineOf(repaired, ofType('gold'))]);
      assert.match(detail, /not in the tree/);
    });

    it('names a batch that the chain knows otherwise', async () => {
      const batch = find(linesOf(TEXT), ofType('batch'));
      const later = (BigInt(batch['anchoredAt']) + 1n).toString();
      const time = tampered((lines) => void (find(lines, ofType('batch'))['anchoredAt'] = later));
      assert.equal((await found(time, ...rpc)).field, 'anchoredAt');
      const range = tampered((lines) => {
        const last = lines.findLast(ofType('batch'));
        assert.ok(last);
        last['toSerial'] += '0';
      });
      const { check, field } = await found(range, ...rpc);
      assert.deepEqual([check, field], ['anchors and seeds on chain', 'toSerial']);
    });

    it('names a payer that was changed: only the hash of the whole text covers it', async () => {
      const text = tampered((lines) => void (find(lines, isScored)['payer'] = `0x${'77'.repeat(32)}`));
      assert.equal((await examine(text)).code, 0);
      const { check, field } = await found(text, ...rpc);
      assert.deepEqual([check, field], ['distribution on chain', 'distribution hash']);
    });

    it('names a member that was left out of the electorate', async () => {
      const text = tampered((lines) => void find(lines, ofType('epoch'))['nodes'].pop());
      const { check, field } = await found(text, ...rpc);
      assert.deepEqual([check, field], ['members and table in force on chain', 'nodes']);
    });

    it('returns 3, never verified, when the chain stops answering halfway', async () => {
      const keys = Object.keys(RECORDED);
      for (const count of [5, Math.floor(keys.length / 2), keys.length - 1]) {
        chain.set(Object.fromEntries(keys.slice(0, count).map((key) => [key, RECORDED[key]])));
        const outcome = await examine(TEXT, ...rpc);
        assert.equal(outcome.code, 3, `${count}: ${outcome.err}`);
      }
    });
  });
});

/** Paths of all numbers and texts in a line. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...path, name]));
}

function flip(line: Json, path: readonly string[]): void {
  const owner = path.slice(0, -1).reduce<Json>((node, name) => node[name] as Json, line);
  const last = path.at(-1) ?? '';
  const value = owner[last] as string | number;
  if (typeof value === 'number') owner[last] = value + 1;
  else if (value.startsWith('0x')) owner[last] = value.slice(0, 6) + (value[6] === '0' ? '1' : '0') + value.slice(7);
  else owner[last] = (BigInt(value) + 1n).toString();
}
