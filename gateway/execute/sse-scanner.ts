/**
 * Server-sent events out of a byte stream. Any split of the same bytes into chunks gives the same frames: nothing is
 * decoded before a frame is whole, so a chunk may end inside a character, a line ending, or a field name.
 */
export type SseFrame = {
  /** The frame to pass on, with `\n` line ends and its blank line. */
  readonly bytes: Buffer;
  /** Joined `data` fields; undefined for a comment. */
  readonly data: string | undefined;
  readonly event: string | undefined;
};

export type SseScanner = {
  /** @throws RangeError when one frame exceeds the limit. */
  readonly push: (chunk: Uint8Array) => SseFrame[];
  /** What stood after the last blank line: a stream cut here lost it, so only `[DONE]` may be believed. */
  readonly rest: () => SseFrame | undefined;
};

const LF = 10;
const CR = 13;

export function createSseScanner(maxFrameBytes: number): SseScanner {
  let parts: Buffer[] = [];
  let held = 0; // bytes in `parts`
  const lines = createLineFollower();

  const take = (chunk: Buffer, from: number, to: number): Buffer => {
    const tail = chunk.subarray(from, to);
    const whole = parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
    parts = [];
    held = 0;
    return whole;
  };

  const push = (input: Uint8Array): SseFrame[] => {
    const chunk = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    const frames: SseFrame[] = [];
    const lineEnd = createLineEndFinder(chunk);
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const step = lines(chunk[at]);
      if (step === 'inside') at = lineEnd(at + 1) - 1;
      else if (step === 'blank') {
        const frame = parseFrame(take(chunk, start, at + 1));
        if (frame !== undefined) frames.push(frame);
        start = at + 1;
      } else if (step === 'skip' && at === start && held === 0) start = at + 1;
    }
    if (start < chunk.length) {
      // copied: the network's buffer may be reused once this call returns
      parts.push(Buffer.from(chunk.subarray(start)));
      held += chunk.length - start;
    }
    if (held > maxFrameBytes) throw new RangeError(`an event of more than ${maxFrameBytes} bytes`);
    return frames;
  };

  return { push, rest: () => (held === 0 ? undefined : parseFrame(Buffer.concat(parts))) };
}

type Step = 'inside' | 'end' | 'blank' | 'skip';

/**
 * Follows lines across chunks. `inside`: a byte of a line, and more of them change nothing; `end`: of a line; `blank`: of
 * an empty one; `skip`: the second half of a CR LF.
 */
function createLineFollower(): (byte: number | undefined) => Step {
  let isEmpty = true;
  let afterCr = false;
  return (byte) => {
    const isSecondHalf = byte === LF && afterCr;
    afterCr = byte === CR;
    if (isSecondHalf) return 'skip';
    const wasEmpty = isEmpty;
    isEmpty = byte === LF || byte === CR;
    if (!isEmpty) return 'inside';
    return wasEmpty ? 'blank' : 'end';
  };
}

/** Where the line ends that goes on at `from`; the chunk's length if it does not. */
function createLineEndFinder(chunk: Buffer): (from: number) => number {
  if (!chunk.includes(CR)) {
    return (from) => {
      const end = chunk.indexOf(LF, from);
      return end === -1 ? chunk.length : end;
    };
  }
  return (from) => {
    let at = from;
    while (at < chunk.length && chunk[at] !== LF && chunk[at] !== CR) at += 1;
    return at;
  };
}

const isOneLine = (raw: string): boolean => raw.indexOf('\n') === raw.length - 2 && !raw.includes('\r');

/** Undefined for blank lines between frames. */
function parseFrame(bytes: Buffer): SseFrame | undefined {
  const raw = bytes.toString('utf8');
  // One line of data and nothing else, as nearly every frame is.
  if (raw.startsWith('data: ') && raw.endsWith('\n\n') && isOneLine(raw))
    return { bytes, data: raw.slice(6, -2), event: undefined };
  return parseFields(bytes, raw);
}

function parseFields(bytes: Buffer, raw: string): SseFrame | undefined {
  const source = raw.charCodeAt(0) === 0xfeff ? raw.slice(1) : raw;
  const lines = source.split(/\r\n|\r|\n/).filter((line) => line !== '');
  if (lines.length === 0) return undefined;
  const fields = lines.map(parseField);
  const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
  const isPlain = source === raw && !bytes.includes(CR) && bytes[0] !== LF;
  return {
    bytes: isPlain ? bytes : Buffer.from(`${lines.join('\n')}\n\n`, 'utf8'),
    data: data.length === 0 ? undefined : data.join('\n'),
    event: fields.findLast(([name]) => name === 'event')?.[1],
  };
}

function parseField(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  return [line.slice(0, colon), line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)];
}
