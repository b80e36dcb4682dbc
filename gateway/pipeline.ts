import type { Execute, Executed } from './execute/execute.ts';
import type { Meter } from './execute/meter.ts';
import type { JsonObject } from './protocol/content.ts';
import type { Address, Hex } from './protocol/types.ts';
import { buildReceipt, receiptFlags } from './receipt/build-receipt.ts';
import type { ReceiptLog } from './receipt/ports.ts';
import type { Plan } from './route/plan.ts';
import { stripPreferences } from './route/preferences.ts';
import type { Serve, ServeHead, ServeOutcome, ServeRequest } from './serve.ts';
import { headOf, nodeBody, targetOf, usageOf } from './wire.ts';

export type PipelineDeps = {
  readonly gateway: Address;
  readonly route: (request: ServeRequest, body: JsonObject) => Plan;
  readonly execute: Execute;
  readonly meter: Pick<Meter, 'measure'>;
  readonly receipts: Pick<ReceiptLog, 'reserve' | 'commit' | 'release'>;
  readonly formatConstrained: (body: JsonObject) => boolean;
  readonly blockTime: () => bigint;
  readonly nowMs: () => number;
  readonly newId: () => Hex;
  readonly newSalt: () => Hex;
  readonly onReleaseFailure: (error: unknown) => void;
};

/** One request, in the order of the loop: route → reserve → execute → measure → receipt. @throws DgridError */
export function createPipeline(deps: PipelineDeps): Serve {
  return async (request) => {
    const plan = deps.route(request, request.body);
    const id = deps.newId();
    const salt = deps.newSalt();
    await deps.receipts.reserve({ id, keyHash: request.keyHash, atMs: deps.nowMs() });
    try {
      const executed = await run(deps, request, plan, { id, salt });
      return await write(deps, request, plan, executed, { id, salt });
    } catch (error) {
      await deps.receipts.release(id).catch(deps.onReleaseFailure); // left open: freed at the next start
      throw error;
    }
  };
}

type Ids = { readonly id: Hex; readonly salt: Hex };

function run(deps: PipelineDeps, request: ServeRequest, plan: Plan, ids: Ids): Promise<Executed> {
  const { sink } = request;
  const stream = request.body['stream'] === true;
  return deps.execute({
    targets: plan.decision.order.map(({ candidate }) => targetOf(candidate)),
    bodyOf: (target) => nodeBody(stripPreferences(request.body, target.modelId), stream),
    receiptId: ids.id,
    salt: ids.salt,
    stream,
    signal: request.signal,
    onCommit: (target, attempts) => sink?.start(headOf(plan, target, attempts, ids)),
    write: (bytes) => sink?.write(bytes) ?? true,
    drained: () => sink?.drained() ?? Promise.resolve(),
  });
}

async function write(
  deps: PipelineDeps,
  request: ServeRequest,
  plan: Plan,
  { target, result, attempts }: Executed,
  ids: Ids,
): Promise<ServeOutcome> {
  const head: ServeHead = headOf(plan, target, attempts.length, ids);
  const sent = stripPreferences(request.body, target.modelId);
  const decision = { ...plan.decision.record, attempts: attempts.map((attempt) => ({ ...attempt })) };
  const measured = await deps.meter.measure({ request: sent, answer: result.content, salt: ids.salt, decision });
  const { pinned } = plan.decision;
  const { isPrivate } = plan.preferences;
  const flags = { preset: request.flags, pinned, isPrivate, formatConstrained: deps.formatConstrained(sent) };
  const receipt = buildReceipt({
    ...{ id: ids.id, gateway: deps.gateway, node: target.account, servedAt: deps.blockTime(), measured },
    ...{ family: plan.profile.family, complexity: plan.profile.complexity },
    ...{ modelId: target.modelId, price: head.price, maxTokens: plan.maxTokens, flags: receiptFlags(flags) },
    ...{ firstTokenMs: result.firstTokenMs, totalMs: result.totalMs },
  });
  const content = { salt: ids.salt, request: measured.request, response: measured.response };
  const served = { receipt, content, keyHash: request.keyHash, servedAtMs: deps.nowMs(), modelId: target.modelId };
  const { serial } = await deps.receipts.commit({ ...served, decision: measured.decision });
  const body = { ...result.body, usage: usageOf(receipt, result.usage) };
  return { head, receipt: { ...receipt, serial }, content: result.content, body };
}
