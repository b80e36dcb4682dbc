import { canonicalJson } from '../protocol/canonical-json.ts';
import { answerContent, contentHash, requestContent } from '../protocol/content.ts';
import { keccakText } from '../protocol/keccak.ts';
import { statesFormat } from '../receipt/build-receipt.ts';
import type { FormatRule, Measured, MeterJob } from './meter.ts';
import { countAnswer, countPrompt } from './tokens.ts';

/** The work of the metering thread, as a pure function. */
export function measure(job: MeterJob, formatConstrained: FormatRule = statesFormat): Measured {
  const request = requestContent(job.request);
  const response = answerContent(job.answer);
  const decision = canonicalJson(job.decision);
  return {
    request,
    response,
    requestHash: contentHash(job.salt, request),
    responseHash: contentHash(job.salt, response),
    decision,
    routeHash: keccakText(decision),
    promptTokens: countPrompt(job.request),
    completionTokens: countAnswer(job.answer),
    formatConstrained: formatConstrained(job.request, request),
  };
}
