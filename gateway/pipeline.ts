import type { Hold } from './account/ledger.ts';
import { chargeOf, createSent, giveUp } from './charges.ts';
import type { Going } from './charges.ts';
import { executeRequestOf } from './execute-request.ts';
import type { Execute, Executed } from './execute/execute.ts';
import type { Meter } from './execute/meter.ts';
import type { Address, Hex } from './protocol/types.ts';
import { buildReceipt } from './receipt/build-receipt.ts';
import type { ReceiptLog } from './receipt/ports.ts';
import type { Plan } from './route/plan.ts';
import type { Serve, ServeOutcome, ServeRequest } from './serve.ts';
import { answerFacts, meterJob, outcomeOf, servedReceipt, waitedMs } from './shapes.ts';

export type PipelineDeps = {
  readonly gateway: Address;
  readonly route: (request: ServeRequest) => Plan;
  readonly execute: Execute;
  readonly meter: Pick<Meter, 'measure'>;
  /** Takes the worst case out of the key's budgets. @throws DgridError 402, 429 */
  readonly hold: (request: ServeRequest, plan: Plan) => Hold;
  readonly receipts: Pick<ReceiptLog, 'reserve' | 'commit' | 'release'>;
  readonly blockTime: () => bigint;
  readonly nowMs: () => number;
  readonly newId: () => Hex;
  readonly newSalt: () => Hex;
  readonly onServed: (outcome: ServeOutcome, executed: Executed, overheadMs: number) => void;
  readonly onReleaseFailure: (error: unknown) => void;
};

/** One request, in the order of the loop: route → hold → reserve → execute → receipt → settle. @throws DgridError */
export function createPipeline(deps: PipelineDeps): Serve {
  return async (request) => {
    const startedMs = deps.nowMs();
    const plan = deps.route(request);
    const ids = { id: deps.newId(), salt: deps.newSalt() };
    const going: Going = { request, plan, ids, hold: deps.hold(request, plan), sent: createSent() };
    try {
      await deps.receipts.reserve(ids.id);
      const executed = await deps.execute(executeRequestOf(going));
      const outcome = await write(deps, going, executed);
      deps.onServed(outcome, executed, deps.nowMs() - startedMs - waitedMs(executed.attempts));
      return outcome;
    } catch (error) {
      await giveUp(deps, going, error);
      throw error;
    } finally {
      going.hold.release();
    }
  };
}

/** Measures the answer and writes its receipt: when this resolves, receipt and charge are written. */
async function write(deps: PipelineDeps, going: Going, executed: Executed): Promise<ServeOutcome> {
  const answered = { ...going, executed };
  const measured = await deps.meter.measure(meterJob(answered));
  const facts = answerFacts(answered, measured);
  const receipt = buildReceipt({ ...facts, gateway: deps.gateway, servedAt: deps.blockTime(), measured });
  const charge = chargeOf(going.hold, receipt);
  const { serial } = await deps.receipts.commit(servedReceipt({ answered, receipt, measured, charge }, deps.nowMs()));
  if (charge !== undefined) going.hold.settle(charge);
  return outcomeOf(answered, { ...receipt, serial }, charge);
}
