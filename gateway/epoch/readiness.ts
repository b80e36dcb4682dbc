import { reasonOf } from '../lib/reason.ts';
import type { Hex } from '../protocol/types.ts';
import type { Tables } from './tables.ts';

export type ReadinessDeps = {
  /** Hash of this gateway's own parameters. */
  readonly paramsHash: Hex;
  readonly inForce: (epoch: bigint) => Promise<{ readonly paramsHash: Hex }>;
  readonly tables: Pick<Tables, 'of'>;
  /** Told once per epoch and reason, however often it is asked. */
  readonly onWait: (epoch: bigint, reason: string) => void;
};

/**
 * Whether a batch that is anchored in an epoch could also be drawn from, scored and proposed: the epoch was opened with
 * this gateway's parameters, and its table can be read.
 */
export function createReadiness({ paramsHash, inForce, tables, onWait }: ReadinessDeps) {
  let said = '';
  return async (epoch: bigint): Promise<boolean> => {
    const reason = await obstacle(epoch);
    if (reason === undefined) return true;
    const line = `${epoch} ${reason}`;
    if (line !== said) onWait(epoch, reason);
    said = line;
    return false;
  };

  async function obstacle(epoch: bigint): Promise<string | undefined> {
    try {
      const standing = (await inForce(epoch)).paramsHash;
      if (standing !== paramsHash) return `its parameters hash to ${standing}, those of this gateway to ${paramsHash}`;
      await tables.of(epoch);
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }
}
