import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { parseArgs } from 'node:util';

import { createTexts } from './texts.ts';

/**
 * An OpenAI-compatible server that answers at once, on bare sockets so that it is never what a bench measures. The same
 * answers for every system: a completion of about 400 bytes, or 22 events, each in a write of its own.
 */
const EVENTS = 22;
const VARIANTS = 64;
const { values } = parseArgs({ options: { ports: { type: 'string' } } });

const texts = createTexts(7);
const base = { id: 'chatcmpl-bench', created: 1_700_000_000, model: 'bench-model' };
const usage = { prompt_tokens: 120, completion_tokens: 40, total_tokens: 160 };

function plainAnswer(): Buffer {
  const message = { role: 'assistant', content: texts(150) };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
  const body = JSON.stringify({ ...base, object: 'chat.completion', choices, usage });
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

const frame = (data: string): string => {
  const text = `data: ${data}\n\n`;
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
};

function streamedAnswer(): readonly Buffer[] {
  const chunk = (delta: object, finish: string | null): string =>
    frame(
      JSON.stringify({
        ...base,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, finish_reason: finish }],
      }),
    );
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
  const words = Array.from({ length: EVENTS - 4 }, () => chunk({ content: `${texts(6)} ` }, null));
  const last = { ...base, object: 'chat.completion.chunk', choices: [], usage };
  const pieces = [
    head + chunk({ role: 'assistant', content: '' }, null),
    ...words,
    chunk({}, 'stop'),
    frame(JSON.stringify(last)),
    `${frame('[DONE]')}0\r\n\r\n`,
  ];
  return pieces.map((piece) => Buffer.from(piece));
}

const plain = Array.from({ length: VARIANTS }, plainAnswer);
const streamed = Array.from({ length: VARIANTS }, streamedAnswer);
const NONE = Buffer.from('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
let turn = 0;

function answer(socket: Socket, request: Buffer): void {
  turn = (turn + 1) % VARIANTS;
  if (request[0] !== 0x50) return void socket.write(NONE); // only POST is served
  if (!request.includes('"stream":true')) return void socket.write(plain[turn] ?? NONE);
  for (const piece of streamed[turn] ?? []) socket.write(piece);
}

const LENGTH = /\r\ncontent-length: *(\d+)/i;

function serve(socket: Socket): void {
  let parts: Buffer[] = [];
  let held = 0;
  let expected = -1;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (part: Buffer) => {
    parts.push(part);
    held += part.length;
    if (expected === -1) {
      const seen = parts.length === 1 ? part : Buffer.concat(parts);
      const end = seen.indexOf('\r\n\r\n');
      if (end === -1) return;
      expected = end + 4 + Number(LENGTH.exec(seen.toString('latin1', 0, end))?.[1] ?? 0);
    }
    if (held < expected) return; // callers wait for an answer before they ask again
    const request = parts.length === 1 ? (parts[0] ?? part) : Buffer.concat(parts);
    parts = [];
    held = 0;
    expected = -1;
    answer(socket, request);
  });
}

for (const port of (values.ports ?? '').split(',')) createServer(serve).listen(Number(port), '127.0.0.1');
