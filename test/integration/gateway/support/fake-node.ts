import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real server that behaves, or misbehaves, as told: the double of a node. */
export type Received = {
  readonly path?: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
};
export type Behaviour = (response: ServerResponse, request: Received) => void | Promise<void>;

export type FakeNode = {
  readonly url: string;
  readonly requests: Received[];
  /** Behaviour of the calls to come, one each; the last one stays. */
  readonly behave: (...behaviours: Behaviour[]) => void;
  /** Resolves when the next call's connection is closed by the other side before the answer ended. */
  readonly aborted: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function startFakeNode(...initial: Behaviour[]): Promise<FakeNode> {
  let queue = initial.length === 0 ? [answer('hello world')] : [...initial];
  const requests: Received[] = [];
  let cut = Promise.withResolvers<void>();
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.on('close', () => {
      if (!response.writableFinished) cut.resolve();
    });
    request.on('end', () => {
      const received = {
        path: request.url ?? '',
        headers: request.headers,
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
      requests.push(received);
      const behaviour = queue.length > 1 ? queue.shift() : queue[0];
      void behaviour?.(response, received);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    behave(...behaviours) {
      queue = behaviours;
    },
    async aborted() {
      await cut.promise;
      cut = Promise.withResolvers<void>();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const sse = (value: object | string): string =>
  `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;

export const chunk = (delta: object, finish: string | null = null): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'backend-model',
  choices: [{ index: 0, delta, finish_reason: finish }],
});

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
const usageChunk = { ...chunk({}), choices: [], usage };

export function beginStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

export const streamWords = (words: readonly string[]): string[] => [
  sse(chunk({ role: 'assistant', content: '' })),
  ...words.map((word) => sse(chunk({ content: word }))),
];
export const STREAM_END: readonly string[] = [sse(chunk({}, 'stop')), sse(usageChunk), sse('[DONE]')];

/** A correct node: answers `text`, streamed word by word or plain, as asked. */
export const answer =
  (text: string): Behaviour =>
  (response, { body }) => {
    if (body['stream'] === true) {
      beginStream(response);
      const words = text.split(/(?<= )/);
      response.end([...streamWords(words), ...STREAM_END].join(''));
      return;
    }
    void json(200, completion(text))(response, { headers: {}, body });
  };

export const completion = (text: string, extra: object = {}): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'backend-model',
  choices: [
    { index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
  usage,
  ...extra,
});

export const json =
  (status: number, body: object | string, headers: Record<string, string> = {}): Behaviour =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

export const failWith = (status: number, headers: Record<string, string> = {}): Behaviour =>
  json(status, { error: { message: `status ${status}`, type: 'server_error', param: null, code: null } }, headers);

/** Closes the connection with a reset before any answer. */
export const reset: Behaviour = (response) => {
  response.socket?.resetAndDestroy();
};

/** Takes the request and says nothing. */
export const silent: Behaviour = () => undefined;

/** Sends these pieces of a stream, then does what `then` says. */
export const streamThen =
  (pieces: readonly string[], then: (response: ServerResponse) => void): Behaviour =>
  (response) => {
    beginStream(response);
    response.write(pieces.join(''), () => then(response));
  };
