import assert from 'node:assert/strict';

import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { createConditionBook } from '../../../gateway/registry/conditions.ts';
import { createQualityBook } from '../../../gateway/registry/quality-book.ts';
import { createLiveView } from '../../../gateway/wiring/live-view.ts';
import { candidate } from '../route/support.ts';

describe('the live view', () => {
  const task = { family: 2, complexity: 4_000 };
  const known = candidate(0);
  const setUp = (models: readonly string[]) => {
    const quality = createQualityBook();
    const nowMs = () => 1_000;
    const breaker = { stateOf: () => ({ state: 'closed' }) as const, isTroubled: () => false, version: () => 0 };
    const view = createLiveView({
      conditions: createConditionBook(nowMs),
      quality,
      breaker,
      nowMs,
      foresight: { models },
    });
    const examine = (times: number, score: number): void => {
      const report = { node: known.node.account, model: keccakText(known.model.id), score, quality: score, ...task };
      for (let time = 0; time < times; time += 1) quality.recordScore(report);
    };
    const qualityOf = (...foreseen: number[]): number => view.live(known, task, 0, foreseen).qualityBps;
    return { view, examine, qualityOf };
  };

  it('returns the quality that is foreseen for a text, where the node has no history', () => {
    const { qualityOf } = setUp(['another', known.model.id]);
    assert.equal(qualityOf(0.9, 0.35), 3_500);
    assert.equal(qualityOf(0.9, 0.8), 8_000);
  });

  it('returns what the history says for a model that nothing is foreseen of', () => {
    const { view, qualityOf } = setUp(['another']);
    assert.equal(qualityOf(0.1), view.live(known, task, 0).qualityBps);
  });

  it('returns a quality that results soon count for more in than what is foreseen', () => {
    const { examine, qualityOf } = setUp([known.model.id]);
    examine(12, 2_000);
    const some = qualityOf(0.9);
    assert.ok(some > 4_000 && some < 8_000, String(some));
    examine(400, 2_000);
    assert.ok(qualityOf(0.9) < 2_600, String(qualityOf(0.9)));
  });
});
