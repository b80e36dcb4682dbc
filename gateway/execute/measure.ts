import { canonicalJson } from '../protocol/canonical-json.ts';
import { answerContent, contentHash, requestContent } from '../protocol/content.ts';
import { keccakText } from '../protocol/keccak.ts';
import { statesFormat } from '../receipt/build-receipt.ts';
import type { FormatRule, Measured, MeterJob } from './meter.ts';
import { countAnswer, countPrompt } from './tokens.ts';

export type MeasureRules = {
  readonly formatConstrained?: FormatRule;
  /** Encrypts the two texts, into memory that nothing else lies in. Without it they are given as they are. */
  readonly seal?: (content: { readonly request: string; readonly response: string }) => Uint8Array<ArrayBuffer>;
};

/** The work of the metering thread, as a function of the job. */
export function measure(job: MeterJob, { formatConstrained = statesFormat, seal }: MeasureRules = {}): Measured {
  const content = { request: requestContent(job.request), response: answerContent(job.answer) };
  const decision = canonicalJson(job.decision);
  return {
    content: seal === undefined ? content : { sealed: seal(content) },
    requestHash: contentHash(job.salt, content.request),
    responseHash: contentHash(job.salt, content.response),
    decision,
    routeHash: keccakText(decision),
    promptTokens: countPrompt(job.request),
    completionTokens: countAnswer(job.answer),
    formatConstrained: formatConstrained(job.request, content.request),
  };
}
