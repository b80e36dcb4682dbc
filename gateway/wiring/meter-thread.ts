import { runMeterThread } from '../execute/meter-thread.ts';
import { formatConstrained } from './format-constrained.ts';

/** Program of the metering thread. */
runMeterThread(formatConstrained);
