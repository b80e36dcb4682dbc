import type { JsonValue } from '../protocol/canonical-json.ts';
import type { JsonObject } from '../protocol/content.ts';
import { bounded } from './text/window.ts';

/** What a body's messages come to for routing. Lengths are of everything; text is read from the ends only. */
export type TaskText = {
  /** The last user message, after the start of the instructions it stands under. */
  readonly text: string;
  readonly characters: number;
  readonly turns: number;
  readonly hasImage: boolean;
};

/** A system message often names the task, and then the user's is the material; its start is enough to tell. */
const SYSTEM = 600;
/** A follow-up such as "and in French?" says little without the request before it. */
const SHORT = 40;
const SYSTEM_ROLES: ReadonlySet<string> = new Set(['system', 'developer']);

export function readTaskText(body: JsonObject): TaskText {
  const messages = messagesOf(body);
  let [characters, hasImage] = [0, false];
  let [system, last, before] = ['', '', ''];
  for (const message of messages) {
    const read = readMessage(message);
    characters += read.characters;
    hasImage ||= read.hasImage;
    if (SYSTEM_ROLES.has(read.role)) system ||= read.text.slice(0, SYSTEM);
    else if (read.role === 'user' || last === '') [before, last] = [last, read.text];
  }
  const asked = last.length < SHORT ? `${before}\n${last}`.trimStart() : last;
  const text = isPersona(system) ? asked : `${system}\n\n${asked}`;
  return { text, characters, turns: messages.length, hasImage };
}

const messagesOf = ({ messages }: JsonObject): readonly JsonValue[] =>
  Array.isArray(messages) ? (messages as JsonValue[]) : [];

/** "You are a helpful assistant." and the like stand before any task. */
const isPersona = (system: string): boolean => system.length < 60 || !/[\n:]/.test(system);

type MessageText = {
  readonly role: string;
  readonly text: string;
  readonly characters: number;
  readonly hasImage: boolean;
};

function readMessage(message: JsonValue): MessageText {
  const isEntry = typeof message === 'object' && message !== null && !Array.isArray(message);
  const entry = isEntry ? (message as JsonObject) : {};
  const role = typeof entry['role'] === 'string' ? entry['role'] : '';
  const { content } = entry;
  if (typeof content === 'string') return { role, text: bounded(content), characters: content.length, hasImage: false };
  return Array.isArray(content) ? { role, ...readParts(content as readonly JsonValue[]) } : { ...NOTHING, role };
}

const NOTHING: MessageText = { role: '', text: '', characters: 0, hasImage: false };
/** Parts whose text is read; of more only the lengths count. */
const READ_PARTS = 8;

function readParts(parts: readonly JsonValue[]): Omit<MessageText, 'role'> {
  const texts: string[] = [];
  let [characters, hasImage] = [0, false];
  for (const part of parts) {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) continue;
    const { text } = part as JsonObject;
    hasImage ||= 'image_url' in part;
    if (typeof text !== 'string') continue;
    characters += text.length;
    if (texts.length < READ_PARTS) texts.push(bounded(text));
  }
  return { text: bounded(texts.join('\n')), characters, hasImage };
}
