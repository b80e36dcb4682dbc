import { runMeterThread } from '../execute/meter-thread.ts';
import { constraintsOf } from '../poq/dimensions/constraints-of.ts';
import { readRequest } from '../poq/dimensions/request-view.ts';
import { requestContent } from '../protocol/content.ts';
import type { JsonObject } from '../protocol/content.ts';
import { statesFormat } from '../receipt/build-receipt.ts';

/** Program of the metering thread. */

/** Reading a prompt for its demands takes time: of a giant one only what it states in fields counts. */
const MAX_READ_CHARS = 200_000;

/** The same reading of the request as the evaluators': what they check is what counts. */
function formatConstrained(body: JsonObject): boolean {
  const request = requestContent(body);
  return request.length > MAX_READ_CHARS ? statesFormat(body) : constraintsOf(readRequest(request)).length > 0;
}

runMeterThread(formatConstrained);
