import { readFileSync } from 'node:fs';

import type { Address, Hex } from '../../../gateway/protocol/types.ts';
import type { Schema } from '../../../gateway/protocol/schema.ts';

/** Readers of test/vectors, typed as test/vectors/README.md describes them. */
type TypeString = { readonly type: string; readonly typeString: string; readonly typeHash: Hex };
type Value = Readonly<Record<string, string>>;
type ListHash = { readonly encoded: Hex; readonly hash: Hex };

export type LeafVectors = {
  readonly types: readonly TypeString[];
  readonly cases: readonly {
    readonly type: string;
    readonly chainId: string;
    readonly contract: Address;
    readonly value: Value;
    readonly encoded: Hex;
    readonly leaf: Hex;
  }[];
};

export type TypedDataVectors = {
  readonly domain: {
    readonly name: string;
    readonly version: string;
    readonly chainId: string;
    readonly verifyingContract: Address;
  };
  readonly domainSeparator: Hex;
  readonly signer: Address;
  readonly types: readonly TypeString[];
  readonly cases: readonly {
    readonly type: string;
    readonly value: Value;
    readonly encoded: Hex;
    readonly structHash: Hex;
    readonly digest: Hex;
    readonly signature: Hex;
  }[];
};

export type HashVectors = {
  readonly evaluations: readonly (ListHash & { readonly size: number; readonly entries: readonly Value[] })[];
  readonly commitments: readonly (ListHash & {
    readonly evaluators: readonly Address[];
    readonly commitments: readonly Hex[];
  })[];
  readonly batches: readonly (ListHash & { readonly ids: readonly string[] })[];
  readonly distributions: readonly (ListHash & { readonly value: DistributionValue })[];
};

export type DistributionValue = {
  readonly epoch: string;
  readonly round: string;
  readonly roots: readonly [Hex, Hex, Hex];
  readonly totals: readonly [string, string, string];
  readonly counts: readonly [string, string, string];
  readonly paramsHash: Hex;
  readonly tableRoot: Hex;
  readonly batchesHash: Hex;
  readonly dataHash: Hex;
};

export type BatchTreeVectors = {
  readonly leaves: readonly Hex[];
  readonly roots: readonly Hex[];
  readonly proofs: readonly {
    readonly size: number;
    readonly index: number;
    readonly leaf: Hex;
    readonly root: Hex;
    readonly proof: readonly Hex[];
  }[];
};

export type SumCase = {
  readonly leaf: Hex;
  readonly sum: string;
  readonly root: Hex;
  readonly total: string;
  readonly proofHashes: readonly Hex[];
  readonly proofSums: readonly string[];
};

export type SumTreeVectors = {
  readonly leafHashes: readonly Hex[];
  readonly leafSums: readonly string[];
  readonly roots: readonly Hex[];
  readonly totals: readonly string[];
  readonly proofs: readonly (SumCase & { readonly size: number; readonly index: number })[];
  readonly rejected: readonly (SumCase & { readonly reason: string })[];
};

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), 'utf8'));
}

export const leafVectors = read('leaves.json') as LeafVectors;
export const typedDataVectors = read('eip712.json') as TypedDataVectors;
export const hashVectors = read('hashes.json') as HashVectors;
export const batchTreeVectors = read('batch-tree.json') as BatchTreeVectors;
export const sumTreeVectors = read('sum-tree.json') as SumTreeVectors;

/** A vector's decimal strings as the gateway holds them: number up to 32 bits, bigint beyond. */
export function nativeValue(definition: Schema, value: Value): Readonly<Record<string, Hex | bigint | number>> {
  return Object.fromEntries(definition.fields.map(({ name, type }) => [name, native(type, value[name])]));
}

function native(type: string, text: string | undefined): Hex | bigint | number {
  if (text === undefined) throw new TypeError('the vector lacks a field');
  if (!type.startsWith('uint')) return text as Hex;
  return Number(type.slice(4)) <= 32 ? Number(text) : BigInt(text);
}
