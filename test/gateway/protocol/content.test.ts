import assert from 'node:assert/strict';

import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import { chatContent, contentHash, requestContent, sha256Hex } from '../../../gateway/protocol/content.ts';

const SALT = '0x00112233445566778899aabbccddeeff';

describe('protocol/canonical-json', () => {
  it('sorts keys, drops what is undefined and writes numbers as RFC 8785 does', () => {
    assert.equal(canonicalJson({ b: 1, a: [1e21, 0.1, -0], c: undefined }), '{"a":[1e+21,0.1,0],"b":1}');
    assert.equal(canonicalJson({ '\u20ac': 1, '\r': 2, '1': 3 }), '{"\\r":2,"1":3,"€":1}');
  });

  it('replaces lone surrogates in values and keys, since they have no bytes', () => {
    assert.equal(canonicalJson({ 'k\ud800': ['\udc00x'] }), '{"k\ufffd":["\ufffdx"]}');
  });

  it('rejects what JSON does not have', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => canonicalJson({ value }));
    }
  });
});

describe('protocol/content', () => {
  it('returns the same request however the answer is delivered', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], temperature: 0.5 };
    const streamed = { stream: true, stream_options: { include_usage: true }, ...body };
    assert.equal(requestContent(streamed), requestContent(body));
    assert.equal(requestContent({ ...body, stream: false }), requestContent(body));
    assert.notEqual(requestContent({ ...body, temperature: 0.6 }), requestContent(body));
  });

  it('returns choices by index with the fields that count, and no others', () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}', note: 'dropped' }, index: 0 };
    const content = {
      model: 'm',
      choices: [
        { index: 1, message: { role: 'assistant', content: 'b', extra: 1 }, finish_reason: 'stop', logprobs: null },
        {
          index: 0,
          message: { role: 'assistant', content: '', tool_calls: [call], refusal: 'no' },
          finish_reason: null,
        },
      ],
      usage: { total_tokens: 3 },
    };
    assert.equal(
      chatContent(content),
      '{"choices":[{"finish_reason":null,"index":0,"message":{"content":"","refusal":"no","role":"assistant",' +
        '"tool_calls":[{"function":{"arguments":"{}","name":"f"},"id":"c","type":"function"}]}},' +
        '{"finish_reason":"stop","index":1,"message":{"content":"b","role":"assistant"}}],"model":"m"}',
    );
  });

  it('returns sha256 of salt and UTF-8 text', () => {
    assert.equal(sha256Hex('abc'), '0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    const bytes = Buffer.concat([Buffer.from(SALT.slice(2), 'hex'), Buffer.from('é€', 'utf8')]);
    assert.equal(contentHash(SALT, 'é€'), sha256Hex(bytes));
    assert.notEqual(contentHash(`0x${'11'.repeat(16)}`, 'é€'), contentHash(SALT, 'é€'));
  });

  it('rejects a salt of another length', () => {
    for (const salt of ['0x', `0x${'11'.repeat(15)}`, `0x${'11'.repeat(32)}`] as const) {
      assert.throws(() => contentHash(salt, 'x'), RangeError);
    }
  });
});
