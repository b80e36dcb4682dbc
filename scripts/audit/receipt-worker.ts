import { parentPort, workerData } from 'node:worker_threads';

import { createCheckLines } from './receipt-lines.ts';
import type { Lines, Setup } from './receipt-lines.ts';

/** Checks the lines that it is sent, one part after the other. */
const port = parentPort;
if (port === null) throw new Error('receipt-worker runs as a worker thread only');
const check = createCheckLines(workerData as Setup);
port.on('message', (lines: Lines) => port.postMessage(check(lines)));
