import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';

import { freePorts, here, startChild, untilListening } from './lib/gateway/child.ts';
import { shown, spreadOf } from './lib/spread.ts';
import type { Spread } from './lib/spread.ts';

const HELP = `How soon a node is told that its caller has left: from the closing of the caller's socket to that of the node's.

Usage: node bench/abort.bench.ts [options]

  --times N   callers that leave at each stage (100)
  --json      print JSON
  --help      show this text
`;

const KEY = 'dgrid-bench-key';
const chunk = (delta: object): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
const beginStream = (response: ServerResponse, text: string): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(text);
};

type Stage = {
  readonly name: string;
  readonly stream: boolean;
  /** What the node has said by the time the caller leaves. */
  readonly say: (response: ServerResponse) => void;
  /** Whether the caller waits for a first byte of the body before it leaves. */
  readonly heard: boolean;
};

const STAGES: readonly Stage[] = [
  { name: 'plain, before headers', stream: false, say: () => undefined, heard: false },
  {
    name: 'plain, amid the body',
    stream: false,
    say: (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":'),
    heard: false,
  },
  { name: 'streamed, before headers', stream: true, say: () => undefined, heard: false },
  {
    name: 'streamed, before the first token',
    stream: true,
    say: (response) => beginStream(response, chunk({ role: 'assistant', content: '' })),
    heard: false,
  },
  {
    name: 'streamed, after the first token',
    stream: true,
    say: (response) => beginStream(response, chunk({ role: 'assistant' }) + chunk({ content: 'hello ' })),
    heard: true,
  },
];

/** A node that answers as far as the stage says, and tells when it was asked and when it was left. */
async function startNode() {
  let stage = STAGES[0];
  let asked = Promise.withResolvers<void>();
  let left = Promise.withResolvers<number>();
  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    incoming.resume().on('end', () => {
      response.on('close', () => left.resolve(performance.now()));
      stage?.say(response);
      asked.resolve();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    expect(next: Stage) {
      stage = next;
      asked = Promise.withResolvers();
      left = Promise.withResolvers();
      return { asked: asked.promise, left: left.promise };
    },
    close: () => server.closeAllConnections(),
    server,
  };
}

type FakeNode = Awaited<ReturnType<typeof startNode>>;

/** Milliseconds from the caller's leaving to the node's connection closing. */
async function leave(node: FakeNode, port: number, stage: Stage): Promise<number> {
  const { asked, left } = node.expect(stage);
  const body = JSON.stringify({
    model: 'bench-model',
    stream: stage.stream,
    messages: [{ role: 'user', content: 'Say hello.' }],
  });
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const call = request({ port, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions', headers });
  call.on('error', () => undefined); // it is we who hang up
  const heard = once(call, 'response').then(([response]) => once(response as IncomingMessage, 'data'));
  heard.catch(() => undefined);
  call.end(body);
  await asked;
  if (stage.heard) await heard;
  const leftAt = performance.now();
  call.destroy();
  return (await left) - leftAt;
}

async function main(): Promise<void> {
  const options = {
    times: { type: 'string', default: '100' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help === true) return void process.stdout.write(HELP);
  const times = Number(values.times);
  if (!(Number.isSafeInteger(times) && times >= 1 && times <= 100_000))
    throw new TypeError('--times must be 1 to 100000');

  const node = await startNode();
  const [port = 0] = await freePorts(1);
  const keyHash = createHash('sha256').update(KEY, 'utf8').digest('hex');
  const args = ['--port', String(port), '--upstreams', String(node.port), '--keyHash', keyHash];
  const gateway = startChild({ file: here('our-gateway.ts'), args });
  try {
    await untilListening(port);
    const figures: { stage: string; ms: Spread }[] = [];
    for (const stage of STAGES) {
      const ms: number[] = [];
      for (let turn = 0; turn < times; turn += 1) ms.push(await leave(node, port, stage));
      figures.push({ stage: stage.name, ms: spreadOf(ms) });
    }
    if (values.json === true) process.stdout.write(`${JSON.stringify({ times, figures }, undefined, 2)}\n`);
    else for (const { stage, ms } of figures) process.stdout.write(`${stage.padEnd(34)} ${shown(ms, 1)} ms\n`);
  } finally {
    await gateway.stop();
    node.close();
    node.server.close();
  }
}

await main();
