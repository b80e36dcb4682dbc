import { buildBatchTree } from '../protocol/batch-tree.ts';
import { MAX_ATTESTED_ANSWERS } from '../protocol/constants.ts';
import { nodeAttestationDigest } from '../protocol/eip712.ts';
import type { SigningDomain } from '../protocol/eip712.ts';
import { answerLeaf } from '../protocol/leaf.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import { recoverSigner } from '../protocol/signature.ts';
import { decodeStruct } from '../protocol/struct-json.ts';
import type { Address, AnswerLeaf, Hex, NodeAttestation, Receipt } from '../protocol/types.ts';

/** A node's signature over many answers, checked, with each answer's place under the signed root. */
export type CheckedAttestation = {
  readonly attestation: NodeAttestation;
  readonly signature: Hex;
  readonly answers: readonly { readonly answer: AnswerLeaf; readonly leaf: Hex; readonly proof: readonly Hex[] }[];
};

export type AttestationContext = {
  readonly node: Address;
  readonly signer: Address;
  readonly gateway: Address;
  readonly leafDomain: LeafDomain;
  readonly signingDomain: SigningDomain;
};

/** @throws TypeError when the node's word is malformed, not its own, or not about these answers. */
export function checkAttestation(wire: unknown, context: AttestationContext): CheckedAttestation {
  const attestation = decodeStruct('nodeAttestation', wire);
  const { signature, answers: wireAnswers } = wire as { readonly signature: unknown; readonly answers: unknown };
  if (attestation.node !== context.node || attestation.gateway !== context.gateway) {
    throw new TypeError('attestation names another node or gateway');
  }
  if (
    !Array.isArray(wireAnswers) ||
    wireAnswers.length !== attestation.count ||
    wireAnswers.length > MAX_ATTESTED_ANSWERS
  ) {
    throw new TypeError('attestation does not list the answers it counts');
  }
  const digest = nodeAttestationDigest(context.signingDomain, attestation);
  if (typeof signature !== 'string' || recoverSigner(digest, signature as Hex) !== context.signer) {
    throw new TypeError(`attestation is not signed by ${context.signer}`);
  }
  const answers = wireAnswers.map((answer: unknown) => decodeStruct('answer', answer));
  const leaves = answers.map((answer) => answerLeaf(context.leafDomain, answer));
  const tree = buildBatchTree(leaves);
  if (tree.root !== attestation.root) throw new TypeError('attested root is not that of the answers');
  return {
    attestation,
    signature: signature as Hex,
    answers: answers.map((answer, index) => ({ answer, leaf: leaves[index] ?? '0x', proof: tree.proofOf(index) })),
  };
}

/** Whether an attested answer is the one a receipt is about. Its token counts are a claim and do not matter here. */
export function answersReceipt(answer: AnswerLeaf, receipt: Receipt): boolean {
  return (
    answer.receiptId === receipt.id &&
    answer.gateway === receipt.gateway &&
    answer.node === receipt.node &&
    answer.requestHash === receipt.requestHash &&
    answer.responseHash === receipt.responseHash &&
    answer.model === receipt.model
  );
}

export type AttestationLog = {
  /** Highest sequence stored per node; 0 before the first. */
  readonly lastSequence: (node: Address) => Promise<bigint>;
  readonly save: (checked: CheckedAttestation) => Promise<void>;
};
