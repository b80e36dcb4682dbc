import fc from 'fast-check';

import { bytesToHex } from '../../../gateway/protocol/bytes.ts';
import type { Address, EvaluationEntry, Hex } from '../../../gateway/protocol/types.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';

/** Seed of every property in this folder; a failure prints it with the path to replay. */
export const SEED = 20_261_122;
export const check = <T>(property: fc.IProperty<T>, runs = 300): void => {
  fc.assert(property, { seed: SEED, numRuns: runs });
};

export const bps = fc.integer({ min: 0, max: 10_000 });
export const trust = fc.integer({ min: 50, max: 8_000 });

export const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes));

export function address(index: number): Address {
  return `0x${index.toString(16).padStart(40, '0')}`;
}

export function hash(index: number): Hex {
  return `0x${index.toString(16).padStart(64, '0')}`;
}

export function entry(fields: Partial<EvaluationEntry> = {}): EvaluationEntry {
  return {
    evaluator: address(1),
    accuracy: 0,
    consistency: 0,
    format: 0,
    trust: 1_000,
    scorerId: ZERO_HASH,
    salt: ZERO_HASH,
    signature: '0x',
    ...fields,
  };
}
