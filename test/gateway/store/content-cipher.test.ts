import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createContentCipher } from '../../../gateway/store/content-cipher.ts';
import { hash } from '../background.fixtures.ts';

const cipher = createContentCipher(hash(1));

describe('content cipher', () => {
  it('returns any text unchanged and never the same bytes twice', () => {
    assert.equal(cipher.open(cipher.seal('\u00e9 \u{1f9ea} \0')), '\u00e9 \u{1f9ea} \0');
    fc.assert(
      fc.property(fc.string(), (text) => {
        const sealed = cipher.seal(text);
        assert.equal(cipher.open(sealed), Buffer.from(text, 'utf8').toString('utf8'));
        assert.notDeepEqual(cipher.seal(text), sealed);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('returns a request and its answer as two texts, also out of the form of earlier versions', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (request, response) => {
        const texts = { request: request.toWellFormed(), response: response.toWellFormed() };
        assert.deepEqual(cipher.openContent(cipher.sealContent(texts)), texts);
        assert.deepEqual(cipher.openContent(cipher.seal(JSON.stringify(texts))), texts);
      }),
      { seed: 2, numRuns: 50 },
    );
    const long = { request: 'é'.repeat(500_000), response: '{}' };
    assert.deepEqual(cipher.openContent(cipher.sealContent(long)), long);
  });

  it('opens with the same key after a restart and with no other', () => {
    const sealed = cipher.seal('prompt');
    assert.equal(createContentCipher(hash(1)).open(sealed), 'prompt');
    assert.throws(() => createContentCipher(hash(2)).open(sealed));
  });

  it('throws when any byte was changed', () => {
    const sealed = Buffer.from(cipher.seal('short'));
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      assert.throws(() => cipher.open(changed), `byte ${index}`);
    }
  });

  it('throws when it was cut short anywhere, also inside the tag', () => {
    const sealed = cipher.seal('');
    for (let length = 0; length < sealed.length; length += 1) {
      assert.throws(() => cipher.open(sealed.subarray(0, length)), `${length} bytes`);
    }
    assert.throws(() => cipher.open(Buffer.concat([sealed, Buffer.from([0])])));
  });
});
