import assert from 'node:assert/strict';

import OpenAI from 'openai';

import { createBackend } from '../../../scripts/demo/backends/backend.ts';
import type { Backend } from '../../../scripts/demo/backends/backend.ts';
import { PROFILES } from '../../../scripts/demo/backends/profiles.ts';
import type { Fault } from '../../../scripts/demo/backends/profiles.ts';
import { startBackendServer } from '../../../scripts/demo/backends/server.ts';
import type { BackendServer } from '../../../scripts/demo/backends/server.ts';

const PROMPT = 'A baker has 24 rolls. She sells 9 of them. How many rolls are left?';
const profile = { ...PROFILES.honest, firstTokenMs: 1, msPerToken: 0 };

describe('demo/backends server', () => {
  let server: BackendServer | undefined;

  async function start(fault?: Fault): Promise<OpenAI> {
    const backend: Backend = { ...createBackend({ profile, seed: '1' }), nextFault: () => fault };
    server = await startBackendServer({ backend, profile, model: 'demo', port: 0 });
    return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  }

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const body = { model: 'demo', messages: [{ role: 'user' as const, content: PROMPT }] };

  async function collect(client: OpenAI): Promise<{ text: string; usage: number | undefined; finish: string | null }> {
    const stream = await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    let [text, usage, finish]: [string, number | undefined, string | null] = ['', undefined, null];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      if (chunk.usage) usage = chunk.usage.completion_tokens;
    }
    return { text, usage, finish };
  }

  it('returns the same answer plain and streamed, with usage', async () => {
    const client = await start();
    const plain = await client.chat.completions.create(body);
    const streamed = await collect(client);
    assert.equal(plain.choices[0]?.message.content, '24 - 9 = 15. The answer is 15.');
    assert.deepEqual(streamed, {
      text: plain.choices[0]?.message.content,
      usage: plain.usage?.completion_tokens,
      finish: 'stop',
    });
  });

  it('returns its model, and cuts at max_tokens with the reason', async () => {
    const client = await start();
    assert.deepEqual(
      (await client.models.list()).data.map((model) => model.id),
      ['demo'],
    );
    const short = await client.chat.completions.create({ ...body, max_tokens: 2 });
    assert.equal(short.choices[0]?.finish_reason, 'length');
    assert.equal(short.choices[0]?.message.content, '24 -');
  });

  it('rejects unknown models, broken bodies and unknown routes in the shape of OpenAI', async () => {
    const client = await start();
    await assert.rejects(client.chat.completions.create({ ...body, model: 'other' }), OpenAI.NotFoundError);
    await assert.rejects(client.chat.completions.create({ ...body, messages: [] }), OpenAI.BadRequestError);
    const response = await fetch(`${server?.url}/v1/chat/completions`, { method: 'POST', body: '{' });
    assert.equal(response.status, 400);
    assert.equal((await fetch(`${server?.url}/v2`)).status, 404);
  });

  for (const fault of ['error', 'cut', 'garbage'] as const) {
    it(`rejects with fault "${fault}", plain and streamed`, async () => {
      const client = await start(fault);
      await assert.rejects(async () => {
        const plain = await client.chat.completions.create(body);
        assert.ok(plain.choices[0]?.message.content, 'no completion came');
      });
      await assert.rejects(collect(client));
    });
  }

  it('holds a stalled stream until the client leaves', async () => {
    const client = await start('stall');
    const stream = await client.chat.completions.create({ ...body, stream: true });
    const chunks = stream[Symbol.asyncIterator]();
    assert.equal((await chunks.next()).done, false);
    stream.controller.abort();
    await server?.close();
  });
});
