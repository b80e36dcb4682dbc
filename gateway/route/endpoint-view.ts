import type { JsonValue } from '../protocol/canonical-json.ts';
import type { Endpoint, JsonObject } from '../protocol/content.ts';

/** What routing reads of a request, whichever endpoint it came to. */
export type EndpointView = {
  readonly body: JsonObject;
  /** What a model must declare besides what the body shows. */
  readonly needs: readonly string[];
};

/** Tokens are not turned back into text here; this many characters each is what the estimate reckons with. */
const CHARACTERS_PER_TOKEN = 4;

/** A body without roles, as the chat with one message that it amounts to: one task profile serves all endpoints. */
export function endpointView(endpoint: Endpoint, body: JsonObject): EndpointView {
  if (endpoint === 'chat') return { body, needs: ['chat'] };
  const { prompt, input, ...rest } = body;
  const messages = [{ role: 'user', content: inputText(endpoint === 'completion' ? prompt : input) }];
  if (endpoint === 'completion') return { body: { ...rest, messages }, needs: ['completions'] };
  // A vector is not read token by token: what it costs is its input.
  return { body: { ...rest, messages, max_tokens: 1, task: rest['task'] ?? 'other' }, needs: ['embeddings'] };
}

function inputText(input: JsonValue | undefined): string {
  if (typeof input === 'string') return input;
  if (typeof input === 'number') return ' '.repeat(CHARACTERS_PER_TOKEN);
  return Array.isArray(input) ? (input as readonly JsonValue[]).map(inputText).join('') : '';
}
