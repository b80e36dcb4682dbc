import assert from 'node:assert/strict';

import { createFormatRunner } from '../../../../gateway/agents/evaluator/format-runner.ts';
import { createLimiter } from '../../../../gateway/agents/evaluator/limiter.ts';
import { BEHAVIOURS, withBehaviour } from '../../../../gateway/agents/evaluator/scorers/behaviour.ts';
import { createDefaultScorer } from '../../../../gateway/agents/evaluator/scorers/default.ts';
import { scorerId } from '../../../../gateway/agents/evaluator/scorers/scorer-id.ts';
import { readEvaluationRequest, readRevealRequest } from '../../../../gateway/agents/evaluator/wire.ts';
import { encodeStruct } from '../../../../gateway/protocol/struct-json.ts';
import { DgridError } from '../../../../gateway/errors.ts';
import { keccakText } from '../../../../gateway/protocol/keccak.ts';
import * as fx from './fixtures.ts';

describe('format runner', () => {
  const timeouts: number[] = [];
  const runner = createFormatRunner({ deadlineMs: 300, onTimeout: (constraints) => timeouts.push(constraints) });
  after(() => runner.close());
  const schema = { type: 'object', required: ['a'] };

  it('returns schema verdicts from its thread', async () => {
    const json = { kind: 'json', raw: true, objectOnly: false, schema } as const;
    assert.equal(await runner.score('{"a":1}', [json]), 10_000);
    assert.equal(await runner.score('{"b":1}', [json]), 0);
    assert.deepEqual(timeouts, []);
  });

  it('returns in time from expressions without an end, and goes on working', async () => {
    const bomb = { kind: 'pattern', source: '^(a+)+$' } as const;
    const json = { kind: 'json', raw: true, objectOnly: false, schema: { pattern: '^(a+)+$' } } as const;
    const answer = `${'a'.repeat(40)}!`;
    assert.equal(await runner.score(answer, [bomb, { kind: 'include', text: 'b' }]), 0);
    assert.equal(await runner.score(JSON.stringify(answer), [json]), 10_000);
    assert.equal(timeouts.length, 2);
    assert.equal(await runner.score('abc', [{ kind: 'pattern', source: '^[a-c]+$' }]), 10_000);
    assert.equal(timeouts.length, 2);
  });
});

describe('limiter', () => {
  it('returns results in order with bounded concurrency and refuses what is too much', async () => {
    const schedule = createLimiter({ concurrency: 2, queueLimit: 2 });
    const gates: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => gates.push(resolve));
      running -= 1;
    };
    const accepted = [1, 2, 3, 4].map(() => schedule(work));
    await assert.rejects(schedule(work), (error) => error instanceof DgridError && error.code === 'DGRID_OVERLOADED');
    while (gates.length > 0) {
      gates.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(accepted);
    assert.equal(most, 2);
    await schedule(() => Promise.reject(new Error('fails'))).catch(() => undefined);
    assert.equal(await schedule(() => Promise.resolve(7)), 7);
  });
});

describe('scorers', () => {
  const format = createFormatRunner({ deadlineMs: 300, onTimeout: () => undefined });
  const honest = createDefaultScorer(format);

  it('returns scores from what the committee is shown', async () => {
    const right = await honest.score(fx.evaluationRequest());
    const wrong = await honest.score(
      fx.evaluationRequest({ response: JSON.stringify({ choices: [{ message: { content: '400' } }] }) }),
    );
    assert.deepEqual([right.accuracy, wrong.accuracy], [10_000, 0]);
    const garbage = await honest.score(fx.evaluationRequest({ request: '', response: '\ud800' }));
    assert.equal(garbage.accuracy, 0);
  });

  it('returns an id that changes with sources and configuration, and only with them', () => {
    const sources = [
      { path: 'a.ts', text: '1' },
      { path: 'b.ts', text: '2' },
    ];
    const id = scorerId('x', { k: 1 }, sources);
    assert.equal(scorerId('x', { k: 1 }, sources.toReversed()), id);
    const others = [
      scorerId('y', { k: 1 }, sources),
      scorerId('x', { k: 2 }, sources),
      scorerId('x', { k: 1 }, sources.slice(1)),
    ];
    assert.equal(new Set([id, ...others]).size, 4);
    assert.equal(createDefaultScorer(format).id, honest.id);
  });

  it('returns the liar’s version of the honest scores, the same each time', async () => {
    const base = {
      id: keccakText('honest'),
      score: () => Promise.resolve({ accuracy: 9_000, consistency: 3_000, format: 0 }),
    };
    const ids = new Set(BEHAVIOURS.map((behaviour) => withBehaviour(behaviour, base).id));
    assert.equal(ids.size, BEHAVIOURS.length);
    const told = async (behaviour: (typeof BEHAVIOURS)[number]) => {
      const scorer = withBehaviour(behaviour, base);
      const { accuracy, consistency, format } = await scorer.score(fx.evaluationRequest());
      const scores = [accuracy, consistency, format];
      assert.deepEqual(Object.values(await scorer.score(fx.evaluationRequest())), scores);
      for (const value of scores) assert.ok(Number.isInteger(value) && value >= 0 && value <= 10_000);
      return scores;
    };
    assert.deepEqual(await told('honest'), [9_000, 3_000, 0]);
    assert.deepEqual(await told('liar:boost'), [10_000, 7_000, 4_000]);
    assert.deepEqual(await told('liar:sabotage'), [5_000, 0, 0]);
    assert.deepEqual(await told('liar:inverted'), [1_000, 7_000, 10_000]);
    assert.deepEqual(await told('liar:constant'), [7_000, 7_000, 7_000]);
    assert.notDeepEqual(await told('liar:noise'), [9_000, 3_000, 0]);
    await told('liar:intermittent');
  });
});

describe('wire', () => {
  const request = fx.evaluationRequest();
  const good = { ...request, batchId: '7' };
  const reveal = fx.revealRequest(keccakText('x'));
  const revealJson = { ...reveal, commitSet: encodeStruct('commitSet', reveal.commitSet) };

  it('returns the requests of the wire', () => {
    assert.deepEqual(readEvaluationRequest(JSON.parse(JSON.stringify(good))), request);
    assert.deepEqual(readRevealRequest(JSON.parse(JSON.stringify(revealJson))), reveal);
  });

  it('rejects each field that is missing or malformed, by its name', () => {
    const param = (run: () => unknown): unknown => {
      try {
        run();
      } catch (error) {
        return error instanceof DgridError && error.code === 'DGRID_INVALID_BODY' ? error.context.param : String(error);
      }
      return 'no error';
    };
    for (const field of Object.keys(good)) {
      for (const value of [undefined, 7, {}, '0x12']) {
        const isText = ['request', 'response'].includes(field) && value === '0x12';
        if (!isText)
          assert.equal(
            param(() => readEvaluationRequest({ ...good, [field]: value })),
            field,
          );
      }
    }
    for (const field of Object.keys(revealJson)) {
      assert.equal(
        param(() => readRevealRequest({ ...revealJson, [field]: null })),
        field,
      );
    }
    for (const batchId of ['0', '-1', '1.5', '99999999999999999999']) {
      assert.equal(
        param(() => readEvaluationRequest({ ...good, batchId })),
        'batchId',
      );
    }
    assert.equal(
      param(() => readEvaluationRequest({ ...good, proof: Array(65).fill(good.seed) })),
      'proof',
    );
    for (const body of [null, [], 'x'])
      assert.equal(
        param(() => readEvaluationRequest(body)),
        'body',
      );
  });
});
