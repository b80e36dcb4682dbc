import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded before a program (`--import`): the machine's clock stands wrong by what a file says, and is set anew at SIGUSR2.
 * Time that passes is untouched, as it is on a machine whose clock is set.
 */
const file = process.env['DGRID_TEST_CLOCK'] ?? '';
const rightNow = Date.now.bind(Date);
let wrongByMs = 0;

const read = (): void => {
  wrongByMs = Number(readFileSync(file, 'utf8'));
  if (isMainThread) writeFileSync(`${file}.taken`, String(wrongByMs));
};
read();
const startedAt = performance.timeOrigin + wrongByMs;
Date.now = () => rightNow() + wrongByMs;
Object.defineProperty(performance, 'timeOrigin', { value: startedAt });
if (isMainThread) process.on('SIGUSR2', read);
