import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Evaluand, Scorer } from '../../../gateway/agents/evaluator/scorers/scorer.ts';
import { chatContent } from '../../../gateway/protocol/content.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';

/** Doubles of model servers on loopback, and what the scorers are shown. */
export type Asked = { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string };
export type ModelDouble = { readonly url: string; readonly asked: Asked[] };

const running: Server[] = [];

export function stopModels(): void {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}

export type Reply = (body: string, response: ServerResponse) => unknown;

export async function startModel(reply: Reply): Promise<ModelDouble> {
  const asked: Asked[] = [];
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (part: string) => (body += part));
    incoming.on('end', () => {
      asked.push({ url: incoming.url ?? '', headers: incoming.headers, body });
      reply(body, outgoing);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** What any server can do instead of answering. */
export const FAULTS: Readonly<Record<string, Reply>> = {
  fails: (_, response) => response.writeHead(500).end('{}'),
  'is silent': () => undefined,
  'stops half way': (_, response) => response.writeHead(200).write('{"data":['),
  'hangs up': (_, response) => response.destroy(),
  floods: (_, response) => response.end('x'.repeat(6_000_000)),
  'answers something else than JSON': (_, response) => response.end('<html>busy</html>'),
  'answers null': (_, response) => response.end('null'),
};

export const LONG_MS = 10_000;
export const SHORT_MS = 100;

/** The faults that only the deadline ends are not waited for long. */
export function patience(fault: string): number {
  return fault === 'is silent' || fault === 'stops half way' ? SHORT_MS : LONG_MS;
}

export const base: Scorer = {
  id: keccakText('base'),
  score: async () => ({ accuracy: 4_000, consistency: 1_000, format: 10_000 }),
};

export function chat(text: string): string {
  const message = { role: 'assistant', content: text };
  return chatContent({ model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] });
}

export function evaluandOf(question: string, answer: string, peers: readonly string[] = []): Evaluand {
  return {
    receiptLeaf: keccakText('leaf'),
    seed: keccakText('seed'),
    request: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: question }] }),
    response: chat(answer),
    peers: peers.map((text, index) => ({ account: `0x${index}`, family: `family-${index}`, response: chat(text) })),
  };
}
