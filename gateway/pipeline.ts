import type { Execute, Executed } from './execute/execute.ts';
import type { Meter } from './execute/meter.ts';
import type { JsonObject } from './protocol/content.ts';
import type { Address, Hex } from './protocol/types.ts';
import { buildReceipt } from './receipt/build-receipt.ts';
import type { ReceiptLog } from './receipt/ports.ts';
import type { Plan } from './route/plan.ts';
import { stripPreferences } from './route/preferences.ts';
import type { Serve, ServeOutcome, ServeRequest } from './serve.ts';
import { answerFacts, headOf, meterJob, nodeBody, outcomeOf, servedReceipt, targetOf, waitedMs } from './shapes.ts';
import type { Answered } from './shapes.ts';

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
    endpoint: request.endpoint ?? 'chat',
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
async function write(deps: PipelineDeps, answered: Answered): Promise<ServeOutcome> {
  const measured = await deps.meter.measure(meterJob(answered));
  const { gateway, formatConstrained } = deps;
  const facts = answerFacts(answered, formatConstrained);
  const receipt = buildReceipt({ ...facts, gateway, servedAt: deps.blockTime(), measured });
  const { serial } = await deps.receipts.commit(servedReceipt(answered, receipt, measured, deps.nowMs()));
  return outcomeOf(answered, { ...receipt, serial });
}
