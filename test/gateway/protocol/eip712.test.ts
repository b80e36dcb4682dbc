import assert from 'node:assert/strict';

import { hashTypedData, recoverAddress } from 'viem';

import * as digests from '../../../gateway/protocol/eip712.ts';
import { typeHash } from '../../../gateway/protocol/leaf.ts';
import { SCHEMAS, typeString } from '../../../gateway/protocol/schema.ts';
import type { Schema } from '../../../gateway/protocol/schema.ts';
import { createSigner, recoverSigner } from '../../../gateway/protocol/signature.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { nativeValue, typedDataVectors } from './vectors.ts';

type Digest = (domain: digests.SigningDomain, value: never) => Hex;
const SIGNED: Readonly<Record<string, { readonly definition: Schema; readonly digest: Digest }>> = {
  Receipt: { definition: SCHEMAS.receipt, digest: digests.receiptDigest },
  NodeAttestation: { definition: SCHEMAS.nodeAttestation, digest: digests.nodeAttestationDigest },
  Evaluation: { definition: SCHEMAS.evaluation, digest: digests.evaluationDigest },
  EvaluationCommit: { definition: SCHEMAS.evaluationCommit, digest: digests.evaluationCommitDigest },
  CommitSet: { definition: SCHEMAS.commitSet, digest: digests.commitSetDigest },
  EpochAttestation: { definition: SCHEMAS.epochAttestation, digest: digests.epochAttestationDigest },
  OperatorAuth: { definition: SCHEMAS.operatorAuth, digest: digests.operatorAuthDigest },
};

const { domain: vectorDomain, domainSeparator, signer, types, cases } = typedDataVectors;
const domain = { chainId: BigInt(vectorDomain.chainId), verifyingContract: vectorDomain.verifyingContract };

function signed(type: string) {
  const entry = SIGNED[type];
  assert.ok(entry, `nothing signs ${type}`);
  return entry;
}

describe('protocol/eip712', () => {
  it('returns the domain separator', () => {
    assert.equal(digests.domainSeparator(domain), domainSeparator);
  });

  it('covers every signed type', () => {
    assert.deepEqual(types.map(({ type }) => type).toSorted(), Object.keys(SIGNED).toSorted());
  });

  for (const { type, typeString: expected, typeHash: hash } of types) {
    it(`returns type string, type hash and digests of ${type}`, () => {
      const { definition, digest } = signed(type);
      assert.equal(typeString(definition), expected);
      assert.equal(typeHash(definition), hash);
      for (const vector of cases.filter((item) => item.type === type)) {
        assert.equal(digest(domain, nativeValue(definition, vector.value) as never), vector.digest);
      }
    });
  }

  it('returns the digests that viem computes (class 12)', () => {
    for (const { type, value, digest } of cases) {
      const { definition } = signed(type);
      const native = nativeValue(definition, value);
      const viemDigest = hashTypedData({
        domain: { ...vectorDomain, chainId: domain.chainId },
        types: { [type]: definition.fields },
        primaryType: type,
        message: native,
      });
      assert.equal(viemDigest, digest, type);
    }
  });

  it('returns another digest on another chain and for another verifying contract', () => {
    const [vector] = cases;
    assert.ok(vector);
    const { definition, digest } = signed(vector.type);
    const native = nativeValue(definition, vector.value) as never;
    assert.notEqual(digest({ ...domain, chainId: 1n }, native), vector.digest);
    assert.notEqual(digest({ ...domain, verifyingContract: `0x${'33'.repeat(20)}` }, native), vector.digest);
  });
});

describe('protocol/signature', () => {
  const [vector] = cases;
  assert.ok(vector);
  const { digest, signature } = vector;

  it('returns the signer of every vector, as viem does', async () => {
    for (const item of cases) {
      assert.equal(recoverSigner(item.digest, item.signature), signer);
      const byViem = await recoverAddress({ hash: item.digest, signature: item.signature });
      assert.equal(byViem.toLowerCase(), signer);
    }
  });

  it('signs what it can recover', () => {
    const own = createSigner(`0x${'01'.repeat(32)}`);
    assert.equal(recoverSigner(digest, own.sign(digest)), own.address);
  });

  it('rejects the malleable twin, a compact signature, a wrong v and rubbish', () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(`0x${signature.slice(66, 130)}`);
    const v = signature.slice(130) === '1b' ? '1c' : '1b';
    const twin: Hex = `0x${signature.slice(2, 66)}${(order - s).toString(16).padStart(64, '0')}${v}`;
    assert.equal(recoverSigner(digest, twin), undefined);
    assert.equal(recoverSigner(digest, signature.slice(0, 130) as Hex), undefined);
    assert.equal(recoverSigner(digest, `${signature.slice(0, 130)}00` as Hex), undefined);
    assert.equal(recoverSigner(digest, `0x${'00'.repeat(64)}1b`), undefined);
    assert.equal(recoverSigner(digest, `0x${'ff'.repeat(64)}1b`), undefined);
  });

  it('rejects a key that is none, without showing it', () => {
    for (const key of ['0x', `0x${'00'.repeat(32)}`, `0x${'ff'.repeat(32)}`, '0x1234'] as const) {
      assert.throws(
        () => createSigner(key),
        (error: unknown) => error instanceof TypeError && !error.message.includes(key.length > 4 ? key.slice(2) : '!'),
      );
    }
  });
});
