import { structText } from '../protocol/struct-json.ts';
import type { Address, Hex } from '../protocol/types.ts';
import type { AttestationLog, CheckedAttestation } from '../receipt/attestation.ts';
import type { InFlight } from './in-flight.ts';
import type { Statement, Store } from './store.ts';

export function createAttestationLog(store: Store, inFlight: InFlight): AttestationLog {
  const statements = statementsOf(store);
  return {
    async lastSequence(node) {
      const [row] = await store.read(statements.last({ node }));
      return row?.last ?? 0n;
    },
    save: (checked) => store.write(saveStatements(statements, inFlight, checked)),
  };
}

type Statements = ReturnType<typeof statementsOf>;

type AnswerValues = {
  readonly receiptId: Hex;
  readonly node: Address;
  readonly sequence: bigint;
  readonly answer: string;
  readonly leaf: Hex;
  readonly proof: string;
  /** Of the attestation that the answer came with. */
  readonly signature: Hex;
};

type AttestationValues = {
  readonly node: Address;
  readonly sequence: bigint;
  readonly attestation: string;
  readonly signature: Hex;
};

function statementsOf(store: Store) {
  return { ...answerStatement(store), ...attestationStatements(store) };
}

function answerStatement({ prepare }: Store) {
  return {
    // Only answers to what was asked and is not batched yet, or a node could fill the disk. And none when another
    // attestation stands under that sequence: its root is the one that stored proofs are about.
    answer: prepare((db, values: AnswerValues) =>
      db
        .insertInto('answers')
        .columns(['receipt_id', 'node', 'sequence', 'answer', 'leaf', 'proof'])
        .expression((eb) =>
          db
            .selectNoFrom([
              eb.val(values.receiptId).as('receipt_id'),
              eb.val(values.node).as('node'),
              eb.cast<bigint>(eb.val(values.sequence), 'bigint').as('sequence'),
              eb.val(values.answer).as('answer'),
              eb.val(values.leaf).as('leaf'),
              eb.val(values.proof).as('proof'),
            ])
            .where((eb) =>
              eb.and([
                eb.not(
                  eb.exists(
                    eb
                      .selectFrom('attestations')
                      .select('node')
                      .where('node', '=', values.node)
                      .where('sequence', '=', values.sequence)
                      .where('signature', '<>', values.signature),
                  ),
                ),
                eb.exists(
                  eb.selectFrom('receipts').select('id').where('id', '=', values.receiptId).where('batch', 'is', null),
                ),
              ]),
            ),
        )
        .onConflict((conflict) => conflict.doNothing()),
    ),
  };
}

function attestationStatements({ prepare }: Store) {
  return {
    last: prepare((db, { node }: { readonly node: Address }) =>
      db
        .selectFrom('attestations')
        .select((eb) => eb.fn.max('sequence').as('last'))
        .where('node', '=', node),
    ),
    // Only when one of its answers was kept: a word about nothing that was asked is worth no disk.
    attestation: prepare((db, values: AttestationValues) =>
      db
        .insertInto('attestations')
        .columns(['node', 'sequence', 'attestation', 'signature'])
        .expression((eb) =>
          db
            .selectNoFrom([
              eb.val(values.node).as('node'),
              eb.cast<bigint>(eb.val(values.sequence), 'bigint').as('sequence'),
              eb.val(values.attestation).as('attestation'),
              eb.val(values.signature).as('signature'),
            ])
            .where((eb) =>
              eb.exists(
                eb
                  .selectFrom('answers')
                  .select('node')
                  .where('node', '=', values.node)
                  .where('sequence', '=', values.sequence),
              ),
            ),
        )
        .onConflict((conflict) => conflict.doNothing()),
    ),
  };
}

/** Nothing at all when every answer waits for its receipt. */
function saveStatements(
  statements: Statements,
  inFlight: InFlight,
  { attestation, signature, answers }: CheckedAttestation,
): readonly Statement[] {
  const { node, sequence } = attestation;
  const signed = statements.attestation({
    node,
    sequence,
    attestation: structText('nodeAttestation', attestation),
    signature,
  });
  const own = answers.flatMap(({ answer, leaf, proof }) => {
    const kept = statements.answer({
      receiptId: answer.receiptId,
      node,
      sequence,
      answer: structText('answer', answer),
      leaf,
      proof: JSON.stringify(proof),
      signature,
    });
    return inFlight.hold(answer.receiptId, () => [kept, signed]) ? [] : [kept];
  });
  return own.length === 0 ? [] : [...own, signed];
}
