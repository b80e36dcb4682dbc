import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { keepLogs } from '../../../scripts/demo/leftovers.ts';

describe('demo/leftovers', () => {
  const folder = (): string => mkdtempSync(join(tmpdir(), 'dgrid-leftovers-'));

  it('returns the logs of a run that failed and keeps its folder', () => {
    const dir = folder();
    mkdirSync(join(dir, 'logs'));
    writeFileSync(join(dir, 'logs', 'gateway.log'), 'x');
    assert.equal(keepLogs(dir), join(dir, 'logs'));
    assert.ok(existsSync(join(dir, 'logs', 'gateway.log')));
    rmSync(dir, { recursive: true });
  });

  it('returns nothing and removes a folder without logs', () => {
    const dir = folder();
    mkdirSync(join(dir, 'logs'));
    assert.equal(keepLogs(dir), undefined);
    assert.equal(existsSync(dir), false);
  });

  it('returns nothing when the folder is gone, so that the failure itself is what is told', () => {
    const dir = folder();
    rmSync(dir, { recursive: true });
    assert.equal(keepLogs(dir), undefined);
  });
});
