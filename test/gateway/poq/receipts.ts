import type { CountedReceipt } from '../../../gateway/poq/counting.ts';
import { RecordStatus } from '../../../gateway/protocol/constants.ts';
import { address } from './arbitraries.ts';

export const GATEWAY = address(900);
export const NODE = address(1);

export function receipt(fields: Partial<CountedReceipt> = {}): CountedReceipt {
  return {
    gateway: GATEWAY,
    node: NODE,
    family: 0,
    complexity: 0,
    units: 100n,
    promptTokens: 0,
    flags: 0,
    status: RecordStatus.scored,
    quality: 8_000,
    score: 7_000,
    ...fields,
  };
}

export const unexamined = (fields: Partial<CountedReceipt> = {}): CountedReceipt =>
  receipt({ status: RecordStatus.unexamined, quality: 0, score: 0, ...fields });
/** Difficulty, or correction, of everybody alike. */
export const flat = () => 10_000;
export const many = (count: number, fields: Partial<CountedReceipt>): CountedReceipt[] =>
  Array.from({ length: count }, () => receipt(fields));
