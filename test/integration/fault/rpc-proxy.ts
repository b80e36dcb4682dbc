import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What stands between a gateway and its chain, and how it misbehaves. */
export type Mode =
  | 'pass'
  /** Nobody listens, as far as the gateway can tell. */
  | 'unreachable'
  | 'status 503'
  | 'JSON-RPC errors'
  | 'HTML'
  | 'truncated JSON'
  | 'an empty answer'
  /** A server that is some way behind the others. */
  | 'stale blocks'
  /** Another network altogether, for whoever asks. */
  | 'another chain';

type Call = { readonly id: number; readonly method: string; readonly params: readonly unknown[] };

const HTML = '<html><body><h1>502 Bad Gateway</h1></body></html>';

export async function createRpcProxy(target: string) {
  let mode: Mode = 'pass';
  let spoiled = 0;
  /** What the chain said about its newest block and its height when the server fell behind. */
  const remembered = new Map<string, string>();

  async function forward(body: string): Promise<string> {
    const response = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return await response.text();
  }

  /** Every other call reaches the chain all the same: whoever sends a transaction cannot know whether it arrived. */
  async function maybeForward(body: string): Promise<string> {
    spoiled += 1;
    return spoiled % 2 === 0 ? await forward(body) : '{"jsonrpc":"2.0","id":1,"result":"0x';
  }

  async function stale(body: string, call: Call): Promise<string> {
    const answer = await forward(body);
    const isNewest = call.method === 'eth_blockNumber' || JSON.stringify(call.params).startsWith('["latest"');
    if (!isNewest || call.method === 'eth_sendRawTransaction') return answer;
    spoiled += 1;
    const first = remembered.get(call.method) ?? answer;
    remembered.set(call.method, first);
    return JSON.stringify({ ...(JSON.parse(first) as object), id: call.id });
  }

  type Answered = { readonly status?: number; readonly type?: string; readonly content: string };
  const error = (id: number): string =>
    JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_603, message: 'internal error' } });

  /** What each mode makes of a call. */
  const answers: Readonly<Record<Exclude<Mode, 'unreachable'>, (body: string, call: Call) => Promise<Answered>>> = {
    pass: async (body) => ({ content: await forward(body) }),
    'status 503': async (body) => (
      await maybeForward(body),
      { status: 503, type: 'text/plain', content: 'overloaded' }
    ),
    'JSON-RPC errors': async (body, { id }) => (await maybeForward(body), { content: error(id) }),
    HTML: async (body) => (await maybeForward(body), { type: 'text/html', content: HTML }),
    'truncated JSON': async (body) => ({ content: (await maybeForward(body)).slice(0, -7) }),
    'an empty answer': async (body) => (await maybeForward(body), { content: '' }),
    'stale blocks': async (body, call) => ({ content: await stale(body, call) }),
    async 'another chain'(body, { id, method }) {
      spoiled += 1;
      return {
        content: method === 'eth_chainId' ? `{"jsonrpc":"2.0","id":${id},"result":"0x1"}` : await forward(body),
      };
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const now = mode;
    const body = await text(request);
    if (now === 'unreachable') {
      spoiled += 1;
      request.socket.destroy();
      return;
    }
    const { status = 200, type = 'application/json', content } = await answers[now](body, JSON.parse(body) as Call);
    response.writeHead(status, { 'content-type': type }).end(content);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next: Mode): void {
      mode = next;
      spoiled = 0;
      remembered.clear();
    },
    /** Calls that this mode has spoiled so far. */
    spoiled: () => spoiled,
    close: () => void server.close().closeAllConnections(),
  };
}

export type RpcProxy = Awaited<ReturnType<typeof createRpcProxy>>;
