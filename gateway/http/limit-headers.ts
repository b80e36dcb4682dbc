import type { AccountView, Usage } from '../account/ledger.ts';

/** OpenAI's `x-ratelimit-*` headers, of the limits that the key has. */
export function limitHeaders(view: AccountView | undefined): Record<string, string> {
  if (view === undefined) return {};
  const { key, minute } = view;
  return {
    ...headersOf('requests', key.requestsPerMinute, minute.requests),
    ...headersOf('tokens', key.tokensPerMinute, minute.tokens),
  };
}

function headersOf(unit: string, limit: bigint | undefined, { used, resetMs }: Usage): Record<string, string> {
  if (limit === undefined) return {};
  return {
    [`x-ratelimit-limit-${unit}`]: String(limit),
    [`x-ratelimit-remaining-${unit}`]: String(used > limit ? 0n : limit - used),
    [`x-ratelimit-reset-${unit}`]: `${Math.ceil(resetMs / 1_000)}s`,
  };
}
