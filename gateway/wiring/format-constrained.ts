import { constraintsOf } from '../poq/dimensions/constraints-of.ts';
import { requestView } from '../poq/dimensions/request-view.ts';
import type { JsonObject } from '../protocol/content.ts';
import { statesFormat } from '../receipt/build-receipt.ts';

/** Reading a prompt for its demands takes time: of a giant one only what it states in fields counts. */
const MAX_READ_CHARS = 200_000;

/** The same reading of the request as the evaluators': what they check is what counts. */
export function formatConstrained(body: JsonObject, canonical: string): boolean {
  return canonical.length > MAX_READ_CHARS ? statesFormat(body) : constraintsOf(requestView(body)).length > 0;
}
