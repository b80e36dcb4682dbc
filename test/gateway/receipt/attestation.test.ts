import assert from 'node:assert/strict';

import { answersReceipt, checkAttestation } from '../../../gateway/receipt/attestation.ts';
import { buildBatchTree, verifyBatchProof } from '../../../gateway/protocol/batch-tree.ts';
import { nodeAttestationDigest } from '../../../gateway/protocol/eip712.ts';
import { answerLeaf } from '../../../gateway/protocol/leaf.ts';
import type { Signer } from '../../../gateway/protocol/signature.ts';
import { encodeStruct } from '../../../gateway/protocol/struct-json.ts';
import type { AnswerLeaf, NodeAttestation } from '../../../gateway/protocol/types.ts';
import {
  GATEWAY,
  LEAF_DOMAIN,
  NODE,
  NODE_SIGNER,
  SIGNING_DOMAIN,
  address,
  hash,
  receipt,
  signer,
} from '../background.fixtures.ts';

const CONTEXT = {
  node: NODE,
  signer: NODE_SIGNER.address,
  gateway: GATEWAY,
  leafDomain: LEAF_DOMAIN,
  signingDomain: SIGNING_DOMAIN,
};

const answerTo = (serial: number): AnswerLeaf => {
  const { id, gateway, node, requestHash, responseHash, model, promptTokens, completionTokens } = receipt(serial);
  return { receiptId: id, gateway, node, requestHash, responseHash, model, promptTokens, completionTokens };
};

type Wire = Record<string, unknown> & { answers: Record<string, unknown>[] };

/** An attestation as a node sends it. `fields` are signed as they are; what is tampered with later is not. */
function wire(count: number, fields: Partial<NodeAttestation> = {}, by: Signer = NODE_SIGNER): Wire {
  const answers = Array.from({ length: count }, (_, serial) => answerTo(serial));
  const root = count === 0 ? hash(1) : buildBatchTree(answers.map((answer) => answerLeaf(LEAF_DOMAIN, answer))).root;
  const attestation = { node: NODE, gateway: GATEWAY, root, count, sequence: 7n, ...fields };
  return {
    ...encodeStruct('nodeAttestation', attestation),
    signature: by.sign(nodeAttestationDigest(SIGNING_DOMAIN, attestation)),
    answers: answers.map((answer) => ({ ...encodeStruct('answer', answer) })),
  };
}

const refused = (value: unknown, message = 'malformed'): void => {
  assert.throws(() => checkAttestation(value, CONTEXT), Error, message);
};

describe('checkAttestation', () => {
  it('returns every answer with its leaf and a proof under the signed root', () => {
    for (const count of [1, 2, 3, 255, 256]) {
      const { attestation, answers } = checkAttestation(JSON.parse(JSON.stringify(wire(count))), CONTEXT);
      assert.deepEqual([attestation.count, answers.length, attestation.sequence], [count, count, 7n]);
      answers.forEach(({ answer, leaf, proof }, serial) => {
        assert.deepEqual(answer, answerTo(serial));
        assert.equal(leaf, answerLeaf(LEAF_DOMAIN, answer));
        assert.ok(verifyBatchProof(attestation.root, leaf, proof));
      });
    }
  });

  it('rejects any signed field that was changed after signing', () => {
    const good = wire(2);
    const changes: Record<string, unknown> = {
      node: address(0x101),
      gateway: address(0x901),
      root: hash(5),
      count: 1,
      sequence: '8',
      signature: wire(1).signature,
    };
    for (const [field, value] of Object.entries(changes)) refused({ ...good, [field]: value }, field);
  });

  it("rejects any field of an answer that was changed, dropped, or that is another's", () => {
    const good = wire(2);
    const [first, second] = good.answers;
    assert.ok(first !== undefined && second !== undefined);
    for (const field of Object.keys(first)) {
      const value =
        typeof first[field] === 'number' ? Number(first[field]) + 1 : '0x'.padEnd(String(first[field]).length, '7');
      refused({ ...good, answers: [{ ...first, [field]: value }, second] }, `changed ${field}`);
      const { [field]: _dropped, ...rest } = first;
      refused({ ...good, answers: [rest, second] }, `without ${field}`);
    }
    refused({ ...good, answers: [first, first] }, 'one twice');
    refused({ ...good, answers: [first] }, 'one missing');
    refused({ ...good, answers: [first, second, second] }, 'one too many');
    refused({ ...good, answers: { 0: first, 1: second, length: 2 } }, 'no list');
  });

  it('rejects what is properly signed but by another, to another, for another domain, empty or too long', () => {
    refused(wire(1, {}, signer(2)), 'another signer');
    refused(wire(1, { node: address(0x101) }), 'another node');
    refused(wire(1, { gateway: address(0x901) }), 'another gateway');
    refused(wire(0), 'empty');
    refused(wire(257), 'too long');
    refused(wire(2, { count: 3 }), 'a count that is not that of the list');
    for (const domain of [
      { ...SIGNING_DOMAIN, chainId: 1n },
      { ...SIGNING_DOMAIN, verifyingContract: address(1) },
    ]) {
      assert.throws(() => checkAttestation(wire(1), { ...CONTEXT, signingDomain: domain }));
    }
    assert.throws(() => checkAttestation(wire(1), { ...CONTEXT, leafDomain: { ...LEAF_DOMAIN, chainId: 1n } }));
  });

  it('rejects malformed wire without a fault of another kind', () => {
    for (const value of [
      undefined,
      null,
      7,
      'x',
      [],
      {},
      { ...wire(1), answers: undefined },
      { ...wire(1), count: '1' },
    ]) {
      refused(value);
    }
    const { signature, ...unsigned } = wire(1);
    refused(unsigned);
    for (const bad of [7, '', '0x', `${String(signature)}00`, String(signature).slice(0, -2), 'zz'.repeat(66)]) {
      refused({ ...unsigned, signature: bad }, String(bad));
    }
    refused({ ...wire(1), sequence: 7 });
    refused({ ...wire(1), sequence: '-1' });
    refused({ ...wire(1), answers: [null] });
  });
});

describe('answersReceipt', () => {
  it('returns true only when id, gateway, node, both hashes and model match; token counts are a claim', () => {
    const answer = answerTo(0);
    assert.equal(answersReceipt(answer, receipt(0)), true);
    assert.equal(answersReceipt({ ...answer, promptTokens: 1, completionTokens: 2 }, receipt(0)), true);
    const others: Partial<AnswerLeaf>[] = [
      { receiptId: hash(1) },
      { gateway: address(1) },
      { node: address(1) },
      { requestHash: hash(1) },
      { responseHash: hash(1) },
      { model: hash(1) },
    ];
    for (const other of others) {
      assert.equal(answersReceipt({ ...answer, ...other }, receipt(0)), false, String(Object.keys(other)));
    }
    assert.equal(
      answersReceipt({ ...answer, requestHash: answer.responseHash, responseHash: answer.requestHash }, receipt(0)),
      false,
    );
  });
});
