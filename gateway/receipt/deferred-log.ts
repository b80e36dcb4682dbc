import { Flag } from '../protocol/constants.ts';
import type { ReceiptLog, Reservation, ServedReceipt } from './ports.ts';

/** A log that can write a little later than it is asked to, and says when it has. */
export type DeferrableLog = Omit<ReceiptLog, 'reserve'> & {
  readonly reserve: (reservation: Reservation, withinMs?: number) => Promise<void>;
  /** The serial at once; `stored` resolves when the receipt is durable. */
  readonly append: (
    served: ServedReceipt,
    withinMs: number,
  ) => { readonly serial: bigint; readonly stored: Promise<void> };
};

export type DeferOptions = {
  /** How long after an answer its receipt may wait for others to be written with. 0: the answer waits for the disk. */
  readonly withinMs: number;
  /** The caller has the answer, but there will be no receipt of it and no charge. */
  readonly onLost: (error: unknown) => void;
};

/** Golds and replays are followed up from the store: what they rest on must be there first. */
const AWAITED = Flag.gold | Flag.replay;

/**
 * Callers get their answers without waiting for the disk; their receipts are on it a few milliseconds later, many in one
 * write. What a crash takes in between was not charged, and nobody was shown it: `find` answers from the disk. A
 * reservation that never got there stands for the same as one that a crash left open. After a fault of the disk every
 * write is waited for, so that nobody is answered for nothing, until one succeeds.
 */
export function deferReceipts(log: DeferrableLog, { withinMs, onLost }: DeferOptions): ReceiptLog {
  if (withinMs === 0) return log;
  let failing = false;
  const watched = async (stored: Promise<void>): Promise<void> => {
    try {
      await stored;
      failing = false;
    } catch (error) {
      failing = true;
      throw error;
    }
  };
  return {
    async reserve(reservation) {
      if (failing) return watched(log.reserve(reservation));
      // Lost together with its receipt, which then says so.
      watched(log.reserve(reservation, withinMs)).catch(() => undefined);
    },
    async commit(served) {
      const isAwaited = failing || (served.receipt.flags & AWAITED) !== 0;
      const { serial, stored } = log.append(served, isAwaited ? 0 : withinMs);
      if (isAwaited) await watched(stored);
      else watched(stored).catch(onLost);
      return { serial };
    },
    release: log.release,
    find: log.find,
  };
}
