import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createSseScanner } from '../../../gateway/execute/sse-scanner.ts';

type Seen = { readonly data: string | undefined; readonly event: string | undefined; readonly text: string };

function scan(pieces: readonly Uint8Array[], limit = 1_048_576): Seen[] {
  const scanner = createSseScanner(limit);
  return pieces
    .flatMap((piece) => scanner.push(piece))
    .map(({ data, event, bytes }) => ({ data, event, text: bytes.toString('utf8') }));
}

/** Cuts `bytes` at the given places. */
function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

const line = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, '')}`),
  fc.constantFrom(
    'data:',
    'data',
    ': comment',
    'event: error',
    'id: 7',
    'retry: 10',
    'data: {"a":"é😀"}',
    'data: [DONE]',
  ),
);
const newline = fc.constantFrom('\n', '\r\n', '\r');
const stream = fc
  .array(fc.tuple(fc.array(line, { maxLength: 3 }), newline), { maxLength: 8 })
  .map((frames) => frames.map(([lines, end]) => [...lines, ''].join(end) + end).join(''));

describe('the SSE scanner', () => {
  it('returns the same frames for every split of a stream', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 30 }), (text, cuts) => {
        const bytes = Buffer.from(text, 'utf8');
        assert.deepEqual(scan(split(bytes, cuts)), scan([bytes]));
      }),
      { numRuns: 1_000 },
    );
  });

  it('returns the same frames byte by byte, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const whole = Buffer.from(bytes);
        const single = [...whole].map((byte) => Buffer.from([byte]));
        assert.deepEqual(scan(single), scan([whole]));
      }),
      { numRuns: 500 },
    );
  });

  it('returns frames that scan to themselves', () => {
    fc.assert(
      fc.property(stream, (text) => {
        const once = scan([Buffer.from(text, 'utf8')]);
        const again = scan(once.map((frame) => Buffer.from(frame.text, 'utf8')));
        assert.deepEqual(again, once);
      }),
    );
  });

  it('returns several data lines as one text, and a comment as none', () => {
    const seen = scan([Buffer.from(': wait\n\ndata: a\ndata:b\nevent: error\n\n')]);
    assert.deepEqual(
      seen.map(({ data, event }) => [data, event]),
      [
        [undefined, undefined],
        ['a\nb', 'error'],
      ],
    );
  });

  it('returns frames with line feeds whatever line ends came in', () => {
    assert.deepEqual(
      scan([Buffer.from('data: a\r\n\r\ndata: b\r\r')]).map(({ text }) => text),
      ['data: a\n\n', 'data: b\n\n'],
    );
  });

  it('returns a frame without the byte order mark', () => {
    assert.equal(scan([Buffer.from('\ufeffdata: a\n\n')])[0]?.data, 'a');
  });

  it('returns an unfinished frame only as the rest', () => {
    const scanner = createSseScanner(100);
    assert.deepEqual(scanner.push(Buffer.from('data: [DONE]\n')), []);
    assert.equal(scanner.rest()?.data, '[DONE]');
  });

  it('rejects a frame that never ends', () => {
    const scanner = createSseScanner(1_000);
    assert.throws(() => {
      for (let index = 0; index < 10; index += 1) scanner.push(Buffer.from('data: '.padEnd(200, 'x')));
    }, RangeError);
  });
});
