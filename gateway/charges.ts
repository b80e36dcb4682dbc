import type { Hold } from './account/ledger.ts';
import type { Charge } from './account/ports.ts';
import { toDgridError } from './errors.ts';
import type { DgridError } from './errors.ts';
import { createDelivered } from './execute/delivered.ts';
import type { Target } from './execute/execute.ts';
import { UpstreamFailure } from './execute/failure.ts';
import type { Measured, MeterJob } from './execute/meter.ts';
import type { TextContent } from './protocol/content.ts';
import type { Hex, Receipt } from './protocol/types.ts';
import { priceMicroUsd } from './protocol/units.ts';
import type { Plan } from './route/plan.ts';
import { stripPreferences } from './route/preferences.ts';
import type { ReceiptLog } from './receipt/ports.ts';
import type { ServeRequest } from './serve.ts';
import { priceOf } from './shapes.ts';

/** What a request costs whoever sent it: the whole answer its price, part of a stream as much as it got. */

/** A request on its way through the pipeline. */
export type Going = {
  readonly request: ServeRequest;
  readonly plan: Plan;
  readonly ids: { readonly id: Hex; readonly salt: Hex };
  readonly hold: Hold;
  readonly sent: Sent;
};

/** What of a stream has gone out, and whose words they are. */
export type Sent = {
  readonly begin: (target: Target) => void;
  readonly note: (bytes: Buffer) => void;
  readonly part: () => { readonly target: Target; readonly content: TextContent } | undefined;
};

export function createSent(): Sent {
  const delivered = createDelivered();
  let from: Target | undefined;
  return {
    begin(target) {
      from = target;
    },
    note: delivered.note,
    part() {
      const content = delivered.content();
      return from === undefined || content === undefined ? undefined : { target: from, content };
    },
  };
}

export function chargeOf(hold: Hold, receipt: Receipt): Charge | undefined {
  return hold.charge(receipt.priceMicroUsd, BigInt(receipt.promptTokens) + BigInt(receipt.completionTokens));
}

type GiveUpDeps = {
  readonly meter: { readonly measure: (job: MeterJob) => Promise<Measured> };
  readonly receipts: Pick<ReceiptLog, 'release'>;
  readonly onReleaseFailure: (error: unknown) => void;
};

/** Ends a request that had no whole answer. Never throws: what stays open is freed at the next start. */
export async function giveUp(deps: GiveUpDeps, going: Going, error: unknown): Promise<void> {
  try {
    const charge = await chargeOfPart(going, error, deps.meter);
    await deps.receipts.release(going.ids.id, charge);
    if (charge !== undefined) going.hold.settle(charge);
  } catch (failure) {
    deps.onReleaseFailure(failure);
  }
}

/** To stop reading is a way to leave. */
const isCallersDoing = ({ code, cause }: DgridError): boolean =>
  code === 'DGRID_CLIENT_CLOSED' || (cause instanceof UpstreamFailure && cause.reason === 'slow_caller');

/**
 * A caller who leaves amid a stream pays for the prompt and for the words that were sent, or everybody would leave one
 * word before the end. Whatever else went wrong is not the caller's to pay.
 */
async function chargeOfPart(
  { request, plan, ids, hold, sent }: Going,
  error: unknown,
  meter: GiveUpDeps['meter'],
): Promise<Charge | undefined> {
  if (!isCallersDoing(toDgridError(error))) return undefined;
  const part = sent.part();
  if (part === undefined) return undefined;
  const { target, content } = part;
  const body = stripPreferences(request.body, target.modelId);
  const measured = await meter.measure({ request: body, answer: content, salt: ids.salt, decision: null });
  const tokens = { prompt: measured.promptTokens, completion: measured.completionTokens };
  const { input, output } = priceOf(plan, target);
  const price = priceMicroUsd({ input: BigInt(input), output: BigInt(output) }, tokens);
  return hold.charge(price, BigInt(tokens.prompt) + BigInt(tokens.completion));
}
