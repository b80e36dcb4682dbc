import type { JsonObject } from '../protocol/content.ts';
import type { ServeOutcome } from '../serve.ts';

/** The body of an embeddings answer: the numbers that the receipt's hash is of, plain or packed as OpenAI packs them. */
export function embeddingAnswer(packed: boolean): (outcome: ServeOutcome) => JsonObject {
  return ({ content, body }) => {
    const vectors = 'data' in content ? content.data : [];
    return {
      ...body,
      object: 'list',
      data: vectors.map(({ index, embedding }) => ({
        object: 'embedding',
        index,
        embedding: packed ? toBase64(embedding) : embedding,
      })),
    };
  };
}

function toBase64(embedding: readonly number[]): string {
  const bytes = Buffer.alloc(4 * embedding.length);
  embedding.forEach((value, place) => bytes.writeFloatLE(value, 4 * place));
  return bytes.toString('base64');
}
