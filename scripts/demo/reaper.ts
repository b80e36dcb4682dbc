/**
 * Outlives the demo for a moment: reads process groups from standard input, and when that closes, for whatever reason
 * (the end, a crash, SIGKILL), kills those that are still there. Lines: `+<pgid>` remembers, `-<pgid>` forgets.
 */
import { createInterface } from 'node:readline';

const GRACE_MS = 2_000;
const groups = new Set<number>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

function signalAll(signal: NodeJS.Signals | 0): boolean {
  for (const group of groups) {
    try {
      process.kill(-group, signal);
    } catch {
      groups.delete(group); // gone
    }
  }
  return groups.size > 0;
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const group = Number(line.slice(1));
  if (!Number.isSafeInteger(group) || group <= 1) return;
  if (line.startsWith('+')) groups.add(group);
  else groups.delete(group);
});
lines.on('close', () => {
  if (!signalAll('SIGTERM')) return;
  const deadline = Date.now() + GRACE_MS;
  const timer = setInterval(() => {
    if (!signalAll(0)) clearInterval(timer);
    else if (Date.now() > deadline) {
      signalAll('SIGKILL');
      clearInterval(timer);
    }
  }, 50);
});
