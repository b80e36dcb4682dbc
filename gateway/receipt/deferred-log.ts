import { Flag } from '../protocol/constants.ts';
import type { ReceiptLog, Reservation, ServedReceipt } from './ports.ts';

/** A log that can write a little later than it is asked to, and says when it has. */
export type DeferrableLog = ReceiptLog & {
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
  const held = holdBriefly<Reservation>(withinMs, (reservation) => {
    // Lost together with its receipt, which then says so.
    watched(log.reserve(reservation)).catch(() => undefined);
  });
  return {
    async reserve(reservation) {
      if (failing) return watched(log.reserve(reservation));
      held.add(reservation.id, reservation);
    },
    async commit(served) {
      held.drop(served.receipt.id); // answered before it was written: the receipt says it all
      const isAwaited = failing || (served.receipt.flags & AWAITED) !== 0;
      const { serial, stored } = log.append(served, isAwaited ? 0 : withinMs);
      if (isAwaited) await watched(stored);
      else watched(stored).catch(onLost);
      return { serial };
    },
    release(id, charge) {
      held.drop(id);
      return log.release(id, charge);
    },
    find: log.find,
  };
}

type Holding<Entry> = { readonly add: (key: string, entry: Entry) => void; readonly drop: (key: string) => void };

/** Hands on what was not dropped within `ms`, or soon after. */
function holdBriefly<Entry>(ms: number, pass: (entry: Entry) => void): Holding<Entry> {
  let older = new Map<string, Entry>();
  let newer = new Map<string, Entry>();
  let timer: NodeJS.Timeout | undefined;
  const turn = (): void => {
    older.forEach(pass);
    older = newer;
    newer = new Map();
    timer = older.size === 0 ? undefined : setTimeout(turn, ms);
  };
  return {
    add(key, entry) {
      newer.set(key, entry);
      timer ??= setTimeout(turn, 0);
    },
    drop(key) {
      if (!newer.delete(key)) older.delete(key);
    },
  };
}
