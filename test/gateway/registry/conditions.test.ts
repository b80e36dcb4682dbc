import assert from 'node:assert/strict';

import { createConditionBook } from '../../../gateway/registry/conditions.ts';
import { createQualityBook } from '../../../gateway/registry/quality-book.ts';
import type { QualityBook } from '../../../gateway/registry/quality-book.ts';
import { createDirectory } from '../../../gateway/registry/directory.ts';
import { modelViews } from '../../../gateway/registry/views.ts';
import type { RegisteredNode } from '../../../gateway/registry/ports.ts';

const NODE = `0x${'01'.repeat(20)}` as const;
const good = { ok: true as const, firstTokenMs: 100 };

describe('live conditions', () => {
  it('returns a newcomer before the first call', () => {
    const book = createConditionBook(() => 0);
    assert.deepEqual(book.of(NODE, 'm'), {
      inFlight: 0,
      samples: 0,
      firstTokenMs: undefined,
      msPerToken: undefined,
      successBps: 10_000,
    });
  });

  it('returns calls in flight until they end', () => {
    const book = createConditionBook(() => 0);
    const ends = [book.begin(NODE, 'm'), book.begin(NODE, 'm')];
    assert.equal(book.of(NODE, 'm').inFlight, 2);
    ends.forEach((end) => end(good));
    assert.deepEqual(book.of(NODE, 'm'), {
      inFlight: 0,
      samples: 2,
      firstTokenMs: 100,
      msPerToken: undefined,
      successBps: 10_000,
    });
  });

  it('returns the pace of what was counted after the first token, an empty answer counting as one token', () => {
    const book = createConditionBook(() => 0);
    book.measured(NODE, 'm', { firstTokenMs: 100, totalMs: 300, completionTokens: 20 });
    assert.deepEqual([book.of(NODE, 'm').msPerToken, book.of(NODE, 'm').samples], [10, 0]);
    book.measured(NODE, 'm', { firstTokenMs: 100, totalMs: 300, completionTokens: 0 });
    assert.equal(book.of(NODE, 'm').msPerToken, 200);
  });

  it('counts only the faults of the node itself', () => {
    const book = createConditionBook(() => 0);
    for (const failureClass of ['caller', 'network', 'policy'] as const)
      book.begin(NODE, 'm')({ ok: false, failureClass });
    assert.deepEqual([book.of(NODE, 'm').successBps, book.of(NODE, 'm').samples], [10_000, 0]);
    book.begin(NODE, 'm')({ ok: false, failureClass: 'node' });
    assert.equal(book.of(NODE, 'm').successBps, 6_666);
  });

  it('follows a peak at once and forgets it with time', () => {
    let nowMs = 0;
    const book = createConditionBook(() => nowMs);
    const sample = (firstTokenMs: number): number => {
      book.begin(NODE, 'm')({ ...good, firstTokenMs });
      return book.of(NODE, 'm').firstTokenMs ?? 0;
    };
    assert.equal(sample(100), 100);
    assert.equal(sample(2_000), 2_000);
    nowMs += 1_000;
    assert.ok(sample(100) > 1_500);
    nowMs += 60_000;
    assert.ok(sample(100) < 110);
  });

  it('regains its success rate within a window of good calls', () => {
    const book = createConditionBook(() => 0);
    for (let index = 0; index < 50; index += 1) book.begin(NODE, 'm')({ ok: false, failureClass: 'node' });
    assert.ok(book.of(NODE, 'm').successBps < 500);
    for (let index = 0; index < 50; index += 1) book.begin(NODE, 'm')(good);
    assert.equal(book.of(NODE, 'm').successBps, 10_000);
  });
});

describe('the quality book', () => {
  const other = (index: number) => `0x${(index + 2).toString(16).padStart(40, '0')}` as const;
  const query = { node: NODE, model: 'm', family: 1, complexity: 1_000 };
  const seeded = (seed: number) => (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const scored = (book: QualityBook, count: number, quality: number, changes: Partial<typeof query> = {}): void => {
    for (let index = 0; index < count; index += 1)
      book.recordScore({ ...query, ...changes, score: quality - 100, quality });
  };

  it('returns the prior before anything was examined', () => {
    assert.deepEqual(createQualityBook().predict(query), { qualityBps: 6_800, examined: 0 });
  });

  it('moves from the prior to what was scored, first in its family, then a little everywhere', () => {
    const book = createQualityBook();
    scored(book, 30, 2_500);
    const inFamily = book.predict(query).qualityBps;
    const elsewhere = book.predict({ ...query, family: 2 }).qualityBps;
    assert.ok(inFamily < 3_300 && inFamily >= 2_300, String(inFamily));
    assert.ok(elsewhere < 6_800 && elsewhere > inFamily - 300, String(elsewhere));
    assert.equal(book.predict(query).examined, 30);
  });

  it('gives a stranger nearly what others reach with the same model, and nothing for another model', () => {
    const book = createQualityBook();
    for (let index = 0; index < 5; index += 1) scored(book, 20, 9_000, { node: other(index) });
    const stranger = book.predict(query).qualityBps;
    assert.ok(stranger > 8_400 && stranger < 9_000, String(stranger));
    assert.equal(book.predict({ ...query, model: 'another' }).qualityBps, 6_800);
  });

  it('expects less of a model at harder tasks, also of a node that was never examined at them', () => {
    const book = createQualityBook();
    for (let round = 0; round < 40; round += 1)
      for (const complexity of [1_000, 9_000])
        scored(book, 1, complexity === 1_000 ? 9_000 : 5_000, { node: other(round % 4), complexity });
    const easy = book.predict(query).qualityBps;
    const hard = book.predict({ ...query, complexity: 9_000 }).qualityBps;
    assert.ok(easy - hard > 2_000, `${easy} against ${hard}`);
  });

  it('forgets what a node was when it has become another, both ways, within twenty results', () => {
    const book = createQualityBook();
    const random = seeded(7);
    const noisy = (count: number, mean: number): void => {
      for (let index = 0; index < count; index += 1) scored(book, 1, Math.round(mean + 2_000 * (random() - 0.5)));
    };
    noisy(500, 9_000);
    noisy(20, 6_000);
    assert.ok(book.predict(query).qualityBps < 7_000, String(book.predict(query).qualityBps));
    noisy(300, 6_000);
    noisy(20, 9_000);
    assert.ok(book.predict(query).qualityBps > 8_200, String(book.predict(query).qualityBps));
  });

  it('returns another version after every result', () => {
    const book = createQualityBook();
    const before = book.version();
    scored(book, 1, 9_000);
    assert.notEqual(book.version(), before);
  });
});

describe('the directory', () => {
  const node = (role: 0 | 1, name: string, price: number): RegisteredNode => ({
    account: NODE,
    role,
    signer: NODE,
    stake: 1n,
    activeFromEpoch: 0n,
    inactiveFromEpoch: 9n,
    metadata: {
      version: 1,
      name,
      endpoint: 'http://x',
      models: [
        {
          id: 'm',
          contextLength: 10 * price,
          maxOutputTokens: 5,
          capabilities: [name],
          price: { input: price, output: 9 },
        },
      ],
    },
  });

  it('returns inference nodes only, and the same list until the source has another', () => {
    let list = [node(0, 'a', 2), node(1, 'b', 1)];
    const directory = createDirectory({ list: () => list });
    const served = directory.served();
    assert.deepEqual(
      served.map((entry) => entry.node.metadata.name),
      ['a'],
    );
    assert.equal(directory.served(), served);
    list = [...list];
    assert.notEqual(directory.served(), served);
  });

  it('returns one row per model with the best of what its nodes offer', () => {
    const { served } = createDirectory({ list: () => [node(0, 'a', 2), node(0, 'b', 1)] });
    assert.deepEqual(modelViews(served()), [
      {
        id: 'm',
        contextLength: 20,
        maxOutputTokens: 5,
        capabilities: ['a', 'b', 'chat'],
        price: { input: 1, output: 9 },
        nodes: 2,
      },
    ]);
  });
});
