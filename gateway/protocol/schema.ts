import type { Hex } from './types.ts';

/**
 * Field lists of everything that is hashed as a static ABI tuple. One list serves both the leaf (`leaf.ts`) and, where
 * the thing is also signed, the EIP-712 struct (`eip712.ts`); TypeScript, ethers and Solidity are held to it by vectors.
 */
export type FieldType = 'bytes32' | 'address' | 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'uint128';
export type Field = { readonly name: string; readonly type: FieldType };
export type Schema = { readonly name: string; readonly fields: readonly Field[] };
export type FieldValue = Hex | bigint | number;

function schema(name: string, fields: string): Schema {
  const list = fields.split(',').map((field) => {
    const [type, fieldName] = field.trim().split(' ');
    if (type === undefined || fieldName === undefined) throw new TypeError(`bad field "${field}" of ${name}`);
    return { name: fieldName, type: type as FieldType };
  });
  return { name, fields: list };
}

export const SCHEMAS = {
  receipt: schema(
    'Receipt',
    `bytes32 id,address gateway,address node,uint64 serial,uint64 servedAt,bytes32 requestHash,bytes32 responseHash,
     bytes32 model,uint8 family,uint16 complexity,uint32 promptTokens,uint32 completionTokens,uint32 firstTokenMs,
     uint32 totalMs,uint128 priceMicroUsd,uint64 units,uint8 flags,bytes32 routeHash`,
  ),
  answer: schema(
    'AnswerLeaf',
    `bytes32 receiptId,address gateway,address node,bytes32 requestHash,bytes32 responseHash,bytes32 model,
     uint32 promptTokens,uint32 completionTokens`,
  ),
  record: schema(
    'RecordLeaf',
    `bytes32 receiptLeaf,address gateway,uint64 serial,uint8 status,uint8 committeeSize,uint8 activeMask,
     uint16 accuracy,uint16 consistency,uint16 format,uint16 cost,uint16 quality,uint16 score,bytes32 evaluationsHash`,
  ),
  reward: schema(
    'RewardLeaf',
    'uint64 epoch,uint8 role,address account,uint16 quality,uint64 volume,uint16 difficulty,uint16 feedback',
  ),
  gold: schema(
    'GoldLeaf',
    'uint64 epoch,uint32 index,bytes32 contentHash,bytes32 referenceHash,bytes32 checkerId,bytes32 salt',
  ),
  table: schema('TableLeaf', 'uint8 kind,address account,uint8 family,uint16 value'),
  nodeAttestation: schema('NodeAttestation', 'address node,address gateway,bytes32 root,uint32 count,uint64 sequence'),
  evaluation: schema(
    'Evaluation',
    `bytes32 receiptLeaf,bytes32 seed,address evaluator,uint16 accuracy,uint16 consistency,uint16 format,
     bytes32 scorerId,bytes32 salt`,
  ),
  evaluationCommit: schema('EvaluationCommit', 'bytes32 receiptLeaf,bytes32 seed,address evaluator,bytes32 commitment'),
  commitSet: schema('CommitSet', 'bytes32 receiptLeaf,bytes32 seed,uint8 size,bytes32 commitmentsHash'),
  epochAttestation: schema('EpochAttestation', 'uint64 epoch,uint32 round,bytes32 distributionHash'),
  operatorAuth: schema('OperatorAuth', 'address account,uint8 role,address signer,uint64 deadline'),
} as const;

export type SchemaName = keyof typeof SCHEMAS;

/** The canonical type string, e.g. `TableLeaf(uint8 kind,address account,uint8 family,uint16 value)`. */
export function typeString(definition: Schema): string {
  return `${definition.name}(${definition.fields.map((field) => `${field.type} ${field.name}`).join(',')})`;
}
