import type { EpochStatus } from '../anchor/ports.ts';
import { distributionHash } from '../protocol/commitments.ts';
import { epochEnd, epochStart } from '../protocol/epoch.ts';
import type { EpochClock } from '../protocol/epoch.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import { encodeStruct } from '../protocol/struct-json.ts';
import type { StructJson } from '../protocol/struct-json.ts';
import type { Hex } from '../protocol/types.ts';
import { roleTrees } from '../epoch/fold-epoch.ts';
import type { RoleTree } from '../epoch/fold-epoch.ts';
import type { EpochResult } from '../epoch/ports.ts';
import { weightOf } from '../poq/fold.ts';

/** An epoch as `GET /v1/epochs/:n` shows it. Amounts, weights, epochs and times are decimal strings. */
export type EpochView = {
  readonly epoch: string;
  readonly state: EpochStatus['state'];
  readonly round: number;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly finalizableAt: string;
  readonly pot: string;
  readonly pools: readonly string[];
  readonly paramsHash: Hex;
  /** Table in force in this epoch. */
  readonly tableRoot: Hex;
  readonly tableEpoch: string;
  readonly distributionHash: Hex;
  /** This gateway's own computation; null until the epoch's records are in. */
  readonly distribution: DistributionView | null;
};

export type DistributionView = {
  readonly hash: Hex;
  readonly signature: Hex;
  readonly round: number;
  readonly roots: readonly Hex[];
  readonly totals: readonly string[];
  readonly counts: readonly number[];
  readonly paramsHash: Hex;
  readonly tableRoot: Hex;
  readonly batchesHash: Hex;
  readonly dataHash: Hex;
  readonly leaves: readonly LeafView[];
  /** The table that a later epoch will use. */
  readonly table: readonly StructJson[];
};

/** All that a claim needs. */
export type LeafView = {
  readonly leaf: StructJson;
  readonly weight: string;
  readonly proof: readonly { readonly hash: Hex; readonly sum: string }[];
};

type EpochViewInput = {
  readonly epoch: bigint;
  readonly clock: EpochClock;
  readonly status: EpochStatus;
  readonly distribution: DistributionView | undefined;
};

export type EpochViewsDeps = {
  readonly clock: EpochClock;
  readonly distributor: LeafDomain;
  readonly status: (epoch: bigint) => Promise<EpochStatus>;
  readonly result: (epoch: bigint) => Promise<EpochResult | undefined>;
};

const MAX_CACHED = 16;

/** @returns undefined for an epoch that was never opened. The leaves of a final epoch never change again. */
export function createEpochViews(deps: EpochViewsDeps): (epoch: bigint) => Promise<EpochView | undefined> {
  const settled = new Map<bigint, DistributionView>();
  return async (epoch) => {
    const status = await deps.status(epoch);
    if (status.state === 'none') return undefined;
    const known = settled.get(epoch);
    if (known !== undefined) return epochView({ epoch, clock: deps.clock, status, distribution: known });
    const result = await deps.result(epoch);
    const distribution = result === undefined ? undefined : distributionView(result, deps.distributor);
    if (distribution !== undefined && status.state === 'final') {
      settled.set(epoch, distribution);
      for (const oldest of settled.keys()) {
        if (settled.size <= MAX_CACHED) break;
        settled.delete(oldest);
      }
    }
    return epochView({ epoch, clock: deps.clock, status, distribution });
  };
}

function epochView({ epoch, clock, status, distribution }: EpochViewInput): EpochView {
  return {
    epoch: epoch.toString(),
    state: status.state,
    round: status.round,
    startsAt: epochStart(clock, epoch).toString(),
    endsAt: epochEnd(clock, epoch).toString(),
    finalizableAt: status.finalizableAt.toString(),
    pot: status.pot.toString(),
    pools: status.pools.map(String),
    paramsHash: status.paramsHash,
    tableRoot: status.tableRoot,
    tableEpoch: status.tableEpoch.toString(),
    distributionHash: status.distributionHash,
    distribution: distribution ?? null,
  };
}

function distributionView(stored: EpochResult, distributor: LeafDomain): DistributionView {
  const { distribution, signature, tableLeaves } = stored;
  return {
    hash: distributionHash(distribution),
    signature,
    round: distribution.round,
    roots: distribution.roots,
    totals: distribution.totals.map(String),
    counts: distribution.counts,
    paramsHash: distribution.paramsHash,
    tableRoot: distribution.tableRoot,
    batchesHash: distribution.batchesHash,
    dataHash: distribution.dataHash,
    leaves: roleTrees(stored.leaves, distributor).flatMap(leafViews),
    table: tableLeaves.map((leaf) => encodeStruct('table', leaf)),
  };
}

function leafViews({ leaves, tree }: RoleTree): readonly LeafView[] {
  return leaves.map((leaf, index) => ({
    leaf: encodeStruct('reward', leaf),
    weight: weightOf(leaf).toString(),
    proof: tree.proofOf(index).map(({ hash, sum }) => ({ hash, sum: sum.toString() })),
  }));
}
