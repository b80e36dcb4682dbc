import assert from 'node:assert/strict';

import fc from 'fast-check';

import {
  checkEquations,
  derivations,
  evaluate,
  plainExpression,
} from '../../../../gateway/poq/dimensions/arithmetic.ts';
import { consistencyScore, independentVotes, isComparable } from '../../../../gateway/poq/dimensions/consistency.ts';
import { accuracyWithoutReference } from '../../../../gateway/poq/dimensions/reference-free.ts';
import { readAnswer, readRequest } from '../../../../gateway/poq/dimensions/request-view.ts';
import { answersFromPassage } from '../../../../gateway/poq/dimensions/faithfulness.ts';
import { readTask } from '../../../../gateway/poq/dimensions/task.ts';
import { check } from '../arbitraries.ts';
import { HOSTILE, anyText } from './texts.ts';

const task = (prompt: string) => readTask({ prompt, responseFormat: undefined });
const peer = (index: number, text: string) => ({ account: `0x${index}`, family: `family-${index}`, text });
const score = (prompt: string, answer: string, peers: readonly string[] = []): number =>
  accuracyWithoutReference({ task: task(prompt), answer, peers: peers.map((text, index) => peer(index, text)) });

/** Every answer must score at least `gap` more than the next. */
function assertFalling(prompt: string, answers: readonly string[], gap: number): void {
  const scores = answers.map((answer) => score(prompt, answer));
  scores.slice(1).forEach((value, index) => {
    assert.ok((scores[index] ?? 0) >= value + gap, `${scores.join(' > ')} for ${JSON.stringify(answers)}`);
  });
}

describe('arithmetic', () => {
  it('returns the value of an expression', () => {
    const cases: readonly (readonly [string, number | undefined])[] = [
      ['1 + 2 * (3 - 4)', -1],
      ['12 × (7 + 5)', 144],
      ['1,200 ÷ 4', 300],
      ['20% * 50', 10],
      ['3 x 4', 12],
      ['-3 - -4', 1],
      ['1 / 0', undefined],
      ['1 +', undefined],
      ['(1', undefined],
      ['', undefined],
      [`${'('.repeat(100)}1${')'.repeat(100)}`, undefined],
    ];
    for (const [text, value] of cases) assert.equal(evaluate(text), value, text);
  });

  it('returns which written steps hold', () => {
    assert.deepEqual(checkEquations('3 * 4 = 12, then 12 + 5 = 18. x = 7. 10 / 3 = 3.33'), { total: 3, right: 2 });
    assert.deepEqual(checkEquations('no sums here'), { total: 0, right: 0 });
  });

  it('returns the expression of a plain question, and nothing for a story', () => {
    assert.equal(plainExpression('What is 12 × (7 + 5)?'), 144);
    assert.equal(plainExpression('Compute 45 - 3 * 5.'), 30);
    assert.equal(plainExpression('Tom has 3 apples and buys 4 more. How many?'), undefined);
    assert.equal(plainExpression('In 1969, what was 2 + 2?'), undefined);
  });

  it('returns how a result can follow from the numbers given', () => {
    assert.deepEqual(derivations([12, 5, 3], 51), [{ adds: true, multiplies: true, unused: 0 }]); // (12 + 5) × 3
    assert.deepEqual(derivations([12, 5, 3], 52), []);
    assert.deepEqual(derivations([8, 2], 8), []); // a number that was given is not a result
    assert.deepEqual(derivations([8, 2, 50], 16), [{ adds: false, multiplies: true, unused: 1 }]);
    assert.deepEqual(derivations([], 1), []);
  });

  it('returns dates and stories as no expressions', () => {
    assert.equal(plainExpression('What is the order of 2026-11-22?'), undefined);
    assert.equal(plainExpression('Written on 22/11/2026.'), undefined);
  });
});

describe('accuracy without a reference', () => {
  const passage =
    'The lighthouse at Cape Verla was built in 1874 by the engineer Tomas Hedin. It stands 41 metres tall. ' +
    'A storm destroyed the first lantern in 1902, and the keeper Anna Brandt lived there for thirty years. ' +
    'Today it houses a small museum about shipping in the northern strait.';

  it('returns more for the span that answers than for another span, and little for inventions', () => {
    const prompt = `Passage: ${passage}\n\nQuestion: Who built the lighthouse at Cape Verla?`;
    assertFalling(
      prompt,
      ['The engineer Tomas Hedin.', 'Anna Brandt, the keeper', 'Johannes Kepler and Napoleon'],
      400,
    );
    const tall = `Passage: ${passage}\n\nQuestion: How tall is the lighthouse at Cape Verla?`;
    assertFalling(tall, ['41 metres', 'thirty years', 'It was built in 1874.'.replace('1874', 'wood')], 100);
    assert.ok(score(tall, '41 metres') > 8_000);
    assert.ok(score(prompt, '') === 0 && score(prompt, "I'm sorry, I cannot find that.") < 2_000);
  });

  it('returns more for extracted fields that stand in the text', () => {
    const prompt = `Extract the fields as JSON with keys builder, year, height.\n\nText: ${passage}`;
    assertFalling(
      prompt,
      [
        '{"builder":"Tomas Hedin","year":1874,"height":"41 metres"}',
        '{"builder":"Tomas Hedin","year":1901,"height":null}',
        '{"builder":"Nobody Known","year":3,"height":null}',
      ],
      500,
    );
    assert.ok(score(prompt, 'The builder was Tomas Hedin.') < 1_000);
  });

  it('returns more for a short faithful summary than for a copy, a fragment or an invention', () => {
    const prompt = `Summarise the text in two sentences.\n\nText: ${passage}`;
    const good =
      'The lighthouse at Cape Verla, built in 1874 by engineer Tomas Hedin, lost its first lantern in a storm in 1902. Today it houses a small museum about shipping.';
    assertFalling(prompt, [good, passage, 'Pirates of the southern sea sold the castle to a banker.'], 500);
    assert.ok(score(prompt, good) > score(prompt, 'It is tall.') + 500);
  });

  it('returns right or wrong for arithmetic that can be done again', () => {
    assert.equal(score('What is 17 * 23?', 'The result is 391.'), 10_000);
    assert.equal(score('What is 17 * 23?', '381'), 0);
    const story = 'A box holds 12 pens. A school buys 15 boxes and gives away 30 pens. How many pens are left?';
    assertFalling(
      story,
      ['15 * 12 = 180, and 180 - 30 = 150. The answer is 150.', '15 * 12 = 170, and 170 - 30 = 140.', 'no idea'],
      200,
    );
  });

  it('returns more for the operation that the story asks for', () => {
    const drive = 'A lorry drives at 46 kilometres per hour for 8 hours. How far does it drive?';
    assertFalling(
      drive,
      ['46 × 8 = 368. The answer is 368.', '46 + 8 = 54. The answer is 54.', 'The answer is 46.'],
      800,
    );
    const sale =
      'A machine costs 380 euros. Its price is reduced by 60 percent. What is the price now? How much is it?';
    assertFalling(sale, ['The answer is 152.', 'The answer is 380.'], 2_000);
  });

  it('returns the same whatever the system message says', () => {
    const system =
      'You are a careful assistant of a busy office and always answer politely, precisely and briefly, in plain words and without any further remark.';
    const user =
      'Theo had 374 stamps. He gave 20 stamps to a neighbour and then bought 9 stamps. How many stamps does Theo have now?';
    const messages = [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ];
    const answer = '374 - 20 + 9 = 363. The answer is 363.';
    const withSystem = accuracyWithoutReference({
      task: readTask(readRequest(JSON.stringify({ messages }))),
      answer,
      peers: [],
    });
    assert.equal(withSystem, score(user, answer));
    assert.ok(withSystem > 7_000);
  });

  it('returns less for values of the wrong type or with dates in another form than the schema asks for', () => {
    const properties = { day: { type: 'string', format: 'date' }, pens: { type: 'integer' } };
    const responseFormat = {
      type: 'json_schema',
      json_schema: { schema: { type: 'object', properties, required: ['day', 'pens'] } },
    };
    const prompt = 'Fill the schema.\n\nText: The order of 24 January 2017 was for 47 pens.';
    const of = (answer: string): number =>
      accuracyWithoutReference({ task: readTask({ prompt, responseFormat }), answer, peers: [] });
    assert.equal(of('{"day":"2017-01-24","pens":47}'), 10_000);
    assert.ok(of('{"day":"2017-01-24","pens":"47"}') < 7_000);
    assert.ok(of('{"day":"24 January 2017","pens":47}') < 7_000);
    assert.ok(of('{"pens":47}') <= 5_000);
  });

  it('returns labels from the ways in which they are offered', () => {
    const offered = (prompt: string): readonly string[] => task(prompt).options;
    assert.deepEqual(offered('Choose the category from: delivery, billing, returns.\n\nTicket: It is late.'), [
      'delivery',
      'billing',
      'returns',
    ]);
    assert.deepEqual(offered('Is the review positive, negative or neutral?'), ['positive', 'negative', 'neutral']);
    assert.deepEqual(offered('Assign one of these labels: a1, b2.'), ['a1', 'b2']);
    assert.deepEqual(offered('Answer yes or no.'), ['yes', 'no']);
    assert.deepEqual(offered('Which river flows through Vienna?'), []);
  });

  it('returns what independent others answered where nothing else can tell', () => {
    const prompt =
      'Classify the review as positive, negative or neutral.\n\nReview: The food was cold and the waiter rude, we shall not come again, although the music in the evening was quite nice.';
    assert.ok(
      score(prompt, 'negative', ['negative', 'Negative.', 'negative']) >
        score(prompt, 'positive', ['negative', 'Negative.', 'negative']) + 4_000,
    );
    assert.ok(score(prompt, 'purple') < 1_000);
  });

  it('returns less for an answer that repeats itself', () => {
    const prompt = `Passage: ${passage}\n\nQuestion: Who built the lighthouse at Cape Verla?`;
    assert.ok(score(prompt, 'Tomas Hedin '.repeat(60)) < score(prompt, 'Tomas Hedin') / 3);
  });

  it('returns a score for every request, answer and peer without an exception', () => {
    for (const text of HOSTILE) {
      const view = readRequest(JSON.stringify({ messages: [{ role: 'user', content: text }] }));
      const own = accuracyWithoutReference({
        task: readTask(view),
        answer: text,
        peers: [peer(1, text), peer(2, 'x')],
      });
      assert.ok(Number.isInteger(own) && own >= 0 && own <= 10_000);
    }
    check(
      fc.property(anyText, anyText, anyText, (prompt, answer, other) => {
        const result = score(prompt, answer, [other, answer]);
        return Number.isInteger(result) && result >= 0 && result <= 10_000;
      }),
    );
  });
});

describe('consistency', () => {
  const question = task('Which river flows through Vienna?');
  const answers = ['The Danube flows through Vienna.', 'Vienna lies on the Danube.', 'It is the Danube.'].map(
    (text, index) => peer(index, text),
  );

  it('returns much for agreement and little for standing alone', () => {
    assert.ok(consistencyScore('The Danube.', answers, question) > 8_000);
    assert.ok(consistencyScore('The river Thames.', answers, question) < 1_500);
  });

  it('returns one vote per account and per model family', () => {
    const copies = Array.from({ length: 6 }, (_, index) => ({
      account: '0xA',
      family: `f${index}`,
      text: 'The Thames.',
    }));
    const clones = Array.from({ length: 6 }, (_, index) => ({
      account: `0xb${index}`,
      family: 'llama',
      text: 'The Thames.',
    }));
    assert.equal(independentVotes([...copies, ...clones]).length, 2);
    assert.equal(independentVotes([...copies, ...clones, { account: '0xa', family: 'llama', text: '' }]).length, 1);
    const crowd = [...answers, ...copies];
    const alone = consistencyScore('The Danube.', answers, question);
    assert.ok(consistencyScore('The Danube.', crowd, question) > (alone * 3) / 4 - 100);
  });

  it('returns 0 with fewer than two independent others', () => {
    assert.equal(isComparable(answers.slice(0, 1)), false);
    assert.equal(isComparable(answers.slice(0, 2)), true);
    assert.equal(consistencyScore('The Danube.', answers.slice(0, 1), question), 0);
  });
});

describe('request view', () => {
  it('returns the text of messages, parts, completions and tool calls', () => {
    const request = {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'assistant', content: 'no' },
        { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      ],
    };
    assert.equal(readRequest(JSON.stringify(request)).prompt, 'Be brief.\n\nHi');
    assert.equal(readRequest('{"prompt":"Once"}').prompt, 'Once');
    const call = { function: { name: 'f', arguments: '{"a":1}' } };
    assert.equal(
      readAnswer(JSON.stringify({ choices: [{ message: { content: '', tool_calls: [call] } }] })),
      '{"a":1}',
    );
    assert.equal(readAnswer('{"choices":[{"index":0,"text":"there"}]}'), 'there');
    assert.equal(readAnswer('garbage') + readRequest('[]').prompt, '');
  });
});

describe('answersFromPassage', () => {
  it('returns next to nothing for the whole passage, and full credit for its right part', () => {
    const passage =
      'The bridge opened in 1931. Tomas Hedin built it from granite. Ferries had crossed the river before that.';
    const question = 'Who built the bridge?';
    const right = answersFromPassage('Tomas Hedin', passage, question);
    assert.ok(right > 0.5);
    assert.ok(answersFromPassage(passage, passage, question) < 0.1 * right);
    assert.ok(answersFromPassage(`Tomas Hedin\n${passage}`, passage, question) < 0.1 * right);
  });
});
