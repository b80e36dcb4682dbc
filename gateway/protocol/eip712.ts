import { writeWord } from './bytes.ts';
import { keccak, keccakBytes, keccakText } from './keccak.ts';
import { encodeFields, typeHash } from './leaf.ts';
import { SCHEMAS } from './schema.ts';
import type { Schema } from './schema.ts';
import type {
  Address,
  CommitSet,
  EpochAttestation,
  Evaluation,
  EvaluationCommit,
  Hex,
  NodeAttestation,
  OperatorAuth,
  Receipt,
} from './types.ts';

/** EIP-712 domain: name `DGrid`, version `1`, the chain, and NodeStaking as verifying contract. */
export type SigningDomain = { readonly chainId: bigint; readonly verifyingContract: Address };

const DOMAIN_TYPE = keccakText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)');
const NAME = keccakText('DGrid');
const VERSION = keccakText('1');

export function domainSeparator(domain: SigningDomain): Hex {
  const bytes = new Uint8Array(160);
  writeWord(bytes, 0, 'bytes32', DOMAIN_TYPE);
  writeWord(bytes, 32, 'bytes32', NAME);
  writeWord(bytes, 64, 'bytes32', VERSION);
  writeWord(bytes, 96, 'uint256', domain.chainId);
  writeWord(bytes, 128, 'address', domain.verifyingContract);
  return keccak(bytes);
}

/** @returns a function from a struct's encoding (its type hash, then its fields) to what is signed. */
export function createDigest(domain: SigningDomain): (struct: Uint8Array) => Hex {
  const bytes = Buffer.alloc(66);
  bytes[0] = 0x19;
  bytes[1] = 0x01;
  writeWord(bytes, 2, 'bytes32', domainSeparator(domain));
  return (struct) => {
    bytes.set(keccakBytes(struct), 34);
    return keccak(bytes);
  };
}

function digest(definition: Schema, domain: SigningDomain, value: object): Hex {
  return createDigest(domain)(encodeFields(definition, [typeHash(definition)], value));
}

export const receiptDigest = (domain: SigningDomain, value: Receipt): Hex => digest(SCHEMAS.receipt, domain, value);
export const nodeAttestationDigest = (domain: SigningDomain, value: NodeAttestation): Hex =>
  digest(SCHEMAS.nodeAttestation, domain, value);
export const evaluationDigest = (domain: SigningDomain, value: Evaluation): Hex =>
  digest(SCHEMAS.evaluation, domain, value);
export const evaluationCommitDigest = (domain: SigningDomain, value: EvaluationCommit): Hex =>
  digest(SCHEMAS.evaluationCommit, domain, value);
export const commitSetDigest = (domain: SigningDomain, value: CommitSet): Hex =>
  digest(SCHEMAS.commitSet, domain, value);
export const epochAttestationDigest = (domain: SigningDomain, value: EpochAttestation): Hex =>
  digest(SCHEMAS.epochAttestation, domain, value);
export const operatorAuthDigest = (domain: SigningDomain, value: OperatorAuth): Hex =>
  digest(SCHEMAS.operatorAuth, domain, value);
