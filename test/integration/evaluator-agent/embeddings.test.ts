import assert from 'node:assert/strict';

import { createEmbeddingsScorer } from '../../../gateway/agents/evaluator/scorers/embeddings.ts';
import type { EmbeddingsOptions } from '../../../gateway/agents/evaluator/scorers/embeddings.ts';
import { embed } from '../../../gateway/agents/evaluator/scorers/vectors.ts';
import { FAULTS, LONG_MS, base, evaluandOf, patience, startModel, stopModels } from './model-servers.ts';
import type { Reply } from './model-servers.ts';

const QUESTION = 'Why did the driver stop?';
const RIGHT = 'His automobile had no petrol.';
const WRONG = 'A sheep crossed the meadow slowly.';
const PEERS = ['The car ran out of fuel.', 'No fuel was left in the car.'];

/** Words that mean the same share a dimension; every other word has one of its own, and any text points a little one way. */
const CONCEPTS: readonly (readonly string[])[] = [
  ['automobile', 'car', 'vehicle'],
  ['petrol', 'fuel', 'gas'],
  ['no', 'out', 'left', 'empty'],
  ['sheep', 'lamb'],
  ['meadow', 'field'],
];
const COMMON = 1;

function vectorOf(text: string): number[] {
  const words: readonly string[] = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const counts = CONCEPTS.map((concept) => words.filter((word) => concept.includes(word)).length);
  const elsewhere = ['harbour', 'library', 'musicians'].map((word) => (words.includes(word) ? 3 : 0));
  return [...counts, ...elsewhere, COMMON];
}

type Item = { readonly index?: number; readonly embedding: readonly (number | null)[] };
const items = (body: string): Item[] =>
  (JSON.parse(body).input as string[]).map((text, index) => ({ index, embedding: vectorOf(text) }));
const embeds =
  (change: (data: Item[]) => unknown = (data) => data): Reply =>
  (body, response) =>
    response.end(JSON.stringify({ data: change(items(body)) }));

/** The vector of one text replaced. */
const swap =
  (at: number, embedding: readonly (number | null)[]) =>
  (data: Item[]): Item[] =>
    data.map((item, index) => (index === at ? { ...item, embedding } : item));

describe('embeddings', () => {
  afterEach(stopModels);

  async function scoreOf(
    reply: Reply,
    evaluand = evaluandOf(QUESTION, RIGHT, PEERS),
    { timeoutMs = LONG_MS, ...more }: Partial<EmbeddingsOptions> & { readonly timeoutMs?: number } = {},
  ) {
    const model = await startModel(reply);
    const silent: unknown[] = [];
    const scorer = createEmbeddingsScorer({
      modelName: 'small',
      embed: (texts) => embed({ modelUrl: model.url, modelName: 'small', modelKey: 'secret', timeoutMs }, texts),
      base,
      onSilent: (reason) => silent.push(reason),
      ...more,
    });
    return { scores: await scorer.score(evaluand), silent, asked: model.asked, scorer };
  }

  const right = () => scoreOf(embeds());

  it('returns more for what others say in other words than for what they do not say', async () => {
    const [same, other] = [await right(), await scoreOf(embeds(), evaluandOf(QUESTION, WRONG, PEERS))];
    assert.ok(same.scores.accuracy > 5_000, String(same.scores.accuracy));
    assert.ok(other.scores.accuracy < 4_000, String(other.scores.accuracy));
    assert.deepEqual([same.scores.consistency, same.scores.format], [1_000, 10_000]);
    assert.equal(same.silent.length + other.silent.length, 0);
  });

  it("returns an integer within a quarter of the base scorer's", async () => {
    const best = await scoreOf(embeds(), evaluandOf(QUESTION, PEERS[0] ?? '', [PEERS[0] ?? '', PEERS[0] ?? '']));
    assert.equal(best.scores.accuracy, (2_500 * 10_000 + 7_500 * 4_000) / 10_000);
    const opposite = await scoreOf(embeds(swap(0, [-1, -1, -1, -1, -1, -1, -1, -1, -1])));
    assert.equal(opposite.scores.accuracy, 3_000);
  });

  it("measures from the model's own zero, as docs/poq.md works it out", async () => {
    const [shared, own] = [Math.sqrt(0.2), Math.sqrt(0.8)];
    const vectors = [
      [1, 0, 0, 0, 0, 0],
      [0, 0, own, 0, 0, shared],
      [0, 0, 0, own, 0, shared],
      [0, 0, 0, 0, own, shared],
      [0.8, 0.6, 0, 0, 0, 0],
      [0.8, -0.6, 0, 0, 0, 0],
    ];
    const reply: Reply = (_, response) =>
      response.end(JSON.stringify({ data: vectors.map((embedding, index) => ({ index, embedding })) }));
    const six = { ...base, score: async () => ({ accuracy: 6_000, consistency: 0, format: 0 }) };
    assert.equal((await scoreOf(reply, undefined, { base: six })).scores.accuracy, 6_375);
  });

  it('asks one server once, with model, key and every text', async () => {
    const { asked } = await right();
    assert.deepEqual(
      asked.map(({ url, headers }) => [url, headers.authorization]),
      [['/v1/embeddings', 'Bearer secret']],
    );
    const { model, input } = JSON.parse(asked[0]?.body ?? '{}');
    assert.equal(model, 'small');
    assert.deepEqual([input[0], ...input.slice(4)], [RIGHT, ...PEERS]);
  });

  it('counts others of one account or family as one voice', async () => {
    const evaluand = evaluandOf(QUESTION, RIGHT, [...PEERS, WRONG, WRONG]);
    const crowd = evaluand.peers.map((peer, index) => (index < 2 ? peer : { ...peer, family: 'sybil' }));
    const { scores: one } = await scoreOf(embeds(), { ...evaluand, peers: crowd });
    const { scores: two } = await scoreOf(embeds(), evaluand);
    assert.ok(one.accuracy > two.accuracy, `${one.accuracy} ${two.accuracy}`);
  });

  it('hears the second opinion, with half the share when it is alone', async () => {
    const alone = evaluandOf(QUESTION, PEERS[0] ?? '');
    const { scores } = await scoreOf(embeds(), alone, { opinion: async () => PEERS[0] });
    assert.equal(scores.accuracy, (1_250 * 10_000 + 8_750 * 4_000) / 10_000);
    const none = await scoreOf(embeds(), alone, { opinion: async () => undefined });
    assert.equal(none.scores.accuracy, 4_000);
    assert.equal(none.asked.length, 0);
  });

  it('hears the passage with a quarter of the share, by its nearest part', async () => {
    const filler = 'The sheep stood in the meadow all day and nobody came by. '.repeat(11);
    const question = `Passage: ${filler}The car had no fuel left.\nQuestion: ${QUESTION}`;
    const { scores } = await scoreOf(embeds(), evaluandOf(question, RIGHT));
    assert.ok(scores.accuracy > 4_200 && scores.accuracy <= 4_375, String(scores.accuracy));
    const astray = await scoreOf(embeds(), evaluandOf(question, 'The library was closed.'));
    assert.ok(astray.scores.accuracy < 4_000, String(astray.scores.accuracy));
  });

  it('returns the same for a server that answers out of order', async () => {
    const [ordered, shuffled] = [await right(), await scoreOf(embeds((data) => data.toReversed()))];
    assert.deepEqual(shuffled.scores, ordered.scores);
  });

  for (const [name, question, answer] of [
    ['a number', 'How many apples are left?', '41'],
    ['a label', 'Classify the review as one of: positive, negative.', 'positive'],
    ['JSON', 'Give the capital of Peru in JSON.', '{"capital":"Lima"}'],
    ['an empty answer', QUESTION, ' '],
  ] as const) {
    it(`leaves ${name} to the base scorer without asking`, async () => {
      const { scores, asked } = await scoreOf(embeds(), evaluandOf(question, answer, PEERS));
      assert.equal(scores.accuracy, 4_000);
      assert.equal(asked.length, 0);
    });
  }

  const BROKEN: Readonly<Record<string, Reply>> = {
    ...FAULTS,
    'gives too few vectors': embeds((data) => data.slice(1)),
    'gives too many vectors': embeds((data) => [...data, ...data.slice(0, 1)]),
    'gives one text two vectors': embeds((data) => data.map((item) => ({ ...item, index: 0 }))),
    'gives vectors of other places': embeds((data) => data.map((item) => ({ ...item, index: -1 - (item.index ?? 0) }))),
    'gives vectors of several lengths': embeds(swap(1, [1, 2])),
    'gives NaN, written as null': embeds(swap(0, [Number.NaN, 1, 1, 1, 1, 1, 1, 1, 1])),
    'gives another answer NaN, written as null': embeds(swap(4, [Number.NaN, 1, 1, 1, 1, 1, 1, 1, 1])),
    'gives bare NaN': (_, response) => response.end('{"data":[{"index":0,"embedding":[NaN]}]}'),
    'gives infinite values': (body, response) =>
      response.end(
        JSON.stringify({ data: swap(0, [7e77, 1, 1, 1, 1, 1, 1, 1, 1])(items(body)) }).replace('7e+77', '1e999'),
      ),
    'gives values too large to compare': embeds(swap(0, [1e200, 1e200, 1, 1, 1, 1, 1, 1, 1])),
    'gives the answer a zero vector': embeds(swap(0, [0, 0, 0, 0, 0, 0, 0, 0, 0])),
    'gives empty vectors': embeds((data) => data.map((item) => ({ ...item, embedding: [] }))),
    'gives vectors of text': embeds((data) => data.map((item) => ({ ...item, embedding: 'AACAPw==' }))),
    'calls everything alike': embeds((data) => data.map((item) => ({ ...item, embedding: [1, 1] }))),
  };
  for (const [name, reply] of Object.entries(BROKEN)) {
    it(`returns the base scorer's accuracy when the server ${name}`, async () => {
      const { scores, silent } = await scoreOf(reply, undefined, { timeoutMs: patience(name) });
      assert.equal(scores.accuracy, 4_000);
      assert.equal(silent.length, 1);
    });
  }

  it('leaves out another answer that has no direction', async () => {
    const { scores, silent } = await scoreOf(embeds(swap(4, [0, 0, 0, 0, 0, 0, 0, 0, 0])));
    assert.ok(scores.accuracy > 4_000);
    assert.equal(silent.length, 0);
  });

  it('returns integers for hostile texts, and shows the server bounded ones', async () => {
    for (const text of [
      '\ud800 lone',
      '\u202e right to left',
      'x'.repeat(900_000),
      '\u0000\u0007 bell',
      '🦀'.repeat(5_000),
    ]) {
      const { scores, asked } = await scoreOf(embeds(), evaluandOf(text, text, [text, RIGHT]));
      assert.ok(Number.isInteger(scores.accuracy));
      assert.ok((asked[0]?.body.length ?? 0) < 30_000);
    }
  });

  it('has an id that depends on model, base and whether there is a second opinion', async () => {
    const { scorer } = await right();
    const { scorer: other } = await scoreOf(embeds(), undefined, { modelName: 'large' });
    const { scorer: heard } = await scoreOf(embeds(), undefined, { opinion: async () => undefined });
    assert.equal(new Set([base.id, scorer.id, other.id, heard.id]).size, 4);
  });
});
