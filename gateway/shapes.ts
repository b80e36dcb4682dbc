import type { Charge } from './account/ports.ts';
import type { Need } from './account/ledger.ts';
import { worstCase } from './account/worst-case.ts';
import { DIALECTS } from './execute/dialect.ts';
import type { Attempt, Executed, Target } from './execute/execute.ts';
import type { Measured, MeterJob } from './execute/meter.ts';
import type { ClaimedUsage } from './execute/usage.ts';
import type { JsonObject } from './protocol/content.ts';
import type { Hex, Receipt } from './protocol/types.ts';
import type { Candidate } from './route/candidate.ts';
import type { Eligible } from './route/eligibility.ts';
import type { Plan } from './route/plan.ts';
import { receiptFlags } from './receipt/build-receipt.ts';
import type { ReceiptInput } from './receipt/build-receipt.ts';
import type { ServedReceipt } from './receipt/ports.ts';
import { stripPreferences } from './route/preferences.ts';
import type { ServeHead, ServeOutcome, ServeRequest } from './serve.ts';

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

function chosenOf(plan: Plan, target: Target): Eligible {
  const isTarget = ({ node, model }: Candidate): boolean =>
    node.account === target.account && model.id === target.modelId;
  const chosen = plan.decision.order.find(({ candidate }) => isTarget(candidate));
  if (chosen === undefined) throw new RangeError('the answer comes from nobody who was asked');
  return chosen;
}

export const priceOf = (plan: Plan, target: Target): Candidate['model']['price'] =>
  chosenOf(plan, target).candidate.model.price;

export function headOf(
  plan: Plan,
  target: Target,
  attempts: number,
  ids: { readonly id: Hex; readonly salt: Hex },
): ServeHead {
  const { order, cause } = plan.decision;
  const chosen = chosenOf(plan, target);
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

/** An answered request with all that led to it. */
export type Answered = {
  readonly request: ServeRequest;
  readonly plan: Plan;
  readonly executed: Executed;
  readonly ids: { readonly id: Hex; readonly salt: Hex };
};

/** The body as the chosen node got it, but for how the answer was to be delivered. */
const sentBody = ({ request, executed }: Answered): JsonObject =>
  stripPreferences(request.body, executed.target.modelId);

/** With the decision record as it is hashed: what was weighed, and what then happened. */
export function meterJob(answered: Answered): MeterJob {
  const { plan, executed, ids } = answered;
  const attempts = executed.attempts.map((attempt) => ({ ...attempt, ms: Math.round(attempt.ms) }));
  const decision = { ...plan.decision.record, attempts };
  return {
    request: sentBody(answered),
    text: executed.sent,
    answer: executed.result.content,
    salt: ids.salt,
    decision,
  };
}

/**
 * Whether a committee could say anything about the answer: a vector means nothing to whoever has not the same model, nor
 * do prompts in one model's tokens, or several prompts at once. Such receipts are kept from evaluators like private
 * ones: to be drawn and not scored would count against a node that did nothing wrong.
 */
const isJudgeable = ({ endpoint = 'chat', body }: ServeRequest): boolean =>
  endpoint === 'chat' || (endpoint === 'completion' && typeof body['prompt'] === 'string');

type AnswerFacts = Omit<ReceiptInput, 'gateway' | 'servedAt' | 'measured'>;

export function answerFacts(answered: Answered, { formatConstrained }: Measured): AnswerFacts {
  const { request, plan, executed, ids } = answered;
  const { target, result } = executed;
  return {
    id: ids.id,
    node: target.account,
    modelId: target.modelId,
    price: priceOf(plan, target),
    family: plan.profile.family,
    complexity: plan.profile.complexity,
    maxTokens: plan.maxTokens,
    firstTokenMs: result.firstTokenMs,
    totalMs: result.totalMs,
    flags: receiptFlags({
      preset: request.flags,
      pinned: plan.decision.pinned || plan.decision.lone.includes(target.modelId),
      isPrivate: plan.preferences.isPrivate || !isJudgeable(request),
      formatConstrained,
    }),
  };
}

type Written = {
  readonly answered: Answered;
  readonly receipt: Receipt;
  readonly measured: Measured;
  readonly charge: Charge | undefined;
};

export function servedReceipt({ answered, receipt, measured, charge }: Written, servedAtMs: number): ServedReceipt {
  const { request, executed, ids } = answered;
  const content = { salt: ids.salt, ...measured.content };
  const { decision } = measured;
  const row = { receipt, content, keyHash: request.keyHash, servedAtMs, modelId: executed.target.modelId, decision };
  return charge === undefined ? row : { ...row, charge };
}

export function outcomeOf(
  { plan, executed, ids }: Answered,
  receipt: Receipt,
  charge: Charge | undefined,
): ServeOutcome {
  const { target, result, attempts } = executed;
  const cost = charge?.microUsd ?? receipt.priceMicroUsd;
  const body = { ...result.body, usage: usageOf(receipt, cost, result.usage) };
  return { head: headOf(plan, target, attempts.length, ids), receipt, content: result.content, body };
}

/** Time of a request that was spent waiting for nodes. */
export const waitedMs = (attempts: readonly Attempt[]): number => attempts.reduce((sum, { ms }) => sum + ms, 0);

/** What the caller is billed for: the gateway's own counts. Only the breakdowns are the node's. */
function usageOf(receipt: Receipt, costMicroUsd: bigint, claimed: ClaimedUsage | undefined): JsonObject {
  const { promptTokens, completionTokens } = receipt;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    cost: Number(costMicroUsd) / 1_000_000,
    ...claimed?.details,
  };
}

/** The most that a request may come to, over all nodes that may be asked. */
export function needOf({ endpoint = 'chat', body }: ServeRequest, plan: Plan): Need {
  const { order } = plan.decision;
  const { promptTokens, expectedTokens: outputTokens } = plan.profile;
  return worstCase({
    body,
    maxTokens: plan.maxTokens,
    answers: endpoint === 'embedding' ? 0 : DIALECTS[endpoint].partsAsked(body),
    models: order.map(({ candidate }) => candidate.model),
    expected: { promptTokens, outputTokens },
  });
}
