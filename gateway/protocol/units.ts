import { MAX_COMPLETION_TOKENS, NO_VOLUME } from './constants.ts';

/** Price of a model in micro-USD per million tokens. */
export type TokenPrice = { readonly input: bigint; readonly output: bigint };

export type TokenCounts = { readonly prompt: number; readonly completion: number };

/**
 * Work units of an answer: prompt tokens + 4 × completion tokens, both recounted by the gateway.
 * @param maxTokens the caller's own bound, if any; completion counts at most min(maxTokens, 4,096).
 */
export function workUnits(tokens: TokenCounts, maxTokens?: number): bigint {
  const cap = Math.min(maxTokens ?? MAX_COMPLETION_TOKENS, MAX_COMPLETION_TOKENS);
  return BigInt(tokens.prompt) + 4n * BigInt(Math.min(tokens.completion, cap));
}

/** Units that an epoch counts and a gateway pays the fee for: none when a flag takes the volume away. */
export function volumeUnits(receipt: { readonly units: bigint; readonly flags: number }): bigint {
  return (receipt.flags & NO_VOLUME) === 0 ? receipt.units : 0n;
}

/** Metered price in micro-USD, rounded up. */
export function priceMicroUsd(price: TokenPrice, tokens: TokenCounts): bigint {
  const scaled = price.input * BigInt(tokens.prompt) + price.output * BigInt(tokens.completion);
  return (scaled + 999_999n) / 1_000_000n;
}
