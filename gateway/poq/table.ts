import { FAMILIES, FAMILY_ANY, TABLE_DEFAULTS, TableKind } from '../protocol/constants.ts';
import { ZERO_ADDRESS } from '../protocol/types.ts';
import type { Address, TableLeaf } from '../protocol/types.ts';
import { samplingRate } from './sampling.ts';

export type TableInputs = {
  /** Accounts active in the table's epoch. */
  readonly evaluators: readonly Address[];
  readonly nodes: readonly Address[];
  readonly trust: ReadonlyMap<Address, number>;
  /** Counted receipts per node in the table's epoch. */
  readonly counted: ReadonlyMap<Address, number>;
  /** Active dimensions per family number. */
  readonly masks: ReadonlyMap<number, number>;
  readonly floorRateBps: number;
};

/**
 * Leaves of an epoch's table in their published order: TRUST by account, RATE by account, ACTIVE by family. Everyone
 * who was active has a leaf, so a missing one always proves a default.
 */
export function tableLeaves({ evaluators, nodes, trust, counted, masks, floorRateBps }: TableInputs): TableLeaf[] {
  const leaf = (kind: number, account: Address, value: number): TableLeaf => ({
    kind,
    account,
    family: FAMILY_ANY,
    value,
  });
  return [
    ...ordered(evaluators).map((account) => leaf(TableKind.trust, account, trust.get(account) ?? TABLE_DEFAULTS.trust)),
    ...ordered(nodes).map((account) =>
      leaf(TableKind.rate, account, samplingRate(floorRateBps, counted.get(account) ?? 0)),
    ),
    ...FAMILIES.map((_, family) => ({
      kind: TableKind.active,
      account: ZERO_ADDRESS,
      family,
      value: masks.get(family) ?? TABLE_DEFAULTS.mask,
    })),
  ];
}

function ordered(accounts: readonly Address[]): Address[] {
  return [...new Set(accounts)].sort();
}

/** What is in force in an epoch. */
export type Table = {
  readonly trustOf: (evaluator: Address) => number;
  readonly rateOf: (node: Address) => number;
  readonly maskOf: (family: number) => number;
};

/** Reads a published table; what it does not mention has its default. No leaves: all defaults. */
export function createTable(leaves: readonly TableLeaf[]): Table {
  const values = new Map(leaves.map(({ kind, account, family, value }) => [`${kind}:${account}:${family}`, value]));
  const read = (kind: number, account: Address, family: number, otherwise: number): number =>
    values.get(`${kind}:${account}:${family}`) ?? otherwise;
  return {
    trustOf: (evaluator) => read(TableKind.trust, evaluator, FAMILY_ANY, TABLE_DEFAULTS.trust),
    rateOf: (node) => read(TableKind.rate, node, FAMILY_ANY, TABLE_DEFAULTS.rate),
    maskOf: (family) => read(TableKind.active, ZERO_ADDRESS, family, TABLE_DEFAULTS.mask),
  };
}
