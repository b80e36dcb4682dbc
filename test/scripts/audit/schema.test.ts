import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Ajv2020 } from 'ajv/dist/2020.js';

import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import { SCHEMAS } from '../../../gateway/protocol/schema.ts';
import { distribute } from '../../../gateway/epoch/distribute.ts';
import { GATEWAY_SIGNER, SIGNING_DOMAIN } from '../../gateway/background.fixtures.ts';
import { factsOf, gold, goldOf, memoryDatasets, scored, streamed } from '../../gateway/epoch/facts.fixtures.ts';
import { EPOCH_TEXT } from './support.ts';

type Schema = { readonly $defs: Readonly<Record<string, { readonly properties: Readonly<Record<string, unknown>> }>> };
type Json = Record<string, ReturnType<typeof JSON.parse>>;

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/dataset.schema.json', import.meta.url), 'utf8'),
) as Schema;
const validate = new Ajv2020({ allErrors: false }).compile(schema);
const linesOf = (text: string): Json[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);

describe('docs/dataset.schema.json', () => {
  it('accepts every line of a real epoch, of every type', () => {
    const lines = linesOf(EPOCH_TEXT);
    for (const [index, line] of lines.entries()) {
      assert.ok(validate(line), `line ${index + 1}: ${JSON.stringify(validate.errors)}`);
    }
    assert.deepEqual(
      [...new Set(lines.map(({ type }) => type as string))],
      ['epoch', 'batch', 'receipt', 'gold', 'table', 'reward'],
    );
  });

  it('accepts every line that the gateway writes of receipts unattested and voted on, and of golds unused', async () => {
    const used = goldOf(7, 9_000, [9_000, 8_000, 9_500, 0, 10_000]);
    const task = { family: 'maths', body: { messages: [] }, reference: { kind: 'number', value: 1 } };
    const golds = [
      { ...gold(0), task },
      { ...used.gold, task },
    ];
    const datasets = memoryDatasets();
    const receipts = [scored(1, undefined), scored(2, undefined, {}, { vote: 'good' }), used.receipt];
    const facts = streamed(factsOf(receipts, golds));
    await distribute(facts, [], 0, { signer: GATEWAY_SIGNER, signingDomain: SIGNING_DOMAIN, datasets });
    const [text = ''] = datasets.texts.values();
    for (const line of linesOf(text)) assert.ok(validate(line), canonicalJson(line));
  });

  it('refuses a line that has any member missing, added, or of another form', () => {
    let refused = 0;
    for (const type of ['epoch', 'batch', 'receipt', 'gold', 'table', 'reward']) {
      const line = linesOf(EPOCH_TEXT).find((one) => one['type'] === type);
      assert.ok(line);
      for (const name of Object.keys(line)) {
        const value: unknown = line[name];
        const rest: Json = Object.fromEntries(Object.entries(line).filter(([other]) => other !== name));
        assert.ok(!validate(rest), `${type} without ${name}`);
        assert.ok(!validate({ ...line, [name]: typeof value === 'number' ? String(value) : 0.5 }), `${type} ${name}`);
        refused += 2;
      }
      assert.ok(!validate({ ...line, more: 1 }), `${type} with more`);
    }
    assert.ok(refused > 60, `${refused}`);
  });

  it('names the fields of what is hashed as the protocol does', () => {
    for (const name of [
      'receipt',
      'record',
      'gold',
      'table',
      'reward',
      'answer',
      'nodeAttestation',
      'commitSet',
    ] as const) {
      assert.deepEqual(
        Object.keys(schema.$defs[name]?.properties ?? {}),
        SCHEMAS[name].fields.map((field) => field.name),
      );
    }
  });
});
