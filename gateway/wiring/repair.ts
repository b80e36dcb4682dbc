import { DgridError } from '../errors.ts';
import type { Execute, Executed, ExecuteRequest } from '../execute/execute.ts';
import type { FormatRunner } from '../agents/evaluator/format-runner.ts';
import { constraintsOf } from '../poq/dimensions/constraints-of.ts';
import type { AnswerContent, JsonObject } from '../protocol/content.ts';

/** Whether an answer has the form that `response_format` asks for; true where there is nothing to check. */
export type MeetsFormat = (body: JsonObject, content: AnswerContent) => Promise<boolean>;

/**
 * Asks once more when a plain answer is not the JSON that was asked for: another node if there is one, with the very same
 * body, so that the receipt stays the caller's own words. The answer that is delivered is the one that is charged, judged
 * and signed for; of two that are both wrong the first. A stream is past its commit point by then and is left as it is.
 * Both share the time of one request: where less is left than the first took, nobody is asked and blamed for being late.
 */
export function withRepair(execute: Execute, meets: MeetsFormat, nowMs: () => number): Execute {
  return async (request) => {
    const startedMs = nowMs();
    const first = await execute(request);
    if (request.stream || request.endpoint !== 'chat') return first;
    if (first.deadlineMs - nowMs() < nowMs() - startedMs) return first;
    const body = request.bodyOf(first.target);
    if (body['response_format'] === undefined || (await meets(body, first.result.content))) return first;
    const second = await again(execute, request, first);
    if (second === undefined || !(await meets(request.bodyOf(second.target), second.result.content))) return first;
    return { ...second, attempts: [...first.attempts, ...second.attempts] };
  };
}

async function again(execute: Execute, request: ExecuteRequest, first: Executed): Promise<Executed | undefined> {
  const other = request.targets.find(({ account }) => account !== first.target.account);
  try {
    return await execute({ ...request, targets: [other ?? first.target], deadlineMs: first.deadlineMs });
  } catch (error) {
    // There is an answer already: only a caller who has left makes it worthless.
    if (error instanceof DgridError && error.code !== 'DGRID_CLIENT_CLOSED') return undefined;
    throw error;
  }
}

const WHOLE = 10_000;

/** By the rules that evaluators score the format with, apart and with a deadline: schemas are written by strangers. */
export function createMeetsFormat(runner: Pick<FormatRunner, 'score'>): MeetsFormat {
  return async ({ response_format: responseFormat }, content) => {
    const constraints = constraintsOf({ prompt: '', user: '', responseFormat, format: undefined });
    if (constraints.length === 0 || !('choices' in content)) return true;
    for (const choice of content.choices) {
      const text = 'message' in choice && isWords(choice) ? choice.message.content : undefined;
      if (text !== undefined && (await runner.score(text, constraints)) < WHOLE) return false;
    }
    return true;
  };
}

type Choice = Extract<AnswerContent, { choices: unknown }>['choices'][number];

/** A call of a tool, a refusal, or what was cut at its limit is no attempt at the form. */
function isWords(choice: Extract<Choice, { message: unknown }>): boolean {
  const { message, finish_reason: finish } = choice;
  return finish === 'stop' && message.tool_calls === undefined && message.refusal === undefined;
}
