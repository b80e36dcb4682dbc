import type { JsonValue } from '../protocol/canonical-json.ts';
import type { JsonObject } from '../protocol/content.ts';
import { keyOf } from './draw.ts';

/** So much of a conversation's start tells it from others; nodes keep what they computed of it. */
const START = 1_024;

/** The caller's own key, or the start of the conversation, which its later turns share. */
export function stickyKeyOf(body: JsonObject): number {
  const stated = body['prompt_cache_key'];
  if (typeof stated === 'string' && stated !== '') return keyOf(`key:${stated.slice(0, START)}`);
  const { messages } = body;
  if (!Array.isArray(messages)) return keyOf('');
  const list = messages as readonly JsonValue[];
  const opening = list.findIndex((message) => roleOf(message) === 'user');
  const start = list.slice(0, opening === -1 ? 1 : Math.min(opening, 7) + 1);
  return keyOf(start.map(textOf).join('\n').slice(0, START));
}

const entryOf = (message: JsonValue): JsonObject =>
  typeof message === 'object' && message !== null && !Array.isArray(message) ? (message as JsonObject) : {};

const roleOf = (message: JsonValue): JsonValue | undefined => entryOf(message)['role'];

function textOf(message: JsonValue): string {
  const { content } = entryOf(message);
  if (typeof content === 'string') return content.slice(0, START);
  if (!Array.isArray(content)) return '';
  const parts = (content as readonly JsonValue[]).slice(0, 8).map((part) => entryOf(part)['text']);
  return parts.map((text) => (typeof text === 'string' ? text.slice(0, START) : '')).join('');
}
