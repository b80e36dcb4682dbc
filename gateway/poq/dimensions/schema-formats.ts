import { fullFormats } from 'ajv-formats/dist/formats.js';

import type { JsonValue } from '../../protocol/canonical-json.ts';

/** Whether a value has a named format. Names that nobody knows, and other types of values, constrain nothing. */
export function meetsFormat(name: string, value: JsonValue): boolean {
  if (typeof value !== 'string' || !Object.hasOwn(FORMATS, name)) return true;
  return FORMATS[name]?.(value) ?? true;
}

type Check = (text: string) => boolean;

const FORMATS: Readonly<Record<string, Check>> = Object.fromEntries(
  Object.entries(fullFormats).flatMap(([name, definition]): [string, Check][] => {
    const check = checkOf(definition);
    return check === undefined ? [] : [[name, check]];
  }),
);

function checkOf(definition: unknown): Check | undefined {
  if (definition instanceof RegExp) return (text) => definition.test(text);
  if (typeof definition === 'function') return (text) => Boolean((definition as Check)(text));
  if (typeof definition !== 'object' || definition === null || !('validate' in definition)) return undefined;
  // number formats (int32, …) name the type they are about
  if ('type' in definition && definition.type === 'number') return undefined;
  return checkOf(definition.validate);
}
