import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { countTokens } from 'gpt-tokenizer';

import type { Backend, Prompt } from './backend.ts';
import type { Fault, Profile } from './profiles.ts';
import { readChatRequest } from './request.ts';
import type { ChatRequest } from './request.ts';

/** An OpenAI-compatible server in front of one backend: `/v1/chat/completions`, `/v1/models`, `/healthz`. */
export type BackendServer = { readonly url: string; readonly close: () => Promise<void> };
export type BackendServerOptions = {
  readonly backend: Backend;
  readonly profile: Profile;
  readonly model: string;
  readonly port: number;
};

const MAX_BODY_BYTES = 2_000_000;
/** How long a stalled answer keeps its connection when the client never gives up. */
const STALL_LIMIT_MS = 30_000;

export async function startBackendServer(options: BackendServerOptions): Promise<BackendServer> {
  const server = createServer((request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, 500, error instanceof Error ? error.message : 'internal error');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function handle(
  options: BackendServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (request.method === 'GET' && path === '/healthz') return sendJson(response, 200, { status: 'ok' });
  if (request.method === 'GET' && path === '/v1/models')
    return sendJson(response, 200, {
      object: 'list',
      data: [{ id: options.model, object: 'model', created: 0, owned_by: 'demo' }],
    });
  if (request.method !== 'POST' || path !== '/v1/chat/completions')
    return sendError(response, 404, `no route ${request.method} ${path}`);
  const parsed = readChatRequest(await readBody(request));
  if ('problem' in parsed) return sendError(response, 400, parsed.problem);
  if (parsed.model !== options.model) return sendError(response, 404, `model ${parsed.model} is not served here`);
  await answer(options, parsed, response);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new RangeError('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

type Completion = {
  readonly id: string;
  readonly text: string;
  readonly finish: 'stop' | 'length';
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
};

let served = 0;

function complete(options: BackendServerOptions, request: ChatRequest): Completion {
  const prompt: Prompt = { messages: request.messages, schema: request.schema };
  const full = options.backend.answer(prompt);
  const pieces = piecesOf(full);
  const limit = request.maxTokens ?? Infinity;
  const text = pieces.length > limit ? pieces.slice(0, limit).join('') : full;
  const promptTokens = request.messages.reduce((sum, message) => sum + countTokens(message.content) + 4, 3);
  const completionTokens = Math.max(1, countTokens(text));
  served += 1;
  return {
    id: `chatcmpl-${served.toString(36).padStart(8, '0')}`,
    text,
    finish: text === full ? 'stop' : 'length',
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}

/** Words with the space before them: close enough to tokens for streaming. */
function piecesOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

async function answer(options: BackendServerOptions, request: ChatRequest, response: ServerResponse): Promise<void> {
  const fault = options.backend.nextFault();
  if (fault === 'error') return sendError(response, 500, 'the model ran out of memory');
  const completion = complete(options, request);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const pace = createPace(options.profile, gone.signal);
  try {
    if (request.stream) await stream({ options, request, response, completion, pace, fault });
    else await plain({ options, request, response, completion, pace, fault });
  } catch (error) {
    if (!gone.signal.aborted) throw error; // a client that left is no error
  }
}

type Pace = {
  readonly first: () => Promise<void>;
  readonly tokens: (count: number) => Promise<void>;
  readonly stall: () => Promise<void>;
};

/** Waits add up against one start time, so that many short waits do not drift. */
function createPace(profile: Profile, signal: AbortSignal): Pace {
  const start = performance.now();
  let dueMs = 0;
  const until = async (ms: number): Promise<void> => {
    const wait = ms - (performance.now() - start);
    if (wait >= 1) await delay(wait, signal);
  };
  return {
    first: () => until((dueMs += profile.firstTokenMs)),
    tokens: (count) => until((dueMs += count * profile.msPerToken)),
    stall: () => delay(STALL_LIMIT_MS, signal),
  };
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new Error('the client left'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

type Delivery = {
  readonly options: BackendServerOptions;
  readonly request: ChatRequest;
  readonly response: ServerResponse;
  readonly completion: Completion;
  readonly pace: Pace;
  readonly fault: Fault | undefined;
};

async function plain({ options, response, completion, pace, fault }: Delivery): Promise<void> {
  await pace.first();
  await pace.tokens(completion.usage.completion_tokens);
  if (fault === 'stall') await pace.stall();
  if (fault === 'garbage') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('<html>upstream unavailable</html>');
    return;
  }
  const body = JSON.stringify({
    ...envelope(options, completion, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: completion.text },
        logprobs: null,
        finish_reason: completion.finish,
      },
    ],
    usage: completion.usage,
  });
  if (fault === 'cut') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.write(body.slice(0, body.length / 2), () => response.destroy());
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

function envelope(options: BackendServerOptions, completion: Completion, object: string) {
  return { id: completion.id, object, created: Math.floor(Date.now() / 1000), model: options.model };
}

async function stream({ options, request, response, completion, pace, fault }: Delivery): Promise<void> {
  const base = envelope(options, completion, 'chat.completion.chunk');
  const send = (choices: readonly unknown[], extra: object = {}): void => {
    response.write(`data: ${JSON.stringify({ ...base, choices, ...extra })}\n\n`);
  };
  const choice = (delta: object, finish: string | null = null): unknown => ({
    index: 0,
    delta,
    logprobs: null,
    finish_reason: finish,
  });
  await pace.first();
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  send([choice({ role: 'assistant', content: '' })]);
  const groups = chunked(piecesOf(completion.text), 3);
  for (const [index, group] of groups.entries()) {
    if (fault !== undefined && index >= groups.length / 2) return breakStream(response, fault, pace);
    await pace.tokens(group.length);
    send([choice({ content: group.join('') })]);
  }
  if (fault !== undefined) return breakStream(response, fault, pace);
  send([choice({}, completion.finish)]);
  if (request.includeUsage) send([], { usage: completion.usage });
  response.end('data: [DONE]\n\n');
}

async function breakStream(response: ServerResponse, fault: Fault, pace: Pace): Promise<void> {
  if (fault === 'stall') await pace.stall();
  if (fault === 'garbage') response.write('data: {"id": oops\n\n');
  response.destroy();
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, message: string): void {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  sendJson(response, status, { error: { message, type, param: null, code: null } });
}
