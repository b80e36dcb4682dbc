import type { JoinBuilder } from 'kysely';

import { decodeStruct } from '../protocol/struct-json.ts';
import type { Hex } from '../protocol/types.ts';
import type { ReceiptAttestation } from '../receipt/ports.ts';
import type { Tables } from './tables.ts';

/** How a batched receipt is read with the answer that its node attested for it, and with the signature over that. */
export const joinAnswer = (join: JoinBuilder<Tables, 'receipts' | 'answers'>) =>
  join
    .onRef('answers.receipt_id', '=', 'receipts.id')
    .onRef('answers.node', '=', 'receipts.node')
    .onRef('answers.leaf', '=', 'receipts.answer');

export const joinAttestation = (join: JoinBuilder<Tables, 'answers' | 'attestations'>) =>
  join.onRef('attestations.node', '=', 'answers.node').onRef('attestations.sequence', '=', 'answers.sequence');

export const ATTESTATION_COLUMNS = [
  'answers.answer as attested_answer',
  'answers.leaf as answer_leaf',
  'answers.proof as answer_proof',
  'attestations.attestation as node_attestation',
  'attestations.signature as node_signature',
] as const;

type Row = {
  readonly attested_answer: string | null;
  readonly answer_leaf: Hex | null;
  readonly answer_proof: string | null;
  readonly node_attestation: string | null;
  readonly node_signature: Hex | null;
};

/** Nothing for a receipt that is not attested. */
export function attestationOf(row: Row): { readonly attestation?: ReceiptAttestation } {
  const { attested_answer, answer_leaf, answer_proof, node_attestation, node_signature } = row;
  if (attested_answer === null || answer_leaf === null || answer_proof === null) return {};
  if (node_attestation === null || node_signature === null) return {};
  return {
    attestation: {
      attestation: decodeStruct('nodeAttestation', JSON.parse(node_attestation)),
      signature: node_signature,
      answer: decodeStruct('answer', JSON.parse(attested_answer)),
      leaf: answer_leaf,
      proof: JSON.parse(answer_proof) as Hex[],
    },
  };
}
