import type { StepOutcome } from '../outbox/outbox.ts';
import type { AnchorChain, StoredBatch } from './ports.ts';

/**
 * Batches that can never be anchored, because the chain went past their serials with another batch: a store that began
 * anew met what its predecessor had still sent. Nothing under those serials can be paid any more, so the batch ends as
 * lost, its receipts say so, and the next batch begins where the chain stands.
 */
export type PassedLog = {
  /** In one transaction: the batch is lost, nobody keeps the content of its receipts, and the outbox row `key` is finished. */
  readonly lost: (key: string, fromSerial: bigint) => Promise<void>;
  /** Range of the batch before the one that begins at `fromSerial`, if that one was lost. */
  readonly lostBefore: (fromSerial: bigint) => Promise<SerialRange | undefined>;
  /** A batch that waits for its turn begins at an earlier serial, with the same receipts; its outbox row follows. */
  readonly beginAt: (fromSerial: bigint, earlier: bigint) => Promise<void>;
};

export type SerialRange = { readonly fromSerial: bigint; readonly toSerial: bigint };

export type PassedSerialsDeps = {
  readonly chain: Pick<AnchorChain, 'head'>;
  readonly log: PassedLog;
  /** Blocks after which nothing is expected to be undone any more. */
  readonly finalityBlocks: bigint;
  readonly pollMs: number;
  readonly onLost: (batch: SerialRange, nextSerial: bigint) => void;
};

export type PassedSerials = {
  /** The chain is past the batch, and its anchor is not found. */
  readonly passed: (key: string, batch: StoredBatch, nextSerial: bigint) => Promise<StepOutcome>;
  /** The chain is not at the batch yet. */
  readonly early: (fromSerial: bigint, nextSerial: bigint) => Promise<StepOutcome>;
};

export function createPassedSerials({ chain, log, finalityBlocks, pollMs, onLost }: PassedSerialsDeps): PassedSerials {
  /** Height at which a batch was first found to be passed. One that is found again, or whose turn it is, is forgotten. */
  const since = new Map<bigint, bigint>();
  return {
    async passed(key, { fromSerial, toSerial }, nextSerial) {
      const { number } = chain.head();
      const first = since.get(fromSerial);
      // An RPC server that is behind, or a branch that does not stay, may only seem to have another batch there.
      if (first === undefined || number < first) since.set(fromSerial, number);
      if (first === undefined || number < first + finalityBlocks) return { waitMs: pollMs };
      await log.lost(key, fromSerial);
      since.delete(fromSerial);
      onLost({ fromSerial, toSerial }, nextSerial);
      return 'finished';
    },
    async early(fromSerial, nextSerial) {
      const before = await log.lostBefore(fromSerial);
      if (before === undefined) return { waitMs: pollMs };
      // Serials count up without a gap: from inside of what was lost the chain would wait for ever.
      if (nextSerial > before.fromSerial && nextSerial < fromSerial) await log.beginAt(fromSerial, nextSerial);
      return { waitMs: pollMs };
    },
  };
}
