import { createPassedSerials } from '../anchor/passed-serials.ts';
import type { PassedSerials } from '../anchor/passed-serials.ts';
import type { Background } from './background.ts';

/** Losing receipts is an error for the operator's eyes: two stores served for one gateway. */
export function passedSerials({ log, chain, logs, settings }: Background): PassedSerials {
  return createPassedSerials({
    chain,
    log: logs.passed,
    finalityBlocks: BigInt(settings.finalityBlocks),
    pollMs: settings.pollMs,
    onLost: ({ fromSerial, toSerial }, nextSerial) =>
      log.error(
        { fromSerial: `${fromSerial}`, toSerial: `${toSerial}`, nextSerial: `${nextSerial}` },
        'batch lost: the chain has another one under its serials',
      ),
  });
}
