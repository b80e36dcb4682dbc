/** Strings, and what opens, parts and closes objects and lists; everything else in JSON is of no interest here. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/**
 * Of a name that stands twice in one object JSON.parse takes the last, other readers the first: such a text says
 * different things to different people.
 * @param text valid JSON.
 * @returns the first name that does, if any.
 */
export function nameGivenTwice(text: string): string | undefined {
  /** Names of the objects that are open, undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let before = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ':') {
      const name = JSON.parse(before) as string;
      if (open.at(-1)?.has(name) === true) return name;
      open.at(-1)?.add(name);
    } else step(open, token);
    before = token;
  }
  return undefined;
}

function step(open: (Set<string> | undefined)[], token: string): void {
  if (token === '{') open.push(new Set());
  else if (token === '[') open.push(undefined);
  else if (token === '}' || token === ']') open.pop();
}
