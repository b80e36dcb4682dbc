import type { SigningDomain } from './eip712.ts';
import { keccakText } from './keccak.ts';
import { recoverSigner } from './signature.ts';
import type { Signer } from './signature.ts';
import type { Address, Hex } from './types.ts';

/**
 * How a node knows that it is a gateway who asks: the gateway's signer signs once that this gateway may ask this node
 * until a point in time, and shows it with every request. A signature per request would cost more than serving one.
 */
export type Session = {
  readonly gateway: Address;
  /** Only this node: shown to another one the session is worth nothing. */
  readonly node: Address;
  /** Seconds since 1970. */
  readonly until: number;
};

function sessionDigest({ chainId, verifyingContract }: SigningDomain, { gateway, node, until }: Session): Hex {
  return keccakText(`DGrid.session.v1\n${chainId}\n${verifyingContract}\n${gateway}\n${node}\n${until}`);
}

/** The text that is sent as `x-dgrid-session`: `<until>.<signature>`. */
export function sealSession(signer: Signer, domain: SigningDomain, session: Session): string {
  return `${session.until}.${signer.sign(sessionDigest(domain, session))}`;
}

const FORM = /^(\d{1,12})\.(0x[0-9a-f]{130})$/;

/** When the token ends and who signed it for these two; undefined when nobody did. */
export function openSession(
  token: string,
  domain: SigningDomain,
  parties: Pick<Session, 'gateway' | 'node'>,
): { readonly until: number; readonly signer: Address } | undefined {
  const [, untilText, signature] = FORM.exec(token) ?? [];
  if (untilText === undefined || signature === undefined) return undefined;
  const until = Number(untilText);
  const signer = recoverSigner(sessionDigest(domain, { ...parties, until }), signature as Hex);
  return signer === undefined ? undefined : { until, signer };
}
