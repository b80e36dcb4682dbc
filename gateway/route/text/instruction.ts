import { withoutCourtesy } from './courtesy.ts';
import { bounded } from './window.ts';

/**
 * Where people say what they want: the first and the last line, of long ones their outer ends. What stands between is
 * mostly material, which may be about anything.
 */
const HEAD = 160;
const TAIL = 120;
/** As far as a line end is looked for. */
const REACH = 400;

export function instructionOf(whole: string): string {
  const text = withoutCourtesy(bounded(whole));
  const start = text.slice(0, REACH).trimStart();
  const end = text.slice(-REACH).trimEnd();
  if (text.length <= HEAD) return start;
  const stop = start.indexOf('\n');
  const head = start.slice(0, stop === -1 ? HEAD : Math.min(stop, HEAD));
  const tail = end.slice(Math.max(end.lastIndexOf('\n') + 1, end.length - TAIL));
  return `${head}\n${tail}`;
}
