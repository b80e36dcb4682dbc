/**
 * What the network hashes and signs, written a second time and independently of `gateway/protocol`: `verify` and the
 * vectors stand on this copy, so a slip in either one shows as a difference.
 */
export type Scalar = string | bigint | number;
/** Field values by name. Integers may be bigint, number or decimal string, so JSON files can be passed as they are. */
export type Fields = Readonly<Record<string, Scalar>>;
export type TypedField = { readonly name: string; readonly type: string };

function fieldsOf(text: string): readonly TypedField[] {
  return text
    .trim()
    .split(/\s*,\s*/)
    .map((field) => {
      const [type, name] = field.split(' ');
      if (type === undefined || name === undefined) throw new TypeError(`bad field: ${field}`);
      return { type, name };
    });
}

const RECEIPT = fieldsOf(`bytes32 id, address gateway, address node, uint64 serial, uint64 servedAt,
  bytes32 requestHash, bytes32 responseHash, bytes32 model, uint8 family, uint16 complexity, uint32 promptTokens,
  uint32 completionTokens, uint32 firstTokenMs, uint32 totalMs, uint128 priceMicroUsd, uint64 units, uint8 flags,
  bytes32 routeHash`);

/** Static tuples that become double-hashed leaves. */
export const LEAF_TYPES = {
  Receipt: RECEIPT,
  AnswerLeaf: fieldsOf(`bytes32 receiptId, address gateway, address node, bytes32 requestHash, bytes32 responseHash,
    bytes32 model, uint32 promptTokens, uint32 completionTokens`),
  RecordLeaf: fieldsOf(`bytes32 receiptLeaf, address gateway, uint64 serial, uint8 status, uint8 committeeSize,
    uint8 activeMask, uint16 accuracy, uint16 consistency, uint16 format, uint16 cost, uint16 quality, uint16 score,
    bytes32 evaluationsHash`),
  RewardLeaf: fieldsOf(`uint64 epoch, uint8 role, address account, uint16 quality, uint64 volume, uint16 difficulty,
    uint16 feedback`),
  GoldLeaf: fieldsOf(`uint64 epoch, uint32 index, bytes32 contentHash, bytes32 referenceHash, bytes32 checkerId,
    bytes32 salt`),
  TableLeaf: fieldsOf('uint8 kind, address account, uint8 family, uint16 value'),
} as const;
export type LeafType = keyof typeof LEAF_TYPES;

/** EIP-712 structs: what gateways, nodes, evaluators and operators sign. */
export const SIGNED_TYPES = {
  Receipt: RECEIPT,
  NodeAttestation: fieldsOf('address node, address gateway, bytes32 root, uint32 count, uint64 sequence'),
  Evaluation: fieldsOf(`bytes32 receiptLeaf, bytes32 seed, address evaluator, uint16 accuracy, uint16 consistency,
    uint16 format, bytes32 scorerId, bytes32 salt`),
  EvaluationCommit: fieldsOf('bytes32 receiptLeaf, bytes32 seed, address evaluator, bytes32 commitment'),
  CommitSet: fieldsOf('bytes32 receiptLeaf, bytes32 seed, uint8 size, bytes32 commitmentsHash'),
  EpochAttestation: fieldsOf('uint64 epoch, uint32 round, bytes32 distributionHash'),
  OperatorAuth: fieldsOf('address account, uint8 role, address signer, uint64 deadline'),
} as const;
export type SignedType = keyof typeof SIGNED_TYPES;

/** @returns the values in field order; a missing one is an error, never a silent zero. */
export function valuesInOrder(fields: readonly TypedField[], value: Fields): Scalar[] {
  return fields.map(({ name }) => {
    const item = value[name];
    if (item === undefined) throw new TypeError(`field ${name} is missing`);
    return item;
  });
}
