import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createChatStream } from '../../../gateway/execute/chat-stream.ts';
import type { ChatStream } from '../../../gateway/execute/chat-stream.ts';
import { parseChatAnswer } from '../../../gateway/execute/chat-plain.ts';
import { UpstreamFailure } from '../../../gateway/execute/failure.ts';
import type { FailureReason } from '../../../gateway/execute/failure.ts';
import { createSseScanner } from '../../../gateway/execute/sse-scanner.ts';
import { chatContent } from '../../../gateway/protocol/content.ts';

const failsWith =
  (reason: FailureReason) =>
  (error: unknown): boolean =>
    error instanceof UpstreamFailure && error.reason === reason;

const event = (value: object | string): string =>
  `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
const part = (delta: object, finish: string | null = null, index = 0): object => ({
  index,
  delta,
  finish_reason: finish,
});
const chunk = (...choices: object[]): object => ({ id: 'c1', created: 5, model: 'm', choices });

function feed(stream: ChatStream, ...events: (object | string)[]): string[] {
  const frames = createSseScanner(1e6).push(Buffer.from(events.map(event).join('')));
  return frames.map((frame) => {
    const { kind, forward } = stream.accept(frame);
    return `${kind}${forward === undefined ? '' : `+${forward.toString('utf8').trim()}`}`;
  });
}
const kinds = (seen: readonly string[]): string[] => seen.map((text) => text.split('+')[0] ?? '');

describe('a chat stream', () => {
  it('returns the kinds of its events: the first words are the first content', () => {
    const stream = createChatStream(1e6);
    const seen = feed(
      stream,
      chunk(part({ role: 'assistant', content: '' })),
      chunk(part({ content: 'hi' })),
      chunk(part({}, 'stop')),
      '[DONE]',
    );
    assert.deepEqual(kinds(seen), ['head', 'content', 'content', 'done']);
    assert.deepEqual(stream.complete(), {
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    });
  });

  const usage = {
    prompt_tokens: 3,
    completion_tokens: 4,
    total_tokens: 7,
    completion_tokens_details: { reasoning_tokens: 1 },
  };
  const shapes: readonly (readonly [string, object[]])[] = [
    ['a last chunk without choices', [chunk(part({ content: 'x' }, 'stop')), { ...chunk(), usage }]],
    ['beside the finish reason', [{ ...chunk(part({ content: 'x' }, 'stop')), usage }]],
    [
      'every chunk',
      [
        { ...chunk(part({ content: 'x' })), usage: { prompt_tokens: 3, completion_tokens: 1 } },
        { ...chunk(part({}, 'stop')), usage },
      ],
    ],
    ['inside a choice', [chunk({ ...part({ content: 'x' }, 'stop'), usage })]],
    ['under x_groq', [{ ...chunk(part({ content: 'x' }, 'stop')), x_groq: { usage } }]],
    ['a chunk that has no choices at all', [chunk(part({ content: 'x' }, 'stop')), { id: 'c1', usage }]],
    [
      "Anthropic's names",
      [
        chunk(part({ content: 'x' }, 'stop')),
        {
          ...chunk(),
          usage: { input_tokens: 3, output_tokens: 4, completion_tokens_details: { reasoning_tokens: 1 } },
        },
      ],
    ],
    [
      'null until the end',
      [
        { ...chunk(part({ content: 'x' }, 'stop')), usage: null },
        { ...chunk(), usage },
      ],
    ],
  ];
  for (const [name, events] of shapes) {
    it(`returns usage, and keeps it from the caller: ${name}`, () => {
      const stream = createChatStream(1e6);
      const seen = feed(stream, ...events, '[DONE]');
      assert.deepEqual(stream.usage(), {
        promptTokens: 3,
        completionTokens: 4,
        details: { completion_tokens_details: { reasoning_tokens: 1 } },
      });
      assert.ok(
        seen.every((text) => !text.includes('usage"')),
        seen.join('\n'),
      );
      assert.ok(seen.some((text) => text.includes('"content":"x"')));
    });
  }

  it('returns what a plain answer of the same words returns', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 8 });
    const tool = fc.record({
      name: fc.constantFrom('add', 'look_up'),
      pieces: fc.array(word, { minLength: 1, maxLength: 4 }),
    });
    const choice = fc.record({ words: fc.array(word, { maxLength: 5 }), tools: fc.array(tool, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(choice, { minLength: 1, maxLength: 3 }), (choices) => {
        const events = choices.flatMap(({ words, tools }, index) => [
          chunk(part({ role: 'assistant', content: '' }, null, index)),
          ...words.map((content) => chunk(part({ content }, null, index))),
          ...tools.flatMap(({ name, pieces }, at) => [
            chunk(
              part(
                { tool_calls: [{ index: at, id: `call_${at}`, type: 'function', function: { name, arguments: '' } }] },
                null,
                index,
              ),
            ),
            ...pieces.map((args) =>
              chunk(part({ tool_calls: [{ index: at, function: { arguments: args } }] }, null, index)),
            ),
          ]),
          chunk(part({}, tools.length > 0 ? 'tool_calls' : 'stop', index)),
        ]);
        const stream = createChatStream(1e6);
        feed(stream, ...events, '[DONE]');
        const plain = parseChatAnswer(
          JSON.stringify({
            model: 'm',
            choices: choices.map(({ words, tools }, index) => ({
              index,
              message: {
                role: 'assistant',
                content: words.join(''),
                tool_calls: tools.map(({ name, pieces }, at) => ({
                  id: `call_${at}`,
                  type: 'function',
                  function: { name, arguments: pieces.join('') },
                })),
              },
              finish_reason: tools.length > 0 ? 'tool_calls' : 'stop',
            })),
          }),
        );
        assert.equal(chatContent(stream.complete()), chatContent(plain.content));
      }),
      { numRuns: 200 },
    );
  });

  const broken: readonly (readonly [string, (object | string)[], FailureReason])[] = [
    ['an error event', [{ error: { message: 'no' } }], 'in_band_error'],
    ['an event that is no JSON', ['{"choices":['], 'malformed'],
    ['an event that is a number', ['7'], 'malformed'],
    ['a chunk without choices or usage', [{ id: 'x' }], 'malformed'],
    ['a choice that is null', [{ choices: [null] }], 'malformed'],
    ['a negative index', [chunk(part({}, null, -1))], 'malformed'],
    ['content that is a number', [chunk(part({ content: 7 }))], 'malformed'],
    [
      'words after the finish reason',
      [chunk(part({ content: 'x' }, 'stop')), chunk(part({ content: 'y' }))],
      'malformed',
    ],
    [
      'a tool call after the finish reason',
      [chunk(part({}, 'stop')), chunk(part({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '{}' } }] }))],
      'malformed',
    ],
    [
      'reasoning after the finish reason, beside another choice',
      [chunk(part({}, 'stop')), chunk(part({ content: 'y' }, null, 1), part({ reasoning_content: 'z' }))],
      'malformed',
    ],
    ['tool calls that are no list', [chunk(part({ tool_calls: 'x' }))], 'malformed'],
  ];
  const unasked: readonly (readonly [string, number, (object | string)[]])[] = [
    [
      'a second choice when one was asked for',
      1,
      [chunk(part({ content: 'x' })), chunk(part({ content: 'y' }, null, 1))],
    ],
    ['an index beyond those asked for', 2, [chunk(part({ content: 'x' }, null, 2))]],
    ['an index between two whole numbers', 2, [chunk(part({ content: 'x' }, null, 0.5))]],
    ['an index that is text', 2, [chunk({ ...part({ content: 'x' }), index: '1' })]],
    ['one index twice in a chunk', 2, [chunk(part({ content: 'x' }), part({ content: 'y' }))]],
  ];
  for (const [name, asked, events] of unasked) {
    it(`rejects ${name}`, () => {
      assert.throws(() => feed(createChatStream(1e6, asked), ...events), failsWith('malformed'));
    });
  }

  it('returns as many choices as were asked for, or fewer', () => {
    const stream = createChatStream(1e6, 3);
    feed(stream, chunk(part({ content: 'x' }, 'stop'), part({ content: 'y' }, 'stop', 1)), '[DONE]');
    assert.deepEqual(
      stream.complete().choices.map(({ index, message }) => [index, message.content]),
      [
        [0, 'x'],
        [1, 'y'],
      ],
    );
  });

  for (const [name, events, reason] of broken) {
    it(`rejects ${name}`, () => {
      assert.throws(() => feed(createChatStream(1e6), ...events), failsWith(reason));
    });
  }

  it('returns an answer whose chunks after the finish reason say nothing, or concern another choice', () => {
    const stream = createChatStream(1e6);
    const seen = feed(
      stream,
      chunk(part({ content: 'x' }, 'stop')),
      chunk(part({ role: 'assistant', content: '' })),
      chunk(part({}, 'stop')),
      chunk(part({ content: 'y' }, 'stop', 1)),
      '[DONE]',
    );
    assert.deepEqual(kinds(seen), ['content', 'head', 'content', 'content', 'done']);
    assert.deepEqual(
      stream.complete().choices.map(({ message }) => message.content),
      ['x', 'y'],
    );
  });

  it('rejects an answer that is too large', () => {
    assert.throws(() => feed(createChatStream(500), chunk(part({ content: 'x'.repeat(600) }))), failsWith('too_large'));
  });

  const unfinished: readonly (readonly [string, (object | string)[]])[] = [
    ['nothing', []],
    ['[DONE] alone', ['[DONE]']],
    ['words without a finish reason', [chunk(part({ content: 'x' })), '[DONE]']],
    ['one of two choices open', [chunk(part({ content: 'x' }, 'stop'), part({ content: 'y' }, null, 1)), '[DONE]']],
    ['no [DONE]', [chunk(part({ content: 'x' }, 'stop'))]],
  ];
  for (const [name, events] of unfinished) {
    it(`rejects as truncated: ${name}`, () => {
      const stream = createChatStream(1e6);
      feed(stream, ...events);
      assert.throws(() => stream.complete(), failsWith('truncated'));
    });
  }

  it('never throws anything but a failure of the upstream, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.json(),
            fc.string(),
            fc.jsonValue().map((value) => JSON.stringify({ choices: value })),
            fc.jsonValue().map((value) => JSON.stringify({ choices: [{ delta: value }] })),
          ),
          { maxLength: 5 },
        ),
        (texts) => {
          const stream = createChatStream(10_000);
          try {
            feed(stream, ...texts.map((text) => text.replaceAll(/[\r\n]/g, ' ')));
            stream.complete();
          } catch (error) {
            assert.ok(error instanceof UpstreamFailure, String(error));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a plain answer', () => {
  const body = (extra: object): string =>
    JSON.stringify({
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
      ...extra,
    });

  it('returns content "" for null and drops what is not canonical', () => {
    const { content } = parseChatAnswer(
      body({
        choices: [{ message: { role: 'assistant', content: null, audio: {} }, logprobs: null, finish_reason: 'stop' }],
      }),
    );
    assert.deepEqual(content.choices, [
      { index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'stop' },
    ]);
  });

  const broken: readonly (readonly [string, string, FailureReason])[] = [
    ['garbage', '<html>', 'malformed'],
    ['half of the JSON', body({}).slice(0, 40), 'malformed'],
    ['no choices', body({ choices: [] }), 'malformed'],
    ['nesting without end', `${body({}).slice(0, -1)},"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 'malformed'],
    ['an error', body({ error: { message: 'no' } }), 'in_band_error'],
    ['no finish reason', body({ choices: [{ message: { content: 'x' }, finish_reason: null }] }), 'truncated'],
    ['no message', body({ choices: [{ text: 'x', finish_reason: 'stop' }] }), 'malformed'],
    [
      'a tool call without arguments',
      body({ choices: [{ message: { tool_calls: [{ function: { name: 'f' } }] }, finish_reason: 'stop' }] }),
      'malformed',
    ],
    [
      'two choices of one index',
      body({ choices: [0, 0].map((index) => ({ index, message: { content: '' }, finish_reason: 'stop' })) }),
      'malformed',
    ],
  ];
  for (const [name, text, reason] of broken) {
    it(`rejects ${name}`, () => assert.throws(() => parseChatAnswer(text), failsWith(reason)));
  }

  const choice = (index: unknown): object => ({ index, message: { content: 'x' }, finish_reason: 'stop' });
  const unasked: readonly (readonly [string, number, unknown[]])[] = [
    ['more choices than were asked for', 1, [0, 1]],
    ['an index beyond those asked for', 2, [0, 2]],
    ['a negative index', 2, [-1]],
    ['an index between two whole numbers', 2, [0.5]],
    ['an index that is text', 2, ['1']],
    ['an index that another choice has by its place', 2, [1, undefined]],
  ];
  for (const [name, asked, indexes] of unasked) {
    it(`rejects ${name}`, () =>
      assert.throws(() => parseChatAnswer(body({ choices: indexes.map(choice) }), asked), failsWith('malformed')));
  }

  it('returns the choices that were asked for by their index', () => {
    const { content } = parseChatAnswer(body({ choices: [1, 0].map(choice) }), 2);
    assert.deepEqual(
      content.choices.map(({ index }) => index),
      [0, 1],
    );
  });
});
