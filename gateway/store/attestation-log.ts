import { encodeStruct } from '../protocol/struct-json.ts';
import type { AttestationLog } from '../receipt/attestation.ts';
import { statement } from './sqlite.ts';
import type { Store } from './sqlite.ts';

export function createAttestationLog(store: Store): AttestationLog {
  return {
    async lastSequence(node) {
      const [row] = await store.read<{ last: bigint | null }>(
        'SELECT max(sequence) AS last FROM attestations WHERE node = ?',
        [node],
      );
      return row?.last ?? 0n;
    },
    save: ({ attestation, signature, answers }) =>
      store.write([
        // Only when one of its answers will be kept: a word about nothing that was asked is worth no disk.
        statement(
          `INSERT OR IGNORE INTO attestations (node, sequence, attestation, signature) SELECT ?, ?, ?, ?
           WHERE EXISTS (SELECT 1 FROM json_each(?) AS own
             WHERE (EXISTS (SELECT 1 FROM reservations WHERE id = json_extract(own.value, '$[0]'))
               OR EXISTS (SELECT 1 FROM receipts WHERE id = json_extract(own.value, '$[0]') AND batch IS NULL))
             AND NOT EXISTS (SELECT 1 FROM answers WHERE node = ? AND leaf = json_extract(own.value, '$[1]')))`,
          attestation.node,
          attestation.sequence,
          JSON.stringify(encodeStruct('nodeAttestation', attestation)),
          signature,
          JSON.stringify(answers.map(({ answer, leaf }) => [answer.receiptId, leaf])),
          attestation.node,
        ),
        // Only answers to what was asked and is not batched yet, or a node could fill the disk. And only
        // under the attestation that is stored, and no other: its root is the one these proofs are about.
        ...answers.map(({ answer, leaf, proof }) =>
          statement(
            `INSERT OR IGNORE INTO answers (receipt_id, node, sequence, answer, leaf, proof) SELECT ?, ?, ?, ?, ?, ?
             WHERE EXISTS (SELECT 1 FROM attestations WHERE node = ? AND sequence = ? AND signature = ?)
             AND (EXISTS (SELECT 1 FROM reservations WHERE id = ?)
               OR EXISTS (SELECT 1 FROM receipts WHERE id = ? AND batch IS NULL))`,
            answer.receiptId,
            attestation.node,
            attestation.sequence,
            JSON.stringify(encodeStruct('answer', answer)),
            leaf,
            JSON.stringify(proof),
            attestation.node,
            attestation.sequence,
            signature,
            answer.receiptId,
            answer.receiptId,
          ),
        ),
      ]),
  };
}
