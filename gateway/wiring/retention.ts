import type { Config } from '../config.ts';
import type { DatasetFiles } from '../epoch/ports.ts';
import { reasonOf } from '../lib/reason.ts';
import { repeat } from '../lib/repeat.ts';
import type { Repeater } from '../lib/repeat.ts';
import { createPruner } from '../store/prune.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/logger.ts';

const EVERY_MS = 600_000;

export type RetentionInputs = {
  readonly config: Pick<Config, 'retainEpochs' | 'retainDatasets'>;
  readonly log: Log;
  readonly store: Store;
  readonly files: DatasetFiles;
};

/** Forgets what is over, now and then. Stray datasets go first, while no epoch is being computed. */
export async function createRetention({ config, log, store, files }: RetentionInputs): Promise<Repeater> {
  const pruner = createPruner({ store, files, ...config, nowMs: Date.now });
  await pruner.removeStrayDatasets();
  const task = async (): Promise<void> => {
    const gone = await pruner.prune();
    if (gone.batches + gone.datasets > 0) log.info(gone, 'pruned');
  };
  return repeat(task, { everyMs: EVERY_MS, onError: (error) => log.error({ reason: reasonOf(error) }, 'not pruned') });
}
