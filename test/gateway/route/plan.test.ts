import assert from 'node:assert/strict';

import fc from 'fast-check';

import { DgridError } from '../../../gateway/errors.ts';
import type { ErrorCode } from '../../../gateway/errors.ts';
import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import type { JsonObject } from '../../../gateway/protocol/content.ts';
import { planRoute } from '../../../gateway/route/plan.ts';
import { account, BODY, candidate, LIVE, planInput } from './support.ts';

const rejectsWith =
  (code: ErrorCode, pattern: RegExp = /./) =>
  (error: unknown): boolean =>
    error instanceof DgridError && error.code === code && pattern.test(error.message);

const first = (input: Parameters<typeof planRoute>[0]): string =>
  planRoute(input).decision.order[0]?.candidate.node.account ?? '';
const asking = (extra: object): JsonObject => ({ ...BODY, ...extra });
const three = [candidate(0), candidate(1), candidate(2)];

/** How often each of the candidates is chosen over evenly spread draws. */
function shares(input: Parameters<typeof planRoute>[0], draws = 1_000): number[] {
  const counts = input.candidates.map(() => 0);
  for (let index = 0; index < draws; index += 1) {
    const chosen = first({ ...input, draw: { ...input.draw, pick: Math.floor(((index + 0.5) / draws) * 2 ** 32) } });
    const at = input.candidates.findIndex(({ node }) => node.account === chosen);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count) => count / draws);
}

describe('eligibility', () => {
  const removals: readonly (readonly [string, Parameters<typeof candidate>[1], object])[] = [
    ['inactive', { activeFromEpoch: 6n }, {}],
    ['inactive', { inactiveFromEpoch: 5n }, {}],
    ['stake', { stake: 9_999n }, {}],
    ['model', { model: { id: 'another' } }, {}],
    ['capability', { model: { capabilities: [] } }, { response_format: { type: 'json_object' } }],
    ['capability', {}, { tools: [{ type: 'function' }] }],
    ['capability', {}, { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }],
    [
      'capability',
      { model: { capabilities: ['language:en', 'language:fr'] } },
      { messages: [{ role: 'user', content: 'Wie heißt die Hauptstadt von Norwegen?' }] },
    ],
    ['context', { model: { contextLength: 3 } }, {}],
    ['output', { model: { maxOutputTokens: 10 } }, { max_tokens: 11, provider: { require_parameters: true } }],
    ['price', { model: { price: { input: 100_001, output: 1 } } }, { provider: { max_price: { prompt: 0.1 } } }],
    ['price', { model: { price: { input: 1, output: 400_001 } } }, { provider: { max_price: { completion: 0.4 } } }],
    ['cost', { model: { price: { input: 9e9, output: 9e9 } } }, { max_cost: 0.01 }],
    ['ignored', {}, { provider: { ignore: ['node-0'] } }],
    ['ignored', {}, { provider: { ignore: [account(0).toUpperCase().replace('0X', '0x')] } }],
    ['not_allowed', {}, { provider: { only: ['node-1'] } }],
    ['not_allowed', {}, { provider: { order: ['node-1'], allow_fallbacks: false } }],
  ];
  for (const [reason, changes, extra] of removals) {
    it(`returns ${reason} as the reason: ${JSON.stringify(extra)}`, () => {
      const able = candidate(1, {
        model: { capabilities: ['json', 'tools', 'vision'], price: { input: 1, output: 1 } },
      });
      const { decision } = planRoute(planInput([candidate(0, changes), able], { body: asking(extra) }));
      assert.deepEqual(decision.record['removed'], { [reason]: 1 });
      assert.deepEqual(
        decision.order.map((entry) => entry.candidate.node.account),
        [account(1)],
      );
    });
  }

  it('keeps out what the gateway pins or excludes, without calling that a pinned request', () => {
    const pinned = planRoute(planInput(three, { pin: [account(2)] }));
    assert.deepEqual(
      pinned.decision.order.map((entry) => entry.candidate.node.account),
      [account(2)],
    );
    assert.equal(pinned.decision.pinned, false);
    assert.ok(first(planInput(three, { exclude: [account(0), account(1)] })) === account(2));
  });

  it('returns pinned when the caller leaves fewer than two accounts, or names the first', () => {
    const pinned = (extra: object, candidates = three): boolean =>
      planRoute(planInput(candidates, { body: asking(extra) })).decision.pinned;
    assert.equal(pinned({}), false);
    assert.equal(pinned({ provider: { only: ['node-0', 'node-1'] } }), false);
    assert.equal(pinned({ provider: { only: ['node-0'] } }), true);
    assert.equal(pinned({ provider: { order: ['node-2'] } }), true);
    assert.equal(pinned({}, [candidate(0)]), true);
    assert.equal(
      pinned({}, [candidate(0), candidate(0, { model: { id: 'demo' } })]),
      true,
      'two entries of one account',
    );
  });

  it("returns pinned for traffic of one's own behind a list: a model that one node serves, then a popular one", () => {
    const own = candidate(0, { model: { id: 'mine-alone' } });
    const pool = [own, candidate(1), candidate(2), candidate(3)];
    const listed: readonly object[] = [
      { model: 'mine-alone', models: ['demo'] },
      { model: 'auto', models: ['mine-alone', 'demo'] },
      { model: 'gone', models: ['mine-alone', 'demo'] },
    ];
    for (const extra of listed) {
      const body = asking(extra);
      assert.deepEqual(shares(planInput(pool, { body }), 50), [1, 0, 0, 0], 'it always goes to the one node');
      const { decision } = planRoute(planInput(pool, { body }));
      assert.equal(decision.pinned, true);
      assert.equal(decision.record['pinned'], true);
    }
    const shared = asking({ model: 'demo', models: ['mine-alone'] });
    assert.equal(planRoute(planInput(pool, { body: shared })).decision.pinned, false);
  });

  it('counts the model of a list that is taken when nobody serves an earlier one now', () => {
    const pool = [candidate(0, { model: { id: 'mine-alone' } }), candidate(1), candidate(2)];
    const live = (entry: (typeof pool)[number]) =>
      entry === pool[0] ? { ...LIVE, breaker: 'open' as const, blockedMs: 4_000 } : LIVE;
    const body = asking({ model: 'mine-alone', models: ['demo'] });
    assert.equal(planRoute(planInput(pool, { body, live })).decision.pinned, false);
    assert.equal(planRoute(planInput(pool.slice(0, 2), { body, live })).decision.pinned, true);
  });

  it('counts an account behind an open breaker as one the caller could have had', () => {
    const live = (entry: (typeof three)[number]) =>
      entry.node.account === account(0) ? LIVE : { ...LIVE, breaker: 'open' as const, blockedMs: 4_000 };
    const { decision } = planRoute(planInput(three, { live }));
    assert.equal(decision.pinned, false);
    assert.deepEqual(decision.record['removed'], { breaker: 2 });
  });

  it('rejects an unknown model with the nearest names', () => {
    assert.throws(
      () => planRoute(planInput(three, { body: asking({ model: 'demi' }) })),
      rejectsWith('DGRID_UNKNOWN_MODEL', /"demo"/),
    );
  });

  it('rejects wishes that nobody meets with the counts', () => {
    const body = asking({ provider: { max_price: { prompt: 0 } } });
    assert.throws(() => planRoute(planInput(three, { body })), rejectsWith('DGRID_UNSATISFIABLE', /price 3/));
    assert.throws(
      () => planRoute(planInput(three, { body: asking({ min_quality: 0.9 }) })),
      rejectsWith('DGRID_UNSATISFIABLE', /quality 3/),
    );
  });

  it('rejects with the time to wait when only breakers and pauses are in the way', () => {
    const live = () => ({ ...LIVE, breaker: 'paused' as const, blockedMs: 7_000 });
    assert.throws(
      () => planRoute(planInput(three, { live })),
      (error) => {
        return (
          rejectsWith('DGRID_NO_ELIGIBLE_NODE', /paused 3/)(error) &&
          error instanceof DgridError &&
          error.context.retryAfterMs === 7_000
        );
      },
    );
    assert.throws(() => planRoute(planInput([])), rejectsWith('DGRID_NO_ELIGIBLE_NODE'));
  });

  it('rejects with how many candidates each filter removed', () => {
    const candidates = [
      candidate(0, { inactiveFromEpoch: 5n }),
      candidate(1, { stake: 9_999n }),
      candidate(2, { stake: 9_999n }),
      candidate(3, { model: { contextLength: 3 } }),
      candidate(4),
    ];
    const live = () => ({ ...LIVE, breaker: 'open' as const, blockedMs: 3_000 });
    assert.throws(
      () => planRoute(planInput(candidates, { live })),
      (error) => {
        assert.ok(error instanceof DgridError && error.statusCode === 503);
        assert.deepEqual(error.context.removed, { inactive: 1, stake: 2, context: 1, breaker: 1 });
        return true;
      },
    );
  });
});

describe('the decision', () => {
  it('returns the same for the same input, to the byte', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1), (explore, pick) => {
        const run = () => planRoute(planInput(three, { draw: { explore, pick } })).decision;
        assert.equal(canonicalJson(run().record), canonicalJson(run().record));
        assert.deepEqual(run().order, run().order);
      }),
    );
  });

  it('returns every eligible candidate once in the order of asking, the chosen one first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(2 ** 32 - 1), (size, pick) => {
        const many = Array.from({ length: size }, (_, index) =>
          candidate(index, { model: { price: { input: 1_000 * index, output: 0 } } }),
        );
        const { decision } = planRoute(planInput(many, { draw: { explore: 2 ** 32 - 1, pick } }));
        assert.equal(new Set(decision.order.map((entry) => entry.candidate.node.account)).size, size);
        const [recorded] = decision.record['candidates'] as readonly JsonObject[];
        assert.equal(recorded?.['node'], decision.order[0]?.candidate.node.account);
      }),
    );
  });

  it('gives the better, the cheaper, the faster and the more reliable node the larger share', () => {
    const two = [candidate(0), candidate(1)];
    const advantages = [
      { live: (entry: (typeof two)[number]) => ({ ...LIVE, qualityBps: entry === two[0] ? 9_000 : 5_000 }) },
      { candidates: [candidate(0), candidate(1, { model: { price: { input: 1_000_000, output: 4_000_000 } } })] },
      { live: (entry: (typeof two)[number]) => ({ ...LIVE, firstTokenMs: entry === two[0] ? 100 : 5_000 }) },
      { live: (entry: (typeof two)[number]) => ({ ...LIVE, successBps: entry === two[0] ? 10_000 : 5_000 }) },
      { live: (entry: (typeof two)[number]) => ({ ...LIVE, inFlight: entry === two[0] ? 0 : 20 }) },
    ];
    for (const advantage of advantages) {
      const [good = 0, bad = 0] = shares(planInput(two, advantage));
      assert.ok(good > bad + 0.05, `${good} against ${bad}`);
      const exploring = { ...advantage, draw: { explore: 0, pick: 0 } };
      assert.ok(
        (shares(planInput(two, exploring))[1] ?? 0) > 0.015,
        'nobody starves: exploration asks whom it knows least',
      );
    }
  });

  it('bounds what stake buys', () => {
    const [rich = 0, poor = 0] = shares(planInput([candidate(0, { stake: 10n ** 9n }), candidate(1)]));
    assert.ok(rich / poor < 1.12, `${rich / poor}`);
  });

  it('follows the preset', () => {
    const goodAndDear = candidate(0, { model: { price: { input: 1_000_000, output: 4_000_000 } } });
    const pool = [goodAndDear, candidate(1)];
    const live = (entry: (typeof pool)[number]) => ({ ...LIVE, qualityBps: entry === goodAndDear ? 8_000 : 7_000 });
    const share = (model: string): number => shares(planInput(pool, { live, body: asking({ model }) }))[0] ?? 0;
    assert.ok(share('auto:quality') > share('auto'));
    assert.ok(share('auto') > share('auto:cheap'));
  });

  it('gives explored requests to whoever is known least', () => {
    const live = (entry: (typeof three)[number]) => ({ ...LIVE, samples: entry === three[2] ? 0 : 1_000 });
    const input = planInput(three, { live, draw: { explore: 0, pick: 0 } });
    assert.ok((shares(input)[2] ?? 0) > 0.95);
    assert.equal(planRoute({ ...input, draw: { explore: 0, pick: 2 ** 31 } }).decision.cause, 'explored');
  });

  it('asks the nodes the caller named in that order, then the others', () => {
    const order = planRoute(planInput(three, { body: asking({ provider: { order: ['node-2', 'node-1'] } }) })).decision
      .order;
    assert.deepEqual(
      order.map((entry) => entry.candidate.node.account),
      [account(2), account(1), account(0)],
    );
  });

  it('asks nobody else without fall-backs', () => {
    assert.equal(
      planRoute(planInput(three, { body: asking({ provider: { allow_fallbacks: false } }) })).decision.order.length,
      1,
    );
  });

  it('takes the models of a list in their order', () => {
    const pool = [
      candidate(0, { model: { id: 'b' } }),
      candidate(1, { model: { id: 'a' } }),
      candidate(2, { model: { id: 'a' } }),
    ];
    const { order } = planRoute(planInput(pool, { body: asking({ model: 'a', models: ['b'] }) })).decision;
    assert.deepEqual(
      order.map((entry) => entry.candidate.model.id),
      ['a', 'a', 'b'],
    );
    const only = planRoute(planInput(pool, { body: asking({ model: 'gone', models: ['b'] }) })).decision;
    assert.equal(only.order[0]?.candidate.model.id, 'b');
  });

  it('rejects a preset that does not exist', () => {
    for (const model of ['auto:best', 'auto:toString', 'auto:'])
      assert.throws(
        () => planRoute(planInput(three, { body: asking({ model }) })),
        rejectsWith('DGRID_INVALID_PREFERENCE'),
      );
  });

  it('keeps five candidates in the record, or all when asked', () => {
    const many = Array.from({ length: 9 }, (_, index) => candidate(index));
    const recorded = (complete: boolean): number =>
      (planRoute(planInput(many, { complete })).decision.record['candidates'] as unknown[]).length;
    assert.deepEqual([recorded(false), recorded(true)], [5, 9]);
  });

  it('lets the caller say what quality is worth in money', () => {
    const good = candidate(0, { model: { price: { input: 10_000_000, output: 40_000_000 } } });
    const pool = [good, candidate(1)];
    const live = (entry: (typeof pool)[number]) => ({ ...LIVE, qualityBps: entry === good ? 9_000 : 7_000 });
    const share = (willingness_to_pay: number): number =>
      shares(planInput(pool, { live, body: asking({ model: 'auto', willingness_to_pay }) }))[0] ?? 0;
    assert.ok(share(1) > 0.9, 'a dollar for a perfect answer pays for cents');
    assert.ok(share(0.001) < 0.1, 'a tenth of a cent does not');
  });

  it('keeps a conversation with one node, others with others, and calls that pinned', () => {
    const many = Array.from({ length: 8 }, (_, index) => candidate(index));
    const turn = (opening: string, turns: number, pick: number) => {
      const said = Array.from({ length: turns }, (_, index) => ({ role: 'user', content: `and then ${index}?` }));
      const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: opening }, ...said];
      const body = { model: 'demo', messages, provider: { sticky: true } };
      return planRoute(planInput(many, { body, draw: { explore: 0, pick } })).decision;
    };
    const chosen = (opening: string): string => {
      const nodes = [0, 1, 5].map((turns) => turn(opening, turns, turns * 7e8).order[0]?.candidate.node.account);
      assert.equal(new Set(nodes).size, 1, 'draws and later turns change nothing');
      return nodes[0] ?? '';
    };
    const openings = Array.from({ length: 40 }, (_, index) => chosen(`Question number ${index}: who wrote Faust?`));
    assert.ok(new Set(openings).size >= 6, `${new Set(openings).size} of 8 nodes`);
    const { cause, pinned } = turn('Who wrote Faust?', 0, 0);
    assert.deepEqual([cause, pinned], ['sticky', true]);
  });

  it('moves a sticky conversation only when its node is no longer nearly the best', () => {
    const many = Array.from({ length: 8 }, (_, index) => candidate(index));
    const body = asking({ provider: { sticky: true }, prompt_cache_key: 'one' });
    const chosen = first(planInput(many, { body }));
    const without = many.filter(({ node }) => node.account !== chosen);
    const another = first(planInput(without, { body }));
    assert.equal(first(planInput([...without].reverse(), { body })), another);
    const worse = (entry: (typeof many)[number]) =>
      entry.node.account === chosen ? { ...LIVE, qualityBps: 5_000 } : LIVE;
    assert.equal(first(planInput(many, { body, live: worse })), another);
  });

  it('takes of two that were drawn the one with fewer requests in flight', () => {
    // Latency does not matter to this caller, so that load counts in the second draw alone.
    const two = [candidate(0), candidate(1)];
    const live = (entry: (typeof two)[number]) => ({
      ...LIVE,
      firstTokenMs: 0,
      msPerToken: 0,
      inFlight: entry === two[0] ? 5 : 1,
    });
    const drawn = (second: number | undefined): string =>
      first(
        planInput(two, { live, draw: { explore: 2 ** 32 - 1, pick: 0, ...(second === undefined ? {} : { second }) } }),
      );
    assert.equal(drawn(undefined), account(0));
    assert.equal(drawn(2 ** 32 - 1), account(1));
    assert.equal(drawn(0), account(0));
  });

  it('says of every candidate in a complete record what came of it', () => {
    const pool = [candidate(0), candidate(1), candidate(2, { stake: 1n }), candidate(3)];
    const live = (entry: (typeof pool)[number]) =>
      entry === pool[3] ? { ...LIVE, breaker: 'open' as const, blockedMs: 12_000 } : LIVE;
    const { record } = planRoute(planInput(pool, { live, complete: true })).decision;
    const outcomes = (record['candidates'] as readonly JsonObject[]).map((entry) => entry['outcome']);
    assert.deepEqual(outcomes, ['chosen', 'lost_draw']);
    const rows = (record['candidates'] as readonly JsonObject[]).map((entry) => Number(entry['shareBps']));
    assert.ok(
      rows.every((share) => share >= 4_999 && share <= 5_000),
      rows.join(', '),
    );
    assert.deepEqual(record['keptOut'], [
      { node: account(2), model: 'demo', reason: 'stake' },
      { node: account(3), model: 'demo', reason: 'breaker', blockedMs: 12_000 },
    ]);
  });
});
