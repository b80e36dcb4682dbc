/** A caller of the gateway: one request, plain or streamed, and what became of it. */
export type Reply = {
  /** True only for a whole answer: 200, and `[DONE]` at the end of a stream. */
  readonly ok: boolean;
  readonly text: string;
  readonly receiptId: string | undefined;
  readonly node: string | undefined;
  readonly attempts: number;
  readonly elapsedMs: number;
  /** Status and code of a refusal, or how a stream ended. */
  readonly problem: string | undefined;
};

export type ChatClientOptions = { readonly baseUrl: string; readonly apiKey: string; readonly timeoutMs: number };

type Body = Readonly<Record<string, unknown>>;
export type Ask = (body: Body, stream: boolean) => Promise<Reply>;

export function createChatClient({ baseUrl, apiKey, timeoutMs }: ChatClientOptions): Ask {
  return async (body, stream) => {
    const start = performance.now();
    try {
      const response = await fetch(`${baseUrl}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(stream ? { ...body, stream: true, stream_options: { include_usage: true } } : body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      const read = response.ok && stream ? readStream(text) : readPlain(response.status, text);
      return {
        ...read,
        receiptId: response.headers.get('x-dgrid-receipt') ?? undefined,
        node: response.headers.get('x-dgrid-node')?.toLowerCase(),
        attempts: Number(response.headers.get('x-dgrid-attempts') ?? 0),
        elapsedMs: performance.now() - start,
      };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return {
        ok: false,
        text: '',
        receiptId: undefined,
        node: undefined,
        attempts: 0,
        elapsedMs: performance.now() - start,
        problem,
      };
    }
  };
}

type Read = Pick<Reply, 'ok' | 'text' | 'problem'>;

type Completion = {
  readonly choices?: readonly {
    readonly message?: { readonly content?: string };
    readonly delta?: { readonly content?: string };
  }[];
  readonly error?: { readonly message?: string; readonly code?: string };
};

function readPlain(status: number, text: string): Read {
  const answer = parse(text);
  const content = answer?.choices?.[0]?.message?.content;
  if (status === 200 && content !== undefined) return { ok: true, text: content, problem: undefined };
  return { ok: false, text: '', problem: `${status} ${answer?.error?.code ?? 'without a code'}` };
}

function readStream(text: string): Read {
  const events = text.split('\n\n').flatMap((frame) => (frame.startsWith('data: ') ? [frame.slice(6).trim()] : []));
  const chunks = events.map(parse);
  const answer = chunks.map((chunk) => chunk?.choices?.[0]?.delta?.content ?? '').join('');
  const error = chunks.find((chunk) => chunk?.error !== undefined)?.error;
  if (error !== undefined)
    return { ok: false, text: answer, problem: `stream ended: ${error.code ?? 'without a code'}` };
  const ok = events.at(-1) === '[DONE]';
  return { ok, text: answer, problem: ok ? undefined : 'stream ended without [DONE]' };
}

function parse(text: string): Completion | undefined {
  try {
    return JSON.parse(text) as Completion;
  } catch {
    return undefined;
  }
}
