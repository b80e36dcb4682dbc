import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createNodeAgent } from '../../../../gateway/agents/node/app.ts';
import { createAttestationBook } from '../../../../gateway/agents/node/attestation-book.ts';
import { createBackend } from '../../../../gateway/agents/node/backend.ts';
import { createNodeClient } from '../../../../gateway/execute/node-client.ts';
import { createSigner } from '../../../../gateway/protocol/signature.ts';
import { decodeStruct } from '../../../../gateway/protocol/struct-json.ts';
import type { AnswerLeaf } from '../../../../gateway/protocol/types.ts';
import { GATEWAY, account } from './gateway.ts';

export type RunningAgent = {
  readonly url: string;
  /** What it has signed so far, oldest first, once it is so many answers. */
  readonly signed: (count?: number) => Promise<readonly AnswerLeaf[]>;
  readonly close: () => Promise<void>;
};

/** A real node agent on loopback, in front of the given backend. */
export async function startRealAgent(index: number, backendUrl: string): Promise<RunningAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-agent-'));
  const client = createNodeClient({ connectMs: 500, keepAliveMs: 1_000 });
  const limits = { connectMs: 500, headersMs: 2_000, firstTokenMs: 2_000, chunkMs: 2_000, totalMs: 5_000 };
  const book = createAttestationBook({
    chainId: 31_337n,
    nodeStaking: account(500),
    proofRegistry: account(501),
    path: join(folder, 'book.db'),
    account: account(index),
    signer: createSigner(`0x${'11'.repeat(32)}`),
    attestAfterMs: 5,
    nowMs: Date.now,
    retainMs: 60_000,
  });
  const server = createNodeAgent({
    account: account(index),
    backend: createBackend({ client, baseUrl: backendUrl, key: '', names: new Map(), limits, maxAnswerBytes: 1e6 }),
    book,
    gateways: [],
    offered: [],
    bodyLimitBytes: 1_000_000,
    onFault: () => undefined,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async signed(count = 1) {
      for (;;) {
        const response = await fetch(`${url}/dgrid/v1/attestations?gateway=${GATEWAY}&after=0&waitMs=2000`);
        const { attestations } = (await response.json()) as { attestations: { answers: unknown[] }[] };
        const answers = attestations.flatMap((entry) => entry.answers.map((answer) => decodeStruct('answer', answer)));
        if (answers.length >= count) return answers;
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      book.close();
      await client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
