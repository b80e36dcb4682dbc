import type { Reference } from '../poq/dimensions/reference.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import { FAMILIES } from '../protocol/constants.ts';
import type { FamilyName } from '../protocol/constants.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { GoldTask } from './task.ts';

/**
 * An operator's own golds, one JSON object per line: `{prompt, family, references[], schema?, options?}`. The reference's
 * kind follows from the row: `options` make a choice, `schema` makes JSON, a maths reference that is a number a number.
 * @throws TypeError naming the line that is wrong.
 */
export function parseGoldStore(text: string, source: string): GoldTask[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [taskOfRow(JSON.parse(line) as JsonValue)];
    } catch (error) {
      throw new TypeError(`${source}:${index + 1}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
}

function taskOfRow(row: JsonValue): GoldTask {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new TypeError('not a JSON object');
  const { prompt, family, references, schema, options } = row as JsonObject;
  if (typeof prompt !== 'string' || prompt.trim() === '') throw new TypeError('prompt must be a text');
  const name = FAMILIES.find((known) => known === family);
  if (name === undefined) throw new TypeError(`family must be one of ${FAMILIES.join(', ')}`);
  if (!isTexts(references) || references.length === 0) throw new TypeError('references must be a list of texts');
  const reference = referenceOf(name, references, { schema, options });
  const messages = [{ role: 'user', content: prompt }];
  if (!isSchema(schema)) return { family: name, body: { messages }, reference };
  const format = { type: 'json_schema', json_schema: { name: 'answer', schema } };
  return { family: name, body: { messages, response_format: format }, reference };
}

type Extras = { readonly schema: JsonValue | undefined; readonly options: JsonValue | undefined };

function referenceOf(family: FamilyName, references: readonly string[], { schema, options }: Extras): Reference {
  const [first = ''] = references;
  if (options !== undefined) {
    if (!isTexts(options) || !options.includes(first))
      throw new TypeError('options must be texts, one of them the reference');
    return { kind: 'choice', value: first, options };
  }
  if (schema !== undefined) {
    if (!isSchema(schema)) throw new TypeError('schema must be a JSON Schema object');
    return { kind: 'json', value: JSON.parse(first) as JsonValue };
  }
  const value = Number(first.replaceAll(',', ''));
  if (family === 'maths' && first.trim() !== '' && Number.isFinite(value)) return { kind: 'number', value };
  return { kind: 'text', answers: references };
}

function isTexts(value: JsonValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item.trim() !== '');
}

function isSchema(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
