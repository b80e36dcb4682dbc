import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Call = { readonly id: number; readonly method: string; readonly params: unknown };
export type Answers = Readonly<Record<string, unknown>>;

const FILE = new URL('../../vectors/audit/chain.json', import.meta.url);
export const RECORDED = JSON.parse(readFileSync(FILE, 'utf8')) as Answers;

/** A chain that answers what a real one answered when the vectors were made, and knows nothing else. */
export async function startRecordedChain() {
  let answers = RECORDED;
  const answer = ({ id, method, params }: Call): object => {
    const result = answers[`${method} ${JSON.stringify(params)}`];
    return result === undefined
      ? { jsonrpc: '2.0', id, error: { code: -32_000, message: 'not recorded' } }
      : { jsonrpc: '2.0', id, result };
  };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const calls = JSON.parse(body) as Call | Call[];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(Array.isArray(calls) ? calls.map(answer) : answer(calls)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (next: Answers): void => void (answers = next),
    close: () => void server.close().closeAllConnections(),
  };
}
