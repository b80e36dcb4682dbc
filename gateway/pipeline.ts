import type { Execute, Executed } from './execute/execute.ts';
import type { Meter } from './execute/meter.ts';
import type { JsonObject } from './protocol/content.ts';
import type { Address, Hex } from './protocol/types.ts';
import { buildReceipt } from './receipt/build-receipt.ts';
import type { ReceiptLog } from './receipt/ports.ts';
import type { Plan } from './route/plan.ts';
import { stripPreferences } from './route/preferences.ts';
import type { Serve, ServeOutcome, ServeRequest } from './serve.ts';
import { answerFacts, decisionOf, flagsOf, headOf, nodeBody, targetOf, usageOf, waitedMs } from './wire.ts';
import type { Answered } from './wire.ts';

export type PipelineDeps = {
  readonly gateway: Address;
  readonly route: (request: ServeRequest) => Plan;
  readonly execute: Execute;
  readonly meter: Pick<Meter, 'measure'>;
  readonly receipts: Pick<ReceiptLog, 'reserve' | 'commit' | 'release'>;
  readonly formatConstrained: (body: JsonObject) => boolean;
  readonly blockTime: () => bigint;
  readonly nowMs: () => number;
  readonly newId: () => Hex;
  readonly newSalt: () => Hex;
  readonly onServed: (outcome: ServeOutcome, executed: Executed, overheadMs: number) => void;
  readonly onReleaseFailure: (error: unknown) => void;
};

/** One request, in the order of the loop: route → reserve → execute → receipt. @throws DgridError */
export function createPipeline(deps: PipelineDeps): Serve {
  return async (request) => {
    const startedMs = deps.nowMs();
    const plan = deps.route(request);
    const ids = { id: deps.newId(), salt: deps.newSalt() };
    await deps.receipts.reserve({ id: ids.id, keyHash: request.keyHash, atMs: startedMs });
    try {
      const executed = await run(deps, request, plan, ids);
      const outcome = await write(deps, { request, plan, executed, ids });
      deps.onServed(outcome, executed, deps.nowMs() - startedMs - waitedMs(executed.attempts));
      return outcome;
    } catch (error) {
      await deps.receipts.release(ids.id).catch(deps.onReleaseFailure); // left open: freed at the next start
      throw error;
    }
  };
}

function run(deps: PipelineDeps, request: ServeRequest, plan: Plan, ids: Answered['ids']): Promise<Executed> {
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

/** Measures the answer and writes its receipt: when this resolves, the receipt is on disk. */
async function write(deps: PipelineDeps, { request, plan, executed, ids }: Answered): Promise<ServeOutcome> {
  const { target, result } = executed;
  const { id, salt } = ids;
  const sent = stripPreferences(request.body, target.modelId);
  const job = { request: sent, answer: result.content, salt, decision: decisionOf(plan, executed.attempts) };
  const measured = await deps.meter.measure(job);
  const flags = flagsOf(plan, request.flags, deps.formatConstrained(sent));
  const facts = { id, gateway: deps.gateway, servedAt: deps.blockTime(), measured, flags };
  const receipt = buildReceipt({ ...answerFacts(plan, executed), ...facts });
  const content = { salt, request: measured.request, response: measured.response };
  const log = {
    keyHash: request.keyHash,
    servedAtMs: deps.nowMs(),
    modelId: target.modelId,
    decision: measured.decision,
  };
  const { serial } = await deps.receipts.commit({ receipt, content, ...log });
  const body = { ...result.body, usage: usageOf(receipt, result.usage) };
  const head = headOf(plan, target, executed.attempts.length, ids);
  return { head, receipt: { ...receipt, serial }, content: result.content, body };
}
