import type { Migration } from '../migrations.ts';

/**
 * What a receipt's row carried along is a row of its own: content, which is dropped early, and the answer that its node
 * attested, which is written once and pointed to. So a change of the receipt rewrites a short row.
 */
export const LEAN_ROWS: Migration = ({ integer, bytes, end, clustered, jsonField }) => {
  const attested = (part: string, field: string): string => jsonField(`(${jsonField('attestation', part)})`, field);
  const sequence = `CAST(${attested('attestation', 'sequence')} AS ${integer})`;
  return `
  CREATE TABLE contents (
    serial ${integer} PRIMARY KEY,
    content ${bytes} NOT NULL
  ) ${end};
  INSERT INTO contents (serial, content) SELECT serial, content FROM receipts WHERE content IS NOT NULL;
  ALTER TABLE receipts DROP COLUMN content;

  CREATE TABLE kept_answers (
    receipt_id TEXT NOT NULL,
    node TEXT NOT NULL,
    sequence ${integer} NOT NULL,
    answer TEXT NOT NULL,
    leaf TEXT NOT NULL,
    proof TEXT NOT NULL,
    PRIMARY KEY (receipt_id, node, leaf)
  ) ${clustered};
  INSERT INTO kept_answers (receipt_id, node, sequence, answer, leaf, proof)
    SELECT receipt_id, node, sequence, answer, leaf, proof FROM answers;
  INSERT INTO kept_answers (receipt_id, node, sequence, answer, leaf, proof)
    SELECT id, node, ${sequence}, ${jsonField('attestation', 'answer')}, ${jsonField('attestation', 'leaf')},
      ${jsonField('attestation', 'proof')}
    FROM receipts WHERE attestation IS NOT NULL ON CONFLICT DO NOTHING;
  INSERT INTO attestations (node, sequence, attestation, signature)
    SELECT node, ${sequence}, ${jsonField('attestation', 'attestation')}, ${jsonField('attestation', 'signature')}
    FROM receipts WHERE attestation IS NOT NULL ON CONFLICT DO NOTHING;
  DROP TABLE answers;
  ALTER TABLE kept_answers RENAME TO answers;
  CREATE INDEX answers_attestation ON answers (node, sequence);

  ALTER TABLE receipts ADD COLUMN answer TEXT;
  UPDATE receipts SET answer = ${jsonField('attestation', 'leaf')} WHERE attestation IS NOT NULL;
  ALTER TABLE receipts DROP COLUMN attestation;

  CREATE INDEX batches_end ON batches (to_serial);
`;
};
