import { epochOf } from '../protocol/epoch.ts';
import type { EpochClock } from '../protocol/epoch.ts';
import type { EpochLog } from './ports.ts';

export type PlannedRow = { readonly kind: 'open' | 'gold' | 'propose'; readonly epoch: bigint };

/**
 * What must be on the outbox at `time`, beyond what `planned` (the next epoch to plan) says is there already: each
 * epoch is opened and proposed, and its golds are prepared while it still lies ahead.
 */
export function planEpochs(
  clock: EpochClock,
  time: bigint,
  planned: bigint,
): { readonly rows: readonly PlannedRow[]; readonly planned: bigint } {
  const upTo = (epochOf(clock, time) ?? -1n) + 1n; // the one after the current is prepared as well
  const rows: PlannedRow[] = [];
  for (let epoch = planned; epoch <= upTo; epoch += 1n) {
    rows.push({ kind: 'gold', epoch }, { kind: 'open', epoch }, { kind: 'propose', epoch });
  }
  return { rows, planned: rows.length === 0 ? planned : upTo + 1n };
}

export type KeeperDeps = {
  readonly clock: EpochClock;
  readonly time: () => bigint;
  readonly log: Pick<EpochLog, 'plan'>;
  /** First epoch that this gateway still has to care for. */
  readonly firstEpoch: bigint;
  readonly onPlanned: () => void;
};

/** Keeps the outbox ahead of the clock. The rows' keys make planning twice harmless. */
export function createKeeper({ clock, time, log, firstEpoch, onPlanned }: KeeperDeps): () => Promise<void> {
  let planned = firstEpoch;
  return async () => {
    const next = planEpochs(clock, time(), planned);
    if (next.rows.length === 0) return;
    await log.plan(next.rows);
    planned = next.planned;
    onPlanned();
  };
}
