import { canonicalJson } from './canonical-json.ts';
import type { SigningDomain } from './eip712.ts';
import { keccakText } from './keccak.ts';
import type { Address, Hex } from './types.ts';

/** What a gateway shows a committee member of a drawn receipt. */
export type EvaluationQuestion = {
  readonly batchId: bigint;
  readonly receiptLeaf: Hex;
  readonly seed: Hex;
  readonly gateway: Address;
  readonly salt: Hex;
  /** Canonical JSON texts. */
  readonly request: string;
  readonly response: string;
  readonly peers: readonly { readonly account: string; readonly family: string; readonly response: string }[];
};

/**
 * What the gateway's signer signs when it asks for an evaluation. An evaluator answers a receipt once, for good, so
 * without it anybody who knows the leaf could ask first, with other content, and spoil the examination.
 */
export function evaluationRequestDigest(
  { chainId, verifyingContract }: SigningDomain,
  question: EvaluationQuestion,
): Hex {
  const { batchId, receiptLeaf, seed, gateway, salt, request, response, peers } = question;
  const shown = { batchId: batchId.toString(), receiptLeaf, seed, gateway, salt, request, response, peers };
  return keccakText(`DGrid.evaluation-request.v1\n${chainId}\n${verifyingContract}\n${canonicalJson(shown)}`);
}
