import assert from 'node:assert/strict';

import type { Examination, Replay } from '../../../gateway/evaluate/ports.ts';
import { createReplay } from '../../../gateway/evaluate/replay.ts';
import { rankCommittee } from '../../../gateway/poq/committee.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import { NODE, address, hash, leafOf, receipt } from '../background.fixtures.ts';

const RECEIPT = receipt(0);
const examination = (seed: number): Examination => ({
  receiptId: RECEIPT.id,
  receiptLeaf: leafOf(RECEIPT),
  receipt: RECEIPT,
  seed: hash(seed),
  replayed: true,
  batchId: 1n,
  epoch: 3n,
  proof: [],
  content: { salt: '0x00', request: '{"messages":[],"model":"m"}', response: '{}' },
  replays: [],
});
const NODES = [NODE, ...Array.from({ length: 8 }, (_, index) => address(0x101 + index))];
const rankOf = (seed: number): Address[] =>
  rankCommittee({ seed: hash(seed), receiptLeaf: leafOf(RECEIPT), evaluators: NODES, excluded: [NODE] });

type World = { readonly failing?: readonly Address[]; readonly nodes?: readonly Address[]; readonly model?: string };

async function replay(seed: number, { failing = [], nodes = NODES, model }: World = {}) {
  const asked: Address[] = [];
  const missing: Address[] = [];
  let saved: readonly Replay[] = [];
  let closed = 0;
  const handler = createReplay({
    log: {
      examination: () => Promise.resolve(seed < 0 ? undefined : examination(seed)),
      saveReplays: (_key, _id, replays, size) => {
        assert.equal(size, 0);
        saved = replays;
        return Promise.resolve();
      },
      commitSet: () => assert.fail(),
      saveCommitSet: () => assert.fail(),
      escalate: () => assert.fail(),
      finish: () => assert.fail(),
      close: () => Promise.resolve(void (closed += 1)),
    },
    params: DEFAULT_PARAMS,
    nodes: () => nodes,
    serveOn(node, body) {
      assert.deepEqual(body, { messages: [], model: 'm' });
      asked.push(node);
      if (failing.includes(node)) return Promise.reject(new Error('busy'));
      return Promise.resolve({
        replayId: hash(asked.length),
        modelId: model ?? `model of ${node}`,
        response: `"${node}"`,
      });
    },
    onMissing: (node) => missing.push(node),
  });
  const outcome = await handler({ key: 'replay', kind: 'replay', payload: { receiptId: RECEIPT.id }, attempts: 0 });
  assert.equal(outcome, 'finished');
  return { asked, missing, saved, closed };
}

describe('replay', () => {
  it('asks the nodes that the seed ranks first, never the one that is examined', async () => {
    for (const seed of [1, 2, 3]) {
      const { asked, saved } = await replay(seed);
      assert.deepEqual(asked, rankOf(seed).slice(0, DEFAULT_PARAMS.replayPeers));
      assert.deepEqual(
        saved.map(({ node, response }) => [node, response]),
        asked.map((node) => [node, `"${node}"`]),
      );
    }
    assert.notDeepEqual(rankOf(1), rankOf(2));
  });

  it('goes on to the next in rank when one does not answer', async () => {
    const order = rankOf(1);
    const failing = order.filter((_, index) => index % 2 === 0);
    const { saved, missing } = await replay(1, { failing });
    assert.deepEqual(
      saved.map(({ node }) => node),
      order.filter((_, index) => index % 2 === 1).slice(0, DEFAULT_PARAMS.replayPeers),
    );
    assert.deepEqual(missing, failing.slice(0, missing.length));
  });

  it('saves what there is, and so lets the committee begin, when too few or none answer', async () => {
    assert.deepEqual((await replay(1, { failing: NODES })).saved, []);
    assert.deepEqual((await replay(1, { nodes: [NODE] })).saved, []);
    assert.equal((await replay(1, { nodes: NODES.slice(0, 2) })).saved.length, 1);
  });

  it('hears one voice per model, and gives up in bounded time', async () => {
    const { asked, saved } = await replay(1, { model: 'the same everywhere' });
    assert.equal(saved.length, 1);
    assert.equal(asked.length, 3 * DEFAULT_PARAMS.replayPeers);
  });

  it('asks nobody when the examination is over', async () => {
    const { asked, closed } = await replay(-1);
    assert.deepEqual([asked, closed], [[], 1]);
  });
});
