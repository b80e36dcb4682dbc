import assert from 'node:assert/strict';

import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

import { measure } from '../../../gateway/execute/measure.ts';
import { countAnswer, countPrompt, countText } from '../../../gateway/execute/tokens.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { runs } from '../../deep.ts';

const answer = (content: string) => ({
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
});

const PLAIN = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

describe('token counts', () => {
  it('returns the o200k count of a text, special tokens read as plain text', () => {
    assert.equal(countText('hello world'), 2);
    assert.equal(countText(''), 0);
    assert.ok(countText('<|endoftext|>') > 1);
  });

  it("returns the library's count of any text, also of words it has seen before", () => {
    const words = fc.constantFrom(
      ...[
        'the',
        "don't",
        "I'LL",
        ' naïve',
        ' 12345',
        '\r\n',
        '\n\n ',
        '   ',
        '\t',
        '…',
        '//',
        ' {"a":',
        '日本語',
        'ÅNGSTRÖM',
        '😀',
        '\u0301',
        '<|endoftext|>',
      ],
    );
    const text = fc.array(fc.oneof(words, fc.string({ unit: 'binary', maxLength: 6 }), fc.string({ maxLength: 40 })));
    fc.assert(
      fc.property(text, (parts) => assert.equal(countText(parts.join('')), countTokens(parts.join(''), PLAIN))),
      { seed: 200_000, numRuns: runs(100, 5_000) },
    );
  });

  it("returns the library's count of any run of letters, signs, spaces and line ends", () => {
    const units = [..."aBzZ09 \t\n\r\v/'sSlLvVeErRtTdm.,!(){}#é日ａ😀\u0301\u00a0İǅٳ½ſ\u2028\ud800"];
    const text = fc.array(fc.tuple(fc.constantFrom(...units), fc.integer({ min: 1, max: 4 })), { maxLength: 24 });
    fc.assert(
      fc.property(text, (parts) => {
        const whole = parts.map(([unit, times]) => unit.repeat(times)).join('');
        assert.equal(countText(whole), countTokens(whole, PLAIN));
      }),
      { seed: 200_001, numRuns: runs(2_000, 50_000) },
    );
  });

  it("returns the library's count of words longer than any token", () => {
    const text = fc.string({ unit: fc.constantFrom(...'abcxyz'), minLength: 60, maxLength: 400 });
    fc.assert(
      fc.property(text, (word) => assert.equal(countText(word), countTokens(word, PLAIN))),
      { seed: 200_002, numRuns: runs(100, 2_000) },
    );
  });

  it("returns the library's count of long runs: rules, margins, scripts without spaces", () => {
    const unit = fc.constantFrom(...' -=.#的一是了我不人在他有日本語ไทยกขคаяёÄß', '한국', '😀', 'ab', 'A\u0301');
    const run = fc.oneof(
      fc.tuple(unit, fc.integer({ min: 1, max: 400 })).map(([one, times]) => one.repeat(times)),
      fc.array(unit, { maxLength: 120 }).map((units) => units.join('')),
    );
    fc.assert(
      fc.property(fc.array(run, { maxLength: 4 }), (parts) => {
        const whole = parts.join('\n');
        assert.equal(countText(whole), countTokens(whole, PLAIN));
      }),
      { seed: 200_003, numRuns: runs(200, 5_000) },
    );
  });

  it('returns the count of a text of a million characters, as the sum of its lines', () => {
    const line = 'Every node is asked once; 12 of 345 answered.\n';
    assert.equal(countText(line.repeat(25_000)), 25_000 * countText(line));
  });

  it('returns the count of a word of a hundred thousand characters', () => {
    assert.equal(countText('a'.repeat(100_000)), 12_500);
  });

  it('returns a token for a byte order mark, which the library loses in a longer piece', () => {
    assert.equal(countText('\ufeff,'), countText('\ufeff') + countText(','));
  });

  it('returns more for more messages, parts, tools and schemas', () => {
    const base = { model: 'm', messages: [{ role: 'user', content: 'hello world' }] };
    const one = countPrompt(base);
    assert.equal(one, 3 + 3 + 1 + 2);
    assert.equal(
      countPrompt({ ...base, messages: [{ role: 'user', content: [{ type: 'text', text: 'hello world' }] }] }),
      one,
    );
    assert.equal(
      countPrompt({
        ...base,
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }],
      }),
      3 + 3 + 1 + 85,
    );
    assert.ok(countPrompt({ ...base, tools: [{ type: 'function', function: { name: 'f' } }] }) > one);
    assert.ok(countPrompt({ ...base, response_format: { type: 'json_schema', json_schema: { name: 'x' } } }) > one);
  });

  it('returns the sum over choices, refusals and tool calls', () => {
    const call = { id: 'c', type: 'function', function: { name: 'add', arguments: '{"a":1}' } };
    const one = countAnswer(answer('hello world'));
    const message = { role: 'assistant', content: 'hello world', refusal: 'no', tool_calls: [call] };
    assert.equal(one, 2);
    assert.equal(
      countAnswer({ model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] }),
      2 + 1 + countText('add{"a":1}'),
    );
  });

  it('returns hashes that depend on the salt and a decision hash that anybody can redo', () => {
    const job = {
      request: { model: 'm', messages: [], stream: true },
      answer: answer('x'),
      decision: { b: 1, a: [2] },
    };
    const one = measure({ ...job, salt: `0x${'01'.repeat(16)}` });
    const two = measure({ ...job, salt: `0x${'02'.repeat(16)}` });
    assert.notEqual(one.requestHash, two.requestHash);
    assert.notEqual(one.responseHash, two.responseHash);
    assert.ok('request' in one.content);
    assert.equal(one.content.request, '{"messages":[],"model":"m"}');
    assert.equal(one.decision, '{"a":[2],"b":1}');
    assert.equal(one.routeHash, keccakText('{"a":[2],"b":1}'));
  });
});
