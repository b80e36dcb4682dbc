import { batchRoot } from '../lib/protocol/batch-tree.ts';
import { leafHash } from '../lib/protocol/leaf.ts';
import type { Context } from './context.ts';
import type { Dataset, EpochLine, TableLeaf } from './dataset.ts';
import { expectSame, within } from './wrong.ts';

/** Trust, sampling rates and active dimensions that an epoch works with: an earlier epoch's table, or the defaults. */
export type Table = {
  readonly trustOf: (evaluator: string) => bigint;
  readonly rateOf: (node: string) => bigint;
  readonly maskOf: (family: bigint) => bigint;
};

export const KIND = { trust: 0n, rate: 1n, active: 2n } as const;
export const DEFAULTS = { trust: 1_000n, rate: 10_000n, mask: 5n } as const;
export const ANY_FAMILY = 255n;
export const NOBODY = `0x${'00'.repeat(20)}`;
const ZERO_ROOT = `0x${'00'.repeat(32)}`;

export function tableRootOf(leaves: readonly TableLeaf[], { chainId, rewardDistributor }: EpochLine): string {
  return batchRoot(leaves.map((leaf) => leafHash('TableLeaf', { chainId, contract: rewardDistributor }, leaf)));
}

/** The table whose root the epoch's first line names; undefined when no given dataset holds it. */
export function tableInForce(
  { epoch, skip }: { readonly epoch: EpochLine; readonly skip: Context['skip'] },
  previous: readonly Dataset[],
): readonly TableLeaf[] | undefined {
  if (epoch.tableRoot === ZERO_ROOT) return [];
  const source = previous.find((dataset) => dataset.epoch.epoch === epoch.tableEpoch);
  if (source === undefined) {
    const missing = `the table in force is that of epoch ${epoch.tableEpoch}: give its dataset with --previous`;
    skip('draws, trust and dimensions in force', missing);
    return undefined;
  }
  const leaves = source.table.map(({ leaf }) => leaf);
  const at = { line: epoch.line, field: 'tableRoot' };
  const root = within(at, () => tableRootOf(leaves, epoch));
  expectSame(at, epoch.tableRoot, root);
  return leaves;
}

/** What a table does not mention has its default. */
export function readTable(leaves: readonly TableLeaf[]): Table {
  const values = new Map(leaves.map(({ kind, account, family, value }) => [`${kind}:${account}:${family}`, value]));
  return {
    trustOf: (evaluator) => values.get(`${KIND.trust}:${evaluator}:${ANY_FAMILY}`) ?? DEFAULTS.trust,
    rateOf: (node) => values.get(`${KIND.rate}:${node}:${ANY_FAMILY}`) ?? DEFAULTS.rate,
    maskOf: (family) => values.get(`${KIND.active}:${NOBODY}:${family}`) ?? DEFAULTS.mask,
  };
}
