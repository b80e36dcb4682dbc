import type { Constraint } from './constraint.ts';

/** Reads demands of one kind out of a text. Every request is read, and most demand nothing: cues are looked for first. */
export type Rule = (text: string, says: Says) => Constraint[];

/** Whether the text has any of these, written in lower case. */
export type Says = (...cues: readonly string[]) => boolean;

/** Which three characters in a row a text has, by five bits of each. */
const seen = new Uint8Array(1 << 15);

/** Good until the cues of the next text are taken. */
export function cuesOf(text: string): Says {
  // As expressions that ignore case read it: the long s is an s to them.
  const lower = text.toLowerCase().replaceAll('\u017f', 's');
  seen.fill(0);
  let three = 0;
  for (let at = 0; at < lower.length; at += 1) {
    three = ((three << 5) | (lower.charCodeAt(at) & 31)) & 0x7fff;
    seen[three] = 1;
  }
  return (...cues) => cues.some((cue) => mayBeIn(cue) && lower.includes(cue));
}

function mayBeIn(cue: string): boolean {
  let three = 0;
  for (let at = 0; at < cue.length; at += 1) {
    three = ((three << 5) | (cue.charCodeAt(at) & 31)) & 0x7fff;
    if (at >= 2 && seen[three] === 0) return false;
  }
  return true;
}
