import { createAnchorBatch } from './anchor/anchor-batch.ts';
import { createAnchorEpoch } from './anchor/anchor-epoch.ts';
import { createAnchorWatch } from './anchor/watch-anchors.ts';
import { createReplay } from './evaluate/replay.ts';
import { createExamine } from './evaluate/examine.ts';
import { createOutbox } from './outbox/outbox.ts';
import type { Outbox } from './outbox/outbox.ts';
import { repeat } from './lib/repeat.ts';
import type { Repeater } from './lib/repeat.ts';
import { createCollector } from './execute/collect-attestations.ts';
import type { Collector } from './execute/collect-attestations.ts';
import { createKeeper } from './epoch/plan.ts';
import { createGoldSender } from './gold/send-golds.ts';
import { createBatcher } from './batch/batcher.ts';
import type { AnchorBatchDeps } from './anchor/anchor-batch.ts';
import type { AnchorEpochDeps } from './anchor/anchor-epoch.ts';
import type { WatchAnchorsDeps } from './anchor/watch-anchors.ts';
import type { BatcherDeps } from './batch/batcher.ts';
import type { KeeperDeps } from './epoch/plan.ts';
import type { ExamineDeps } from './evaluate/examine.ts';
import type { ReplayDeps } from './evaluate/replay.ts';
import type { CollectDeps } from './execute/collect-attestations.ts';
import type { SendGoldsDeps } from './gold/send-golds.ts';
import type { OutboxDeps } from './outbox/outbox.ts';

/** What the background workers are made of; `wiring/background.ts` puts it together from configuration and adapters. */
export type WorkerDeps = {
  readonly outbox: Omit<OutboxDeps, 'handlers'>;
  readonly anchorBatch: AnchorBatchDeps;
  readonly anchorEpoch: AnchorEpochDeps;
  readonly watchAnchors: Omit<WatchAnchorsDeps, 'onChange'>;
  readonly examine: ExamineDeps;
  readonly replay: ReplayDeps;
  readonly batch: Omit<BatcherDeps, 'onClosed'>;
  readonly collect: CollectDeps;
  readonly keeper: Omit<KeeperDeps, 'onPlanned'>;
  readonly golds: SendGoldsDeps;
  readonly intervals: { readonly batchMs: number; readonly pollMs: number };
  readonly onError: (task: string, error: unknown) => void;
};

/**
 * The background half of the loop, in its order: collect attestations → batch → anchor → seed and draw → replay and
 * examine → record → epoch. Everything durable happens in the store; everything outside goes through the outbox.
 */
export type Workers = { readonly start: () => void; readonly stop: () => Promise<void> };

export function createWorkers(deps: WorkerDeps): Workers {
  const outbox: Outbox = createOutbox({
    ...deps.outbox,
    handlers: {
      ...createAnchorBatch(deps.anchorBatch),
      ...createAnchorEpoch(deps.anchorEpoch),
      ...createExamine(deps.examine),
      replay: createReplay(deps.replay),
    },
  });
  const every = (name: string, everyMs: number, task: () => Promise<void>): Repeater =>
    repeat(task, { everyMs, onError: (error) => deps.onError(name, error) });

  const batcher = every('batch', deps.intervals.batchMs, createBatcher({ ...deps.batch, onClosed: outbox.poke }));
  const collector: Collector = createCollector(deps.collect);
  const watch = every(
    'reorganisations',
    deps.intervals.pollMs,
    createAnchorWatch({ ...deps.watchAnchors, onChange: outbox.poke }),
  );
  const keeper = every('epochs', deps.intervals.pollMs, createKeeper({ ...deps.keeper, onPlanned: outbox.poke }));
  const golds = every('golds', deps.intervals.pollMs, createGoldSender(deps.golds));

  return {
    start() {
      outbox.start();
      watch.start();
      keeper.start();
      batcher.start();
      collector.start();
      golds.start();
    },
    async stop() {
      await golds.stop();
      await collector.stop();
      await batcher.stop();
      await keeper.stop();
      await watch.stop();
      await outbox.stop();
    },
  };
}
