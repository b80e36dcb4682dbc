import assert from 'node:assert/strict';

import { createReadiness } from '../../../gateway/epoch/readiness.ts';
import { createTable } from '../../../gateway/poq/table.ts';
import { hash } from '../background.fixtures.ts';

function world() {
  const said: string[] = [];
  const state = { paramsHash: hash(1), readable: true };
  const ready = createReadiness({
    paramsHash: hash(1),
    inForce: () => Promise.resolve({ paramsHash: state.paramsHash }),
    tables: {
      of: () => (state.readable ? Promise.resolve(createTable([])) : Promise.reject(new Error('table lost'))),
    },
    onWait: (epoch, reason) => said.push(`${epoch} ${reason}`),
  });
  return { said, state, ready };
}

describe('readiness', () => {
  it('returns true when parameters agree and the table can be read', async () => {
    const { ready, said } = world();
    assert.equal(await ready(3n), true);
    assert.deepEqual(said, []);
  });

  it('returns false, and says why once per epoch, when the epoch has other parameters', async () => {
    const { ready, state, said } = world();
    state.paramsHash = hash(2);
    for (const epoch of [3n, 3n, 4n]) assert.equal(await ready(epoch), false);
    assert.equal(said.length, 2);
    assert.ok(said[0]?.startsWith(`3 its parameters hash to ${hash(2)}`));
    state.paramsHash = hash(1);
    assert.equal(await ready(4n), true);
  });

  it('returns false while the table cannot be read', async () => {
    const { ready, state, said } = world();
    state.readable = false;
    assert.equal(await ready(3n), false);
    assert.deepEqual(said, ['3 table lost']);
    state.readable = true;
    assert.equal(await ready(3n), true);
  });
});
