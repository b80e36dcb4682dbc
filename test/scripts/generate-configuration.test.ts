import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { generateConfiguration } from '../../scripts/generate-configuration.ts';
import { run } from './support/run.ts';

const page = (): string => readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

describe('scripts/generate-configuration', () => {
  it('would write what is committed', async () => {
    const outcome = await run(generateConfiguration, ['--check']);
    assert.equal(outcome.code, 0, outcome.err);
  });

  it('rejects arguments it does not know and writes nothing', async () => {
    const before = page();
    assert.equal((await run(generateConfiguration, ['--chekc'])).code, 2);
    assert.equal((await run(generateConfiguration, ['docs'])).code, 2);
    assert.equal(page(), before);
  });
});
