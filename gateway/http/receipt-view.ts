import { nodeAttestationDigest, receiptDigest } from '../protocol/eip712.ts';
import { recoverSigner } from '../protocol/signature.ts';
import { encodeStruct } from '../protocol/struct-json.ts';
import type { Address } from '../protocol/types.ts';
import type { ReceiptAttestation, StoredReceipt } from '../receipt/ports.ts';
import type { JsonView } from './ports.ts';

/** Where leaves and signatures belong: stated with every receipt, so that a file of it verifies on its own. */
export type NetworkDomain = {
  readonly chainId: bigint;
  readonly nodeStaking: Address;
  readonly proofRegistry: Address;
  readonly rewardDistributor: Address;
};

/** A receipt as `GET /v1/receipts/:id` shows it; its form is `docs/receipt.schema.json`. */
export function receiptView(stored: StoredReceipt, domain: NetworkDomain, isPayer: boolean): JsonView {
  const { receipt, signature, state, modelId, attestation, batch, record } = stored;
  return {
    id: receipt.id,
    object: 'dgrid.receipt',
    state,
    model: modelId,
    domain,
    receipt: encodeStruct('receipt', receipt),
    signature,
    // Any 65 bytes recover to somebody: only a stated signer lets a damaged signature show offline.
    ...(signature === null ? {} : { signer: recoverSigner(receiptDigest(signingDomain(domain), receipt), signature) }),
    // With the salt and the content anybody can check the hashes: it is the payer's to give away.
    ...(isPayer ? { salt: stored.salt } : {}),
    ...(attestation === undefined ? {} : { attestation: attestationView(attestation, domain) }),
    ...(batch === undefined ? {} : { batch }),
    ...(record === undefined ? {} : { record: { ...record, record: encodeStruct('record', record.record) } }),
  };
}

function attestationView({ attestation, signature, answer, leaf, proof }: ReceiptAttestation, domain: NetworkDomain) {
  return {
    attestation: encodeStruct('nodeAttestation', attestation),
    signature,
    signer: recoverSigner(nodeAttestationDigest(signingDomain(domain), attestation), signature),
    answer: encodeStruct('answer', answer),
    leaf,
    proof,
  };
}

function signingDomain({ chainId, nodeStaking }: NetworkDomain) {
  return { chainId, verifyingContract: nodeStaking };
}
