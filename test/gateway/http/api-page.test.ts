import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';

import { FORMAT_KINDS, PREFERENCE_FIELDS, Provider } from '../../../gateway/http/schemas/preferences.ts';
import { FAMILIES } from '../../../gateway/protocol/constants.ts';
import { createMetrics } from '../../../gateway/telemetry/metrics.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const page = read('docs/api.md');
const all = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, found = '']) => found))].toSorted();
const section = (title: string): string => page.split(/^#+ /m).find((part) => part.startsWith(title)) ?? '';
/** First cells of a section's table. */
const listed = (title: string): string[] => all(section(title), /^\| `([^`]+)`/gm);

describe('docs/api.md', () => {
  const folder = 'gateway/http/routes/';
  const code = [...readdirSync(new URL(folder, root)).map((name) => `routes/${name}`), 'serving.ts']
    .map((name) => read(`gateway/http/${name}`))
    .join('\n');

  it('lists the routes of the gateway and no other', () => {
    const routes = [...code.matchAll(/\bapp\.(get|post)(?:<[^(]*>)?\(\s*'([^']+)'/g)].map(
      ([, method = '', path = '']) => `${method.toUpperCase()} ${path}`,
    );
    assert.ok(routes.length > 10, 'the routes were found');
    assert.deepEqual(listed('Routes'), routes.toSorted());
  });

  it('lists the headers of an answer and no other', () => {
    const headers = listed('The answer').filter((name) => name !== 'x-request-id');
    assert.deepEqual(headers, all(code, /'(x-dgrid-[a-z]+)'/g));
  });

  it('lists the preferences, the task families and the rules of form', () => {
    const provider = Object.keys(Provider.properties).map((name) => `provider.${name}`);
    const fields = [...PREFERENCE_FIELDS].filter((name) => name !== 'provider' && name !== 'dgrid');
    assert.deepEqual(listed('The request'), [...fields, ...provider].toSorted());
    for (const family of FAMILIES) assert.ok(section('The request').includes(`\`${family}\``), family);
    assert.deepEqual(
      listed('What a program can check').filter((name) => name !== 'kind'),
      [...FORMAT_KINDS].toSorted(),
    );
  });

  it('lists the states of a receipt', () => {
    const schema = JSON.parse(read('docs/receipt.schema.json')) as { properties: { state: { enum: string[] } } };
    assert.deepEqual(
      listed('Receipts').filter((name) => name !== 'state'),
      schema.properties.state.enum.toSorted(),
    );
  });

  it('lists the metrics of this gateway and no other', async () => {
    const names = all(await createMetrics().page(), /^# TYPE (dgrid_\w+)/gm);
    const own = names.filter((name) => !name.startsWith('dgrid_process_'));
    assert.deepEqual(
      listed('Metrics').filter((name) => name !== 'name'),
      own,
    );
  });
});
