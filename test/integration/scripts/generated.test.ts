import assert from 'node:assert/strict';

import { generateAbi } from '../../../scripts/generate-abi.ts';
import { generateDeployment } from '../../../scripts/generate-deployment.ts';
import { run } from '../../scripts/support/run.ts';

describe('scripts: generated files', () => {
  it('are the ABIs of the compiled contracts', async () => {
    const outcome = await run(generateAbi, ['--check']);
    assert.equal(outcome.code, 0, outcome.err);
  });

  it('are the reference deployment that a fresh local chain gives', async () => {
    const outcome = await run(generateDeployment, ['--check']);
    assert.equal(outcome.code, 0, outcome.err);
  });
});
