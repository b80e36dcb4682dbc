import type { ChatMessage, SchemaNode } from './prompt.ts';

/** The fields of a chat completion request that a demo backend acts on. */
export type ChatRequest = {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly maxTokens: number | undefined;
  readonly schema: SchemaNode | undefined;
};

type Fields = Readonly<Record<string, unknown>>;

export function readChatRequest(text: string): ChatRequest | { readonly problem: string } {
  const body = parse(text);
  if (body === undefined) return { problem: 'the body is not a JSON object' };
  if (typeof body['model'] !== 'string') return { problem: 'model must be a string' };
  const messages = readMessages(body['messages']);
  if (messages === undefined) return { problem: 'messages must be a non-empty array of {role, content}' };
  const maxTokens = body['max_completion_tokens'] ?? body['max_tokens'];
  if (maxTokens !== undefined && maxTokens !== null && !isPositiveInteger(maxTokens))
    return { problem: 'max_tokens must be a positive integer' };
  return {
    model: body['model'],
    messages,
    stream: body['stream'] === true,
    includeUsage: fields(body['stream_options'])?.['include_usage'] === true,
    maxTokens: isPositiveInteger(maxTokens) ? maxTokens : undefined,
    schema: readSchema(body['response_format']),
  };
}

function parse(text: string): Fields | undefined {
  try {
    return fields(JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function isPositiveInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

function readMessages(value: unknown): ChatMessage[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const messages: ChatMessage[] = [];
  for (const item of value as readonly unknown[]) {
    const message = fields(item);
    const role = message?.['role'];
    const content = textOf(message?.['content']);
    if (typeof role !== 'string' || content === undefined) return undefined;
    messages.push({ role, content });
  }
  return messages;
}

/** A string, or the text parts of a list of content parts. */
function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (content === null) return '';
  if (!Array.isArray(content)) return undefined;
  return (content as readonly unknown[])
    .map((part) => fields(part)?.['text'])
    .filter((text) => typeof text === 'string')
    .join('\n');
}

function readSchema(format: unknown): SchemaNode | undefined {
  const schema = fields(fields(fields(format)?.['json_schema'])?.['schema']);
  return schema;
}
