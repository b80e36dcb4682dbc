import type { JsonObject } from '../protocol/content.ts';
import { priceMicroUsd } from '../protocol/units.ts';
import type { Need } from './ledger.ts';

/** What bounds a request's price, whoever of those who may be asked answers it. */
export type WorstCase = {
  readonly body: JsonObject;
  /** The caller's own bound on each answer, if any. */
  readonly maxTokens: number | undefined;
  /** How many answers may come of one body: of vectors, none has tokens. */
  readonly answers: number;
  readonly models: readonly {
    readonly price: { readonly input: number; readonly output: number };
    readonly maxOutputTokens: number;
  }[];
  /** The router's guess of what the request will really take. */
  readonly expected: { readonly promptTokens: number; readonly outputTokens: number };
};

/** What an image counts as: its few bytes of JSON would not cover it. */
const PER_PART = 85;

/**
 * A token stands for at least one byte, and what a message costs besides its text is less than the JSON around it: so the
 * length of the body bounds its tokens, and nobody has to count them before the request may go on.
 */
export function worstCase({ body, maxTokens, answers, models, expected }: WorstCase): Need {
  const prompt = Buffer.byteLength(JSON.stringify(body)) + PER_PART * partsOf(body);
  const costs = models.map(({ price, maxOutputTokens }) =>
    priceMicroUsd(
      { input: BigInt(price.input), output: BigInt(price.output) },
      { prompt, completion: answers * (maxTokens ?? maxOutputTokens) },
    ),
  );
  return {
    microUsd: costs.reduce((most, cost) => (cost > most ? cost : most), 0n),
    tokens: BigInt(expected.promptTokens + answers * (maxTokens ?? expected.outputTokens)),
  };
}

function partsOf({ messages }: JsonObject): number {
  if (!Array.isArray(messages)) return 0;
  return messages.reduce<number>((sum, message: unknown) => {
    const content: unknown =
      typeof message === 'object' && message !== null && 'content' in message ? message.content : undefined;
    return sum + (Array.isArray(content) ? content.length : 0);
  }, 0);
}
