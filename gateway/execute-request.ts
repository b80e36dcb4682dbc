import type { Going } from './charges.ts';
import type { ExecuteRequest } from './execute/execute.ts';
import { stripPreferences } from './route/preferences.ts';
import type { ServeRequest } from './serve.ts';
import { headOf, nodeBody, targetOf } from './shapes.ts';

/** A planned request as it is carried out: who is asked in which order, with what, and where the answer goes. */
export function executeRequestOf({ request, plan, ids, sent }: Going): ExecuteRequest {
  const { sink } = request;
  const stream = request.body['stream'] === true;
  return {
    endpoint: request.endpoint ?? 'chat',
    targets: plan.decision.order.map(({ candidate }) => targetOf(candidate)),
    bodyOf: (target) => nodeBody(stripPreferences(request.body, target.modelId), stream),
    receiptId: ids.id,
    salt: ids.salt,
    stream,
    signal: request.signal,
    ...traceOf(request),
    onCommit(target, attempts) {
      sent.begin(target);
      sink?.start(headOf(plan, target, attempts, ids));
    },
    write(bytes) {
      sent.note(bytes);
      return sink?.write(bytes) ?? true;
    },
    drained: () => sink?.drained() ?? Promise.resolve(),
  };
}

function traceOf({ traceId: id, traceFlags: flags = '00' }: ServeRequest): Pick<ExecuteRequest, 'trace'> {
  return id === undefined ? {} : { trace: { id, flags } };
}
