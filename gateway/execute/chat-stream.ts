import type { ChatChoice, ChatContent, JsonObject, ToolCall } from '../protocol/content.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import { MAX_CHOICES, choiceIndexes } from './choices.ts';
import { UpstreamFailure } from './failure.ts';
import type { SseFrame } from './sse-scanner.ts';
import { filledOf, isObject, numberOf, objectOf, textOf } from './json.ts';
import { readUsage } from './usage.ts';
import type { ClaimedUsage } from './usage.ts';

/** What one frame of a chat stream means for its reader. */
export type StreamEvent = {
  /** `head`: valid, but nothing was said yet; `content`: the first or a further part of the answer. */
  readonly kind: 'comment' | 'head' | 'content' | 'usage' | 'done';
  /** Bytes for the caller; undefined for what only the gateway reads. Usage is taken out: it is a claim. */
  readonly forward: Buffer | undefined;
};

export type StreamMeta = { readonly id: string; readonly created: number; readonly model: string };

export type ChatStream = {
  /** @throws UpstreamFailure on an error event, garbage, or an answer that is too large. */
  readonly accept: (frame: SseFrame) => StreamEvent;
  /** @throws UpstreamFailure (`truncated`) unless every choice has its finish reason and `[DONE]` was read. */
  readonly complete: () => ChatContent;
  readonly usage: () => ClaimedUsage | undefined;
  readonly meta: () => StreamMeta;
};

type ChoiceState = {
  role: string;
  content: string;
  refusal: string | undefined;
  readonly tools: Map<number, { id: string; type: string; name: string; arguments: string }>;
  finish: string | undefined;
};

const MAX_TOOL_CALLS = 128;

/**
 * Follows one streamed chat answer: what it amounts to, and whether it ended as it should.
 * @param maxChoices how many were asked for.
 */
export function createChatStream(maxBytes: number, maxChoices = MAX_CHOICES): ChatStream {
  const choices = new Map<number, ChoiceState>();
  let meta: StreamMeta | undefined;
  let usage: ClaimedUsage | undefined;
  let done = false;
  let bytes = 0;

  const accept = (frame: SseFrame): StreamEvent => {
    // The answer ended at [DONE]; whatever a node still says belongs to nobody.
    if (frame.data === undefined || done) return { kind: 'comment', forward: undefined };
    done = frame.data.trim() === '[DONE]';
    if (done) return { kind: 'done', forward: undefined };
    bytes += frame.bytes.length;
    if (bytes > maxBytes) throw new UpstreamFailure('too_large');
    const chunk = parseChunk(frame);
    meta ??= metaOf(chunk);
    const claim = readUsage(chunk);
    usage = claim ?? usage;
    return eventOf(frame, chunk, {
      hasUsage: claim !== undefined,
      apply: (parts) => applyChoices(choices, parts, maxChoices),
    });
  };

  return {
    accept,
    complete() {
      if (!done || choices.size === 0 || meta === undefined) throw new UpstreamFailure('truncated');
      const list = [...choices].map(([index, state]) => choiceOf(index, state));
      return { model: meta.model, choices: list.toSorted((a, b) => a.index - b.index) };
    },
    usage: () => usage,
    meta: () => meta ?? { id: '', created: 0, model: '' },
  };
}

type ChunkReading = {
  readonly hasUsage: boolean;
  /** Adds the chunk's choices to the answer; whether they say anything. */
  readonly apply: (parts: readonly JsonValue[]) => boolean;
};

function eventOf(frame: SseFrame, chunk: JsonObject, { hasUsage, apply }: ChunkReading): StreamEvent {
  const parts = chunk['choices'];
  if (hasUsage && (!Array.isArray(parts) || parts.length === 0)) return { kind: 'usage', forward: undefined };
  if (!Array.isArray(parts)) throw new UpstreamFailure('malformed', { said: 'a chunk without choices' });
  const said = apply(parts);
  return { kind: said ? 'content' : 'head', forward: hasUsage ? withoutUsage(chunk) : cleanBytes(frame, chunk) };
}

function parseChunk(frame: SseFrame): JsonObject {
  let chunk: unknown;
  try {
    chunk = JSON.parse(frame.data ?? '');
  } catch (cause) {
    throw new UpstreamFailure('malformed', { said: 'an event that is not JSON', cause });
  }
  if (!isObject(chunk)) throw new UpstreamFailure('malformed', { said: 'an event that is not an object' });
  const error = chunk['error'];
  if (frame.event === 'error' || (error !== undefined && error !== null)) {
    throw new UpstreamFailure('in_band_error', { said: textOf(objectOf(error)['message']) ?? 'an error event' });
  }
  return chunk;
}

function metaOf({ id, created, model }: JsonObject): StreamMeta {
  return { id: textOf(id) ?? '', created: numberOf(created) ?? 0, model: textOf(model) ?? '' };
}

/** A `usage: null` on every chunk is what OpenAI sends when usage was asked for: the caller may not have asked. */
function cleanBytes(frame: SseFrame, chunk: JsonObject): Buffer {
  return 'usage' in chunk ? withoutUsage(chunk) : frame.bytes;
}

function withoutUsage(chunk: JsonObject): Buffer {
  const { usage: _usage, x_groq: _groq, choices, ...rest } = chunk;
  const cleaned = (Array.isArray(choices) ? choices : []).map((choice: JsonValue) => {
    if (!isObject(choice)) return choice;
    const { usage: _inner, ...kept } = choice;
    return kept;
  });
  return Buffer.from(`data: ${JSON.stringify({ ...rest, choices: cleaned })}\n\n`, 'utf8');
}

/** @returns whether any part says anything: text, a tool call, a refusal, reasoning, or the end of a choice. */
function applyChoices(choices: Map<number, ChoiceState>, parts: readonly JsonValue[], maxChoices: number): boolean {
  if (!parts.every(isObject)) throw new UpstreamFailure('malformed', { said: 'a choice that is not an object' });
  const indexes = choiceIndexes(parts, maxChoices);
  const said = parts.map((part, place) => {
    const index = indexes[place] ?? place;
    const state = choices.get(index) ?? newChoice();
    choices.set(index, state);
    return applyPart(state, part);
  });
  return said.includes(true);
}

function applyPart(state: ChoiceState, part: JsonObject): boolean {
  const delta = part['delta'] ?? {};
  if (!isObject(delta)) throw new UpstreamFailure('malformed', { said: 'a delta that is not an object' });
  const said = applyDelta(state, delta);
  // Readers stop at the finish reason, and so would what is judged: nothing may be sold beyond it.
  if (said && state.finish !== undefined)
    throw new UpstreamFailure('malformed', { said: 'a choice that goes on after its finish reason' });
  const finish = filledOf(part['finish_reason']);
  state.finish = finish ?? state.finish;
  return said || finish !== undefined;
}

const newChoice = (): ChoiceState => ({
  role: 'assistant',
  content: '',
  refusal: undefined,
  tools: new Map(),
  finish: undefined,
});

function applyDelta(state: ChoiceState, delta: JsonObject): boolean {
  const parts = Object.entries(delta).map(([name, value]) => applyField(state, name, value));
  return parts.includes(true);
}

function applyField(state: ChoiceState, name: string, value: JsonValue | undefined): boolean {
  if (name === 'tool_calls') return applyTools(state, value);
  if (name === 'content' || name === 'refusal') return applyText(state, name, value);
  if (name !== 'role') return filledOf(value) !== undefined; // reasoning and the like
  state.role = filledOf(value) ?? state.role;
  return false;
}

function applyText(state: ChoiceState, name: 'content' | 'refusal', value: JsonValue | undefined): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value !== 'string') throw new UpstreamFailure('malformed', { said: `${name} that is not text` });
  if (name === 'content') state.content += value;
  else state.refusal = (state.refusal ?? '') + value;
  return value !== '';
}

function applyTools(state: ChoiceState, value: JsonValue | undefined): boolean {
  if (value === null || value === undefined) return false;
  if (!Array.isArray(value)) throw new UpstreamFailure('malformed', { said: 'tool calls that are not a list' });
  value.forEach((call: JsonValue, position) => applyTool(state.tools, call, position));
  return value.length > 0;
}

function applyTool(tools: ChoiceState['tools'], call: JsonValue, position: number): void {
  if (!isObject(call)) throw new UpstreamFailure('malformed', { said: 'a tool call that is not an object' });
  const index = numberOf(call['index']) ?? position;
  if (tools.size >= MAX_TOOL_CALLS && !tools.has(index)) throw new UpstreamFailure('too_large');
  const tool = tools.get(index) ?? { id: '', type: 'function', name: '', arguments: '' };
  tools.set(index, tool);
  const details = objectOf(call['function']);
  tool.id = filledOf(call['id']) ?? tool.id;
  tool.type = filledOf(call['type']) ?? tool.type;
  // Set, not appended: some backends repeat the name on every chunk, and none splits it.
  tool.name = filledOf(details['name']) ?? tool.name;
  tool.arguments += textOf(details['arguments']) ?? '';
}

function choiceOf(index: number, state: ChoiceState): ChatChoice {
  if (state.finish === undefined) throw new UpstreamFailure('truncated');
  const calls = [...state.tools]
    .toSorted(([a], [b]) => a - b)
    .map(([, tool]): ToolCall => {
      return { id: tool.id, type: tool.type, function: { name: tool.name, arguments: tool.arguments } };
    });
  return {
    index,
    message: {
      role: state.role,
      content: state.content,
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(state.refusal === undefined ? {} : { refusal: state.refusal }),
    },
    finish_reason: state.finish,
  };
}
