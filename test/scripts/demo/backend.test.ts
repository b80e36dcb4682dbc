import assert from 'node:assert/strict';

import { generateGold } from '../../../gateway/gold/source.ts';
import { goldRequestBody, goldTaskJson, goldTruth } from '../../../gateway/gold/task.ts';
import { createBackend } from '../../../scripts/demo/backends/backend.ts';
import { PROFILES } from '../../../scripts/demo/backends/profiles.ts';
import type { ProfileName } from '../../../scripts/demo/backends/profiles.ts';
import { parseAssignment } from '../../../scripts/demo/backends/prompt.ts';
import type { ChatMessage, SchemaNode } from '../../../scripts/demo/backends/prompt.ts';
import { wordCount } from '../../../scripts/demo/backends/text.ts';
import { below, createRandom } from '../../../scripts/demo/random.ts';
import { OWN_TASKS, readTasks, taskBody } from '../../../scripts/demo/tasks.ts';

type GoldBody = {
  readonly messages: readonly ChatMessage[];
  readonly response_format?: { readonly json_schema?: { readonly schema?: SchemaNode } };
};

/** Texts of this file appear nowhere in the demo: what passes here is not keyed to the demo's tasks. */
const PASSAGE =
  'The windmill of Tarn was restored in 2009 by the carpenter Edda Holm. Its sails are 12 metres long. ' +
  'It grinds spelt every Saturday because the village baker pays for the flour. Visitors reach it by a path from the church.';

function ask(profile: ProfileName, prompt: string, schema?: SchemaNode): string {
  const backend = createBackend({ profile: PROFILES[profile], seed: 'test' });
  return backend.answer({ messages: [{ role: 'user', content: prompt }], schema });
}

const question = (text: string): string => `Passage: ${PASSAGE}\n\nQuestion: ${text}`;

const TASKS = readTasks(OWN_TASKS);

describe('demo/judge', () => {
  it('works by methods that no node uses, in every kind of work', () => {
    const { quality } = PROFILES.judge;
    for (const { quality: other } of Object.values(PROFILES).filter((profile) => profile !== PROFILES.judge)) {
      assert.notEqual(quality.reading.retrieval, other.reading.retrieval);
      assert.notEqual(quality.reading.span, other.reading.span);
      assert.notEqual(quality.extraction.context, other.extraction.context);
      assert.notEqual(quality.arithmetic, other.arithmetic);
      assert.notEqual(quality.summary.choice, other.summary.choice);
      assert.notEqual(quality.classification.evidence, other.classification.evidence);
    }
  });

  it('returns answers of its own, mostly right, and is no copy of the best node', () => {
    assert.equal(ask('judge', question('Who restored the windmill?')), 'Edda Holm');
    assert.equal(ask('judge', question('When was the windmill restored?')), '2009');
    const answers = TASKS.map(({ prompt, schema }) => ({
      judge: ask('judge', prompt, schema as SchemaNode | undefined),
      honest: ask('honest', prompt, schema as SchemaNode | undefined),
    }));
    const same = answers.filter(({ judge, honest }) => judge === honest).length / answers.length;
    assert.ok(same > 0.3 && same < 0.8, `the same in ${same}`);
  });

  it('returns sums that it enters one by one, by the hour and by the head too, and fails where units must be told apart', () => {
    assert.match(
      ask('judge', 'A shop has 6 boxes with 12 pears each. It sells 20 pears. How many are left?'),
      / 52\.$/,
    );
    assert.match(
      ask('judge', 'A bus carries 30 people. 12 get off and 5 get on. How many people are on it?'),
      / 23\.$/,
    );
    assert.match(ask('judge', 'A chair costs 80 euros. It is reduced by 25%. What is the price?'), / 60\.$/);
    assert.match(ask('judge', 'A box holds 6 eggs. How many boxes are needed for 20 eggs?'), / 4\.$/);
    const hourly =
      'A guide earns 10 euros per hour. He works 4 hours on Monday and 2 hours on Friday. How much does he earn?';
    assert.match(ask('judge', hourly), / 60\.$/);
    const heads = 'A seat costs 9 euros for an adult and 4 euros for a child. How much do 3 adults and 2 children pay?';
    assert.match(ask('judge', heads), / 35\.$/);
    const mixed = 'A farm has 8 cows and 5 goats. It buys 3 cows. How many cows are there now?';
    assert.match(ask('honest', mixed), / 11\.$/);
    assert.doesNotMatch(ask('judge', mixed), / 11\.$/);
  });

  it('takes a demand of form for neither a heading nor a number of the problem', () => {
    const problem =
      'Mara had 90 plums. Mara gave 20 plums to a friend and then bought 7 plums. How many plums has she now?';
    for (const demand of ['Begin your answer with "Answer:"', 'Use at most 30 words.'])
      for (const profile of ['judge', 'honest'] as const)
        assert.match(ask(profile, `${problem}\n\n${demand}`), / 77\.$/, `${profile}: ${demand}`);
  });

  it('is right about most generated golds, or evaluators could not tell right from wrong', () => {
    const draws = createRandom('golds');
    const random = (bound: number): number => below(draws, bound);
    const truths = Array.from({ length: 200 }, () => {
      const task = goldTaskJson(generateGold(random));
      const { messages, response_format: format } = goldRequestBody(task) as GoldBody;
      const backend = createBackend({ profile: PROFILES.judge, seed: 'test' });
      const content = backend.answer({ messages, schema: format?.json_schema?.schema });
      const message = { role: 'assistant', content };
      return goldTruth(task, JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }));
    });
    const right = truths.filter((truth) => truth >= 8_000).length;
    assert.ok(right > 180, `${right} of 200`);
  });
});

describe('demo/lexicon', () => {
  it('recognises subjects by everyday words', () => {
    const topic = (labels: string, text: string): string => ask('honest', `Choose one of: ${labels}.\n\nText: ${text}`);
    const subjects = 'sports, politics, science, business';
    assert.equal(topic(subjects, 'Physicists compare their theory of the galaxy with an experiment.'), 'science');
    assert.equal(topic(subjects, 'The senate passed the bill against the opposition.'), 'politics');
    const desks = 'billing, delivery, technical, returns';
    assert.equal(topic(desks, 'A fee that I never agreed to was debited from my account.'), 'billing');
    assert.equal(topic(desks, 'The courier never dispatched the package.'), 'delivery');
    assert.equal(topic(desks, 'After the update the software freezes.'), 'technical');
  });
});

describe('demo/backends', () => {
  it('returns spans of the kind that the question asks for', () => {
    assert.equal(ask('honest', question('Who restored the windmill?')), 'Edda Holm');
    assert.equal(ask('honest', question('When was the windmill restored?')), '2009');
    assert.equal(ask('honest', question('How long are its sails?')).includes('12 metres'), true);
    assert.match(ask('honest', question('Why does it grind spelt?')), /baker pays for the flour/);
  });

  it('returns worse answers from worse profiles to the same question', () => {
    const text = question('Why does it grind spelt?');
    assert.doesNotMatch(ask('lazy', text), /baker/);
    assert.ok(ask('cheap', text).length > ask('honest', text).length);
  });

  it('returns JSON with typed values for a schema it has not seen', () => {
    const schema: SchemaNode = {
      type: 'object',
      properties: {
        buyer: { type: 'string' },
        purchase_date: { type: 'string', format: 'date' },
        quantity: { type: 'integer' },
        price: { type: 'number' },
        size: { enum: ['small', 'medium', 'large'] },
        gift_wrapped: { type: 'boolean' },
      },
    };
    const text =
      'Extract the purchase.\n\nText: Nils Aker bought 5 large candles on 4 May 2025 and paid 31.25 euros. They were not wrapped.';
    assert.deepEqual(JSON.parse(ask('honest', text, schema)), {
      buyer: 'Nils Aker',
      purchase_date: '2025-05-04',
      quantity: 5,
      price: 31.25,
      size: 'large',
      gift_wrapped: false,
    });
  });

  it('returns every required field even where the text is silent', () => {
    const schema: SchemaNode = {
      type: 'object',
      properties: {
        phone: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        count: { type: 'integer' },
      },
      required: ['phone', 'tags', 'count'],
    };
    assert.deepEqual(JSON.parse(ask('honest', 'Extract the facts.\n\nText: Nothing happened.', schema)), {
      phone: '',
      tags: [],
      count: 0,
    });
  });

  it('returns summaries within the asked length, and the careless profile does not', () => {
    const text = `Summarise the text in at most 15 words.\n\nText: ${PASSAGE}`;
    assert.ok(wordCount(ask('honest', text)) <= 15);
    assert.ok(wordCount(ask('degraded', text)) <= 15);
    const worn = createBackend({ profile: { ...PROFILES.degraded, degradesAfter: 1 }, seed: 'test' });
    const prompt = { messages: [{ role: 'user', content: text }], schema: undefined };
    const lengths = Array.from({ length: 5 }, () => wordCount(worn.answer(prompt)));
    assert.ok(lengths.at(-1) !== undefined && Math.max(...lengths) > 15);
  });

  it('returns labels of the list in the prompt', () => {
    const mood = (text: string): string => `Is this review positive, negative or neutral?\n\nReview: ${text}`;
    assert.equal(ask('honest', mood('The staff were friendly and the bed was comfortable.')), 'positive');
    assert.equal(ask('honest', mood('The staff were not friendly and the bed was not comfortable.')), 'negative');
    assert.equal(ask('cheap', mood('The staff were not friendly and the bed was not comfortable.')), 'positive');
    const topic =
      'Choose one of: sports, health, business.\n\nText: Nurses gave the vaccine to patients of the clinic.';
    assert.equal(ask('honest', topic), 'health');
  });

  it('returns one answer for one request, and other faults for another seed', () => {
    const draw = (seed: string): unknown[] => {
      const backend = createBackend({ profile: PROFILES.flaky, seed });
      return Array.from({ length: 60 }, () => backend.nextFault());
    };
    assert.deepEqual(draw('a'), draw('a'));
    assert.notDeepEqual(draw('a'), draw('b'));
    const faulty = draw('a').filter((fault) => fault !== undefined).length;
    assert.ok(faulty > 5 && faulty < 35, `${faulty} faults of 60`);
    assert.equal(
      ask('cheap', question('Who restored the windmill?')),
      ask('cheap', question('Who restored the windmill?')),
    );
  });

  it('recognises the family of every task of the demo', () => {
    for (const task of readTasks(OWN_TASKS)) {
      const schema = task.schema as SchemaNode | undefined;
      assert.equal(parseAssignment([{ role: 'user', content: task.prompt }], schema).intent, task.family, task.prompt);
      assert.equal(taskBody(task)['response_format'] !== undefined, task.schema !== undefined);
    }
  });
});
