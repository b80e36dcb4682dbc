import { ZERO_HASH } from '../protocol/types.ts';
import type { Hex } from '../protocol/types.ts';
import { createTable } from '../poq/table.ts';
import type { Table } from '../poq/table.ts';
import type { EpochResult } from './ports.ts';

/** Trust, sampling rates and active dimensions in force per epoch: copied at its opening, and fixed from then on. */
export type Tables = {
  readonly of: (epoch: bigint) => Promise<Table>;
  /** The epoch's opening was undone; when it is opened again, another table may be in force. */
  readonly forget: (epoch: bigint) => void;
};

export type TablesDeps = {
  readonly inForce: (epoch: bigint) => Promise<{ readonly tableRoot: Hex; readonly tableEpoch: bigint }>;
  readonly distribution: (epoch: bigint) => Promise<EpochResult | undefined>;
};

const MAX_CACHED = 16;

export function createTables({ inForce, distribution }: TablesDeps): Tables {
  const cache = new Map<bigint, Table>();
  return {
    async of(epoch) {
      const known = cache.get(epoch);
      if (known !== undefined) return known;
      const { tableRoot, tableEpoch } = await inForce(epoch);
      const table = createTable(tableRoot === ZERO_HASH ? [] : await leavesOf(tableRoot, tableEpoch));
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(epoch, table);
      return table;
    },
    forget: (epoch) => void cache.delete(epoch),
  };

  async function leavesOf(tableRoot: Hex, tableEpoch: bigint): Promise<EpochResult['tableLeaves']> {
    const stored = await distribution(tableEpoch);
    if (stored === undefined || stored.distribution.tableRoot !== tableRoot) {
      throw new Error(`the table of epoch ${tableEpoch} with root ${tableRoot} is not in this gateway's store`);
    }
    return stored.tableLeaves;
  }
}
