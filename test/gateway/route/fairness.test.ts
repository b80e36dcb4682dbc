import assert from 'node:assert/strict';

import { BREAKER_DEFAULTS, createBreaker } from '../../../gateway/execute/breaker.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { createConditionBook } from '../../../gateway/registry/conditions.ts';
import { createQualityBook } from '../../../gateway/registry/quality-book.ts';
import type { Candidate } from '../../../gateway/route/candidate.ts';
import { decide } from '../../../gateway/route/decide.ts';
import type { Decision } from '../../../gateway/route/decide.ts';
import { readPreferences } from '../../../gateway/route/preferences.ts';
import { createLiveView } from '../../../gateway/wiring/live-view.ts';
import { createRandom } from '../../../scripts/eval/routing-simulation/random.ts';
import { runs } from '../../deep.ts';
import { candidate } from './support.ts';

/** The router in a loop with its own books: what comes of its decisions is what it decides on next. */
const PROFILE = { family: 1, complexity: 3_000, promptTokens: 100, expectedTokens: 200, needs: [] };
const EXPLORE_BPS = 700;
const GAP_MS = 200;

type Options = {
  readonly candidates: readonly Candidate[];
  readonly seed: number;
  /** True quality of the node at a position, bps, now. */
  readonly quality: (index: number) => number;
  /** Every answer is examined, or one in so many. */
  readonly examinedEvery?: number;
};

function createLoop({ candidates, seed, quality, examinedEvery = 1 }: Options) {
  let [clockMs, count] = [0, 0];
  const nowMs = (): number => clockMs;
  const books = { conditions: createConditionBook(nowMs), quality: createQualityBook() };
  const view = createLiveView({ ...books, breaker: createBreaker(BREAKER_DEFAULTS, nowMs), nowMs });
  const random = createRandom(seed);
  const learn = (index: number): void => {
    const { node, model } = candidates[index] ?? candidate(0);
    const end = books.conditions.begin(node.account, model.id);
    end({ ok: true, firstTokenMs: 200 });
    books.conditions.measured(node.account, model.id, { firstTokenMs: 200, totalMs: 2_200, completionTokens: 200 });
    count += 1;
    if (count % examinedEvery !== 0) return;
    const seen = Math.max(0, Math.min(10_000, Math.round(quality(index) + 1_000 * random.normal())));
    const { family, complexity } = PROFILE;
    const report = { node: node.account, model: keccakText(model.id), family, complexity };
    books.quality.recordScore({ ...report, score: seen, quality: seen });
  };
  const step = (): Decision => {
    clockMs += GAP_MS;
    view.glance();
    const decision = decide({
      candidates,
      live: (entry, index) => view.live(entry, PROFILE, index),
      profile: PROFILE,
      preferences: readPreferences({ model: 'auto' }),
      maxTokens: undefined,
      epoch: 5n,
      minimumStake: 10_000n,
      pin: undefined,
      exclude: undefined,
      draw: { explore: random.uint32(), pick: random.uint32(), second: random.uint32() },
      exploreBps: EXPLORE_BPS,
      complete: false,
      traceId: undefined,
    });
    view.passOver(decision.passedOver);
    learn(decision.order[0]?.index ?? 0);
    return decision;
  };
  return { step, learn, chosen: () => step().order[0]?.index ?? -1 };
}

const pool = (size: number): Candidate[] => Array.from({ length: size }, (_, index) => candidate(index));

describe('fairness', () => {
  it('lets no newcomer wait for more than fifty requests that it was eligible for', () => {
    for (let seed = 1; seed <= runs(30, 1_000); seed += 1) {
      const size = 4 + (seed % 20);
      const newcomers = 1 + (seed % 10);
      const candidates = [
        ...pool(size),
        // Dear and unknown: nothing speaks for them but that they are new.
        ...Array.from({ length: newcomers }, (_, index) =>
          candidate(size + index, { model: { price: { input: 900_000, output: 9_000_000 } } }),
        ),
      ];
      const loop = createLoop({ candidates, seed, quality: () => 8_000 });
      for (let index = 0; index < size; index += 1) for (let call = 0; call < 40; call += 1) loop.learn(index);
      const asked = new Set(Array.from({ length: 51 }, loop.chosen));
      for (let index = size; index < candidates.length; index += 1)
        assert.ok(asked.has(index), `seed ${seed}: newcomer ${index} of ${candidates.length} was not asked`);
    }
  });

  it('asks a crowd of newcomers one by one, and leaves nine in ten requests to the others', () => {
    const candidates = [...pool(5), ...Array.from({ length: 100 }, (_, index) => candidate(5 + index))];
    const loop = createLoop({ candidates, seed: 3, quality: () => 8_000 });
    for (let index = 0; index < 5; index += 1) for (let call = 0; call < 40; call += 1) loop.learn(index);
    const causes = Array.from({ length: 1_000 }, () => loop.step().cause);
    const explored = causes.filter((cause) => cause === 'explored').length;
    assert.ok(explored > 50 && explored < 140, String(explored));
  });

  it('explores five to ten in a hundred requests once everybody is known', () => {
    const loop = createLoop({ candidates: pool(10), seed: 4, quality: (index) => 6_000 + 300 * index });
    for (let warm = 0; warm < 500; warm += 1) loop.step();
    const causes = Array.from({ length: 2_000 }, () => loop.step().cause);
    const share = causes.filter((cause) => cause === 'explored').length / causes.length;
    assert.ok(share >= 0.05 && share <= 0.1, String(share));
  });

  it('starves nobody for ever: the worst and dearest is asked again and again', () => {
    const candidates = [...pool(9), candidate(9, { model: { price: { input: 5_000_000, output: 20_000_000 } } })];
    const loop = createLoop({ candidates, seed: 5, quality: (index) => (index === 9 ? 2_000 : 8_000) });
    const rounds = Array.from({ length: runs(4, 40) }, () => {
      const asked = Array.from({ length: 2_000 }, loop.chosen);
      return asked.filter((index) => index === 9).length;
    });
    for (const count of rounds) assert.ok(count > 0 && count < 200, rounds.join(', '));
  });

  it('takes half of its traffic from a node that gets worse, and gives it back, within 100 of its scored requests', () => {
    for (let seed = 6; seed < 6 + runs(6, 60); seed += 1) {
      const drop = [1_500, 3_000, 6_000][seed % 3] ?? 0;
      let lost = 0;
      const loop = createLoop({
        candidates: pool(5),
        seed,
        quality: (index) => (index === 0 ? 8_800 - lost : 8_000),
      });
      const share = (requests: number): number =>
        Array.from({ length: requests }, loop.chosen).filter((index) => index === 0).length / requests;
      share(1_000);
      const before = share(500);
      assert.ok(before > 0.5, `the best has most of the traffic: ${before}`);
      lost = drop;
      const untilLost = scoredUntil(loop.chosen, (recent) => recent <= before / 2);
      assert.ok(untilLost <= 100, `seed ${seed}: ${untilLost} scored requests until half was lost`);
      share(300);
      lost = 0;
      const untilBack = scoredUntil(loop.chosen, (recent) => recent >= before / 2);
      assert.ok(untilBack <= 100, `seed ${seed}: ${untilBack} scored requests until half was back`);
    }
  });

  it('never lets stake be worth more than a tenth', () => {
    const rich = candidate(0, { stake: 10n ** 24n });
    const loop = createLoop({ candidates: [rich, candidate(1)], seed: 9, quality: () => 8_000 });
    const { fates } = loop.step();
    const [a = 0, b = 0] = fates.weights.weight;
    assert.ok(a / b <= 1.1 + 1e-6 && a / b > 1.09, `${a / b}`);
  });
});

/** Scored requests of node 0 until its share of the last fifty requests is as wanted. */
function scoredUntil(chosen: () => number, isReached: (recent: number) => boolean): number {
  const recent: boolean[] = [];
  let scored = 0;
  for (let request = 0; request < 20_000; request += 1) {
    const isOurs = chosen() === 0;
    if (isOurs) scored += 1;
    recent.push(isOurs);
    if (recent.length > 50) recent.shift();
    if (recent.length === 50 && isReached(recent.filter(Boolean).length / 50)) return scored;
  }
  return Infinity;
}
