import { keccak256, toUtf8Bytes } from 'ethers';

import { leafHash } from '../lib/protocol/leaf.ts';
import { batchesHash, distributionHash } from '../lib/protocol/lists.ts';
import type { Distribution } from '../lib/protocol/lists.ts';
import { sumRoot } from '../lib/protocol/sum-tree.ts';
import { canonical } from './dataset.ts';
import type { Dataset } from './dataset.ts';
import { weightOf } from './fold.ts';
import { tableRootOf } from './in-force.ts';
import { within } from './wrong.ts';

/** What the epoch's proposal on chain must say, for a given round. */
export function distributionOf(dataset: Dataset, round: bigint): Distribution & { readonly hash: string } {
  const { epoch, rewards, table, batches, dataHash } = dataset;
  const domain = { chainId: epoch.chainId, contract: epoch.rewardDistributor };
  const roles = [0n, 1n, 2n].map((role) => {
    const own = rewards.filter(({ leaf }) => leaf.role === role);
    const nodes = own.map(({ leaf }) => ({ hash: leafHash('RewardLeaf', domain, leaf), sum: weightOf(leaf) }));
    const at = { line: own[0]?.line ?? dataset.lines, field: 'leaf' };
    return { ...within(at, () => sumRoot(nodes)), count: nodes.length };
  });
  const firstTable = { line: table[0]?.line ?? dataset.lines, field: 'leaf' };
  const params = canonical({ line: epoch.line, field: 'params' }, epoch.raw['params']);
  const distribution = {
    epoch: epoch.epoch,
    round,
    roots: roles.map(({ hash }) => hash),
    totals: roles.map((role) => role.sum),
    counts: roles.map(({ count }) => count),
    paramsHash: keccak256(toUtf8Bytes(params)),
    tableRoot: within(firstTable, () =>
      tableRootOf(
        table.map(({ leaf }) => leaf),
        epoch,
      ),
    ),
    batchesHash: batchesHash(batches.map(({ batchId }) => batchId)).hash,
    dataHash,
  };
  return { ...distribution, hash: distributionHash(distribution).hash };
}
