import { workerData } from 'node:worker_threads';

import { runMeterThread } from '../execute/meter-thread.ts';
import type { Hex } from '../protocol/types.ts';
import { createContentCipher } from '../store/content-cipher.ts';
import { formatConstrained } from './format-constrained.ts';

export type MeterThreadData = { /** What content at rest is encrypted under. */ readonly dataKey: Hex };

/** Program of the metering thread. Without a key it leaves the encryption to whoever asked. */
const data = workerData as MeterThreadData | undefined;
const cipher = data === undefined ? undefined : createContentCipher(data.dataKey);
runMeterThread({ formatConstrained, ...(cipher === undefined ? {} : { seal: cipher.sealContent }) });
