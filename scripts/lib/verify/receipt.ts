import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';
import { concat, hexlify, id, toUtf8Bytes } from 'ethers';

import { climbBatch } from '../protocol/batch-tree.ts';
import { leafHash } from '../protocol/leaf.ts';
import type { Fields } from '../protocol/schema.ts';
import { signerOf, signingDomain } from '../protocol/typed-data.ts';
import { Wrong } from './checks.ts';
import type { Checks } from './checks.ts';
import type { AttestationPart, Domain, ReceiptDocument, ReceiptFields } from './document.ts';

/** Everything about a receipt that needs no chain: hashes, leaf, proofs, and who signed. */

export const UNATTESTED = 64;

/** What later checks build on. A signer is an address; whose it is only the chain can tell. */
export type ReceiptFindings = {
  readonly leaf: string;
  readonly gatewaySigner: string | undefined;
  readonly nodeSigner: string | undefined;
};

/** @param onChain whether the chain will be asked whose key it was; if not, only the document can say. */
export function verifyReceipt(
  checks: Checks,
  domain: Domain,
  document: ReceiptDocument,
  onChain: boolean,
): ReceiptFindings | undefined {
  const { receipt } = document;
  if (receipt === undefined) {
    checks.that('receipt', () => fail('the document holds no receipt'));
    return undefined;
  }
  const at = { chainId: domain.chainId, contract: domain.proofRegistry };
  let leaf: string | undefined;
  checks.that('receipt leaf', () => (leaf = leafHash('Receipt', at, receipt)));
  if (leaf === undefined) return undefined;
  if (document.id !== undefined) checks.equal('receipt id', receipt.id, document.id);
  checkModel(checks, document, receipt);
  const gatewaySigner = checkSignature(checks, domain, document, receipt);
  const nodeSigner = checkAttestation(checks, domain, document, receipt);
  if (!onChain) requireSigners(checks, document);
  checkBatch(checks, document, leaf);
  checkContent(checks, document, receipt);
  return { leaf, gatewaySigner, nodeSigner };
}

function checkModel(checks: Checks, { model }: ReceiptDocument, receipt: ReceiptFields): void {
  if (model === undefined) checks.skip('model id', 'the document does not name the model');
  else checks.equal('model id', id(model), receipt.model);
}

function checkSignature(checks: Checks, domain: Domain, document: ReceiptDocument, receipt: ReceiptFields) {
  const { signature, state } = document;
  let signer: string | undefined;
  checks.that('gateway signature', () => {
    if (signature === null || signature === undefined) {
      return fail(`the gateway has not signed it yet (state ${state ?? 'unknown'}): ask again when it is anchored`);
    }
    signer = recover(domain, 'Receipt', receipt, signature);
    return signedBy(signer, document.signer);
  });
  return signer;
}

export function recover(
  domain: Domain,
  type: 'Receipt' | 'NodeAttestation' | 'Evaluation',
  value: Fields,
  signature: string,
): string {
  const signer = signerOf(type, signingDomain(domain.chainId, domain.nodeStaking), value, signature);
  return signer ?? fail('not a valid signature');
}

/** Any 65 bytes recover to somebody; a stated signer lets a damaged file show without the chain. */
function signedBy(signer: string, stated: string | undefined): string {
  if (stated !== undefined && stated.toLowerCase() !== signer.toLowerCase())
    return fail(`by ${signer}, not by ${stated}`);
  return `by ${signer}`;
}

/** Rubbish recovers to somebody too: a signature that is held against nothing shows nothing. */
function requireSigners(checks: Checks, { signature, signer, attestation }: ReceiptDocument): void {
  const why = 'the document does not say whose it is: give --rpc URL, and the chain does';
  if (typeof signature === 'string' && signer === undefined) checks.that('signer of the gateway', () => fail(why));
  if (attestation !== undefined && attestation.signer === undefined) checks.that('signer of the node', () => fail(why));
}

function checkAttestation(checks: Checks, domain: Domain, document: ReceiptDocument, receipt: ReceiptFields) {
  const part = document.attestation;
  if (part === undefined) {
    const flagged = (receipt.flags & UNATTESTED) !== 0;
    checks.skip('node attestation', flagged ? 'the receipt says that there is none' : 'not in the document');
    return undefined;
  }
  checks.equal('attested node', part.attestation.node, receipt.node);
  checks.equal('attested gateway', part.attestation.gateway, receipt.gateway);
  const leafOk = checkAnswerLeaf(checks, domain, part, receipt);
  if (leafOk) checkProof(checks, 'answer in the attestation', { ...part, root: part.attestation.root });
  let signer: string | undefined;
  checks.that('node signature', () => {
    signer = recover(domain, 'NodeAttestation', part.attestation, part.signature);
    return signedBy(signer, part.signer);
  });
  return signer;
}

/** The node's own token counts are a claim and may differ from the gateway's; everything else must be the receipt's. */
function checkAnswerLeaf(checks: Checks, domain: Domain, part: AttestationPart, receipt: ReceiptFields): boolean {
  const { id: receiptId, gateway, node, requestHash, responseHash, model, promptTokens, completionTokens } = receipt;
  const same = { receiptId, gateway, node, requestHash, responseHash, model };
  const counts = part.answer ?? { promptTokens, completionTokens };
  const at = { chainId: domain.chainId, contract: domain.proofRegistry };
  const answer = {
    ...same,
    promptTokens: counts['promptTokens'] ?? 0,
    completionTokens: counts['completionTokens'] ?? 0,
  };
  const given = part.answer;
  if (given !== undefined) {
    for (const [name, value] of Object.entries(same)) {
      if (!checks.equal(`answer ${name}`, String(given[name]), String(value))) return false;
    }
  }
  const leaf = leafHash('AnswerLeaf', at, answer);
  if (given === undefined && leaf !== part.leaf.toLowerCase()) {
    checks.skip('answer leaf', 'the node counted other tokens, and its own counts are not in the document');
    return true;
  }
  return checks.equal('answer leaf', part.leaf, leaf);
}

function checkBatch(checks: Checks, { batch }: ReceiptDocument, leaf: string): void {
  if (batch?.root === undefined || batch.proof === undefined) {
    checks.skip('receipt in the batch', 'the document holds no inclusion proof');
    return;
  }
  if (batch.leaf !== undefined) checks.equal('batch leaf', batch.leaf, leaf);
  checkProof(checks, 'receipt in the batch', { leaf, proof: batch.proof, root: batch.root });
}

export type Inclusion = { readonly leaf: string; readonly proof: readonly string[]; readonly root: string };

export function checkProof(checks: Checks, name: string, { leaf, proof, root }: Inclusion): boolean {
  return checks.that(name, () => {
    if (/^0x0*$/.test(root)) return fail('the root is zero, which proves nothing');
    const top = climbBatch(leaf, proof);
    return top === root.toLowerCase() ? `under root ${top}` : fail(`the proof leads to ${top}, not to ${root}`);
  });
}

function checkContent(checks: Checks, { content, salt }: ReceiptDocument, receipt: ReceiptFields): void {
  const used = content?.salt ?? salt;
  if (content === undefined || used === undefined) {
    checks.skip('content', 'request, response or salt are not in the document');
    return;
  }
  checks.that('request content', () => sameHash(used, requestText(content.request), receipt.requestHash));
  checks.that('response content', () => sameHash(used, canonicalText(content.response), receipt.responseHash));
}

function sameHash(salt: string, text: string, expected: string): string {
  const bytes = Buffer.from(concat([salt, toUtf8Bytes(text)]).slice(2), 'hex');
  const hash = hexlify(createHash('sha256').update(bytes).digest());
  return hash === expected.toLowerCase() ? hash : fail(`hashes to ${hash}, the receipt says ${expected}`);
}

/** A text is taken as canonical already; a value is brought into RFC 8785 form. */
function canonicalText(value: unknown): string {
  if (typeof value === 'string') return value;
  return canonicalize(value) ?? fail('not a JSON value');
}

/** How the answer was delivered is not part of the request. */
function requestText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return canonicalText(value);
  const { stream: _stream, stream_options: _options, ...rest } = value as Record<string, unknown>;
  return canonicalText(rest);
}

export function fail(reason: string): never {
  throw new Wrong(reason);
}
