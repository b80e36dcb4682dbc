import type { Target } from './execute/execute.ts';
import type { ClaimedUsage } from './execute/usage.ts';
import type { JsonObject } from './protocol/content.ts';
import type { Hex, Receipt } from './protocol/types.ts';
import type { Candidate } from './route/candidate.ts';
import type { Plan } from './route/plan.ts';
import type { ServeHead } from './serve.ts';

/** Shapes handed from one room to the next by the pipeline. */

export const targetOf = ({ node, model }: Candidate): Target => ({
  account: node.account,
  endpoint: node.metadata.endpoint,
  modelId: model.id,
});

/** The body as a node gets it. Usage is always asked of a stream: without it the node states no count at all. */
export function nodeBody(body: JsonObject, stream: boolean): JsonObject {
  const { stream: _stream, stream_options: _options, ...rest } = body;
  return stream ? { ...rest, stream: true, stream_options: { include_usage: true } } : rest;
}

export function headOf(
  plan: Plan,
  target: Target,
  attempts: number,
  ids: { readonly id: Hex; readonly salt: Hex },
): ServeHead {
  const { order, cause } = plan.decision;
  const chosen = order.find(
    ({ candidate }) => candidate.node.account === target.account && candidate.model.id === target.modelId,
  );
  if (chosen === undefined) throw new RangeError('the answer comes from nobody who was asked');
  const { candidate, live } = chosen;
  return {
    receiptId: ids.id,
    salt: ids.salt,
    node: target.account,
    modelId: target.modelId,
    cause: chosen === order[0] ? cause : 'fallback',
    attempts,
    price: candidate.model.price,
    qualityBps: live.qualityBps,
  };
}

/** What the caller is billed for: the gateway's own counts. Only the breakdowns are the node's. */
export function usageOf(receipt: Receipt, claimed: ClaimedUsage | undefined): JsonObject {
  const { promptTokens, completionTokens, priceMicroUsd } = receipt;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    cost: Number(priceMicroUsd) / 1_000_000,
    ...claimed?.details,
  };
}
