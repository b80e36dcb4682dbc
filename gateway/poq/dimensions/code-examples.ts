import type { JsonValue } from '../../protocol/canonical-json.ts';

/** Code in texts: what a request says a function must give, and the code of an answer. */

/** A call and the JSON value that the request says it gives. */
export type CodeExample = { readonly call: string; readonly expected: JsonValue };

const MAX_EXAMPLES = 16;
const MAX_READ = 20_000;
const EXAMPLE =
  /(?<![\w.])([A-Za-z_]\w{0,60}\([^()\n]{0,200}\))`?\s*(?:===?|→|⇒|->|=>|returns|should (?:return|give|be)|gives|must (?:return|give|be))\s*(?=`?([^\s`][^\n`]{0,200}))/gu;

/** Examples as in "add(1, 2) returns 3", "f([]) === 0" and "slug('a b') -> 'a-b'": a plain call, and a literal that JSON knows. */
export function examplesIn(prompt: string): CodeExample[] {
  const found: CodeExample[] = [];
  for (const [, call = '', rest = ''] of prompt.slice(0, MAX_READ).matchAll(EXAMPLE)) {
    const expected = literalAt(rest);
    if (expected !== undefined) found.push({ call, expected });
    if (found.length === MAX_EXAMPLES) break;
  }
  return found;
}

const SCALAR = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w.]*\w)/iu;
const TEXT = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\"]|\\[^'"])*')/u;

/** The JSON value that a text begins with; texts in single quotes count as texts. */
function literalAt(text: string): JsonValue | undefined {
  const scalar = SCALAR.exec(text)?.[0];
  if (scalar !== undefined) return parsed(scalar.toLowerCase());
  const quoted = TEXT.exec(text)?.[0];
  if (quoted !== undefined) return parsed(quoted.replace(/^'(.*)'$/u, '"$1"'));
  return /^[[{]/.test(text) ? longestJson(text) : undefined;
}

/** The longest beginning that is JSON: what follows it is prose. */
function longestJson(text: string): JsonValue | undefined {
  for (let end = text.length; end > 1; end -= 1) {
    const value = /[\]}]/.test(text[end - 1] ?? '') ? parsed(text.slice(0, end)) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined; // not a literal of JSON: no example
  }
}

const FENCE = /(?:^|\n)```([^\n`]*)\n([^]*?)\n?```/u;
const MAX_CODE = 40_000;

/** The first fenced block of an answer, or all of it when there is none. */
export function codeIn(answer: string): { readonly language: string; readonly code: string } {
  const fence = FENCE.exec(answer.slice(0, MAX_CODE));
  if (fence === null) return { language: '', code: answer.slice(0, MAX_CODE) };
  return { language: (fence[1] ?? '').trim().toLowerCase().slice(0, 40), code: fence[2] ?? '' };
}
