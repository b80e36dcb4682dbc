import type { JsonObject } from '../protocol/content.ts';
import type { ServeOutcome } from '../serve.ts';

/** The body of an embeddings answer: the numbers that the receipt's hash is of, plain or packed as OpenAI packs them. */
export function embeddingAnswer(packed: boolean): (outcome: ServeOutcome) => JsonObject {
  return ({ content, body, receipt }) => {
    const vectors = 'data' in content ? content.data : [];
    return {
      ...body,
      usage: usageOf(body, receipt.promptTokens),
      object: 'list',
      data: vectors.map(({ index, embedding }) => ({
        object: 'embedding',
        index,
        embedding: packed ? toBase64(embedding) : embedding,
      })),
    };
  };
}

/** Of vectors OpenAI states no completion tokens, not even none. */
function usageOf({ usage }: JsonObject, tokens: number): JsonObject {
  const cost = typeof usage === 'object' && usage !== null && 'cost' in usage ? usage.cost : undefined;
  return { prompt_tokens: tokens, total_tokens: tokens, cost };
}

function toBase64(embedding: readonly number[]): string {
  const bytes = Buffer.alloc(4 * embedding.length);
  embedding.forEach((value, place) => bytes.writeFloatLE(value, 4 * place));
  return bytes.toString('base64');
}
