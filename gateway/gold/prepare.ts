import { buildBatchTree } from '../protocol/batch-tree.ts';
import type { JsonObject } from '../protocol/content.ts';
import { goldLeaf } from '../protocol/leaf.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import type { Hex } from '../protocol/types.ts';
import type { GoldLog, PreparedGold } from './ports.ts';

/** What a gateway's golds are: tasks for an epoch, how one is asked, how right an answer is. */
export type GoldRules = {
  readonly prepare: (epoch: bigint) => readonly PreparedGold[];
  readonly requestBody: (task: JsonObject) => JsonObject;
  /** Exact accuracy in bps of a canonical response to a task. */
  readonly truth: (task: JsonObject, response: string) => number;
};

export type PrepareDeps = Pick<GoldRules, 'prepare'> & {
  readonly log: Pick<GoldLog, 'prepared' | 'save'>;
  readonly leafDomain: LeafDomain;
};

/**
 * Root and number of an epoch's golds, which are written down before anything of them is anchored: asked again, after
 * a restart, it names the same ones. Undefined when the epoch goes without.
 */
export async function prepareGolds(
  epoch: bigint,
  { log, prepare, leafDomain }: PrepareDeps,
): Promise<{ readonly root: Hex; readonly count: number } | undefined> {
  let golds = await log.prepared(epoch);
  if (golds.length === 0) {
    await log.save(prepare(epoch));
    golds = await log.prepared(epoch);
  }
  if (golds.length === 0) return undefined;
  const { root, count } = buildBatchTree(golds.map(({ leaf }) => goldLeaf(leafDomain, leaf)));
  return { root, count };
}
