import type { AnchorBatchDeps } from './anchor/anchor-batch.ts';
import type { AnchorEpochDeps } from './anchor/anchor-epoch.ts';
import type { BatcherDeps } from './batch/batcher.ts';
import type { KeeperDeps } from './epoch/plan.ts';
import type { ExamineDeps } from './evaluate/examine.ts';
import type { ReplayDeps } from './evaluate/replay.ts';
import type { CollectDeps } from './execute/collect-attestations.ts';
import type { SendGoldsDeps } from './gold/send-golds.ts';
import type { OutboxDeps } from './outbox/outbox.ts';

/** What the background workers are made of; `background.ts` puts it together from configuration and adapters. */
export type WorkerDeps = {
  readonly outbox: Omit<OutboxDeps, 'handlers'>;
  readonly anchorBatch: AnchorBatchDeps;
  readonly anchorEpoch: AnchorEpochDeps;
  readonly examine: ExamineDeps;
  readonly replay: ReplayDeps;
  readonly batch: Omit<BatcherDeps, 'onClosed'>;
  readonly collect: CollectDeps;
  readonly keeper: Omit<KeeperDeps, 'onPlanned'>;
  readonly golds: SendGoldsDeps;
  readonly intervals: { readonly batchMs: number; readonly pollMs: number };
  readonly onError: (task: string, error: unknown) => void;
};
