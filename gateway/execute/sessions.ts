import type { SigningDomain } from '../protocol/eip712.ts';
import { sealSession } from '../protocol/session.ts';
import type { Signer } from '../protocol/signature.ts';
import type { Address } from '../protocol/types.ts';

export type SessionDeps = {
  readonly gateway: Address;
  readonly signer: Signer;
  readonly domain: SigningDomain;
  readonly nowMs: () => number;
};

const VALID_S = 600;
/** Renewed while it is still good for longer than clocks differ and requests wait. */
const RENEW_S = 300;
const MAX_NODES = 10_000;

/** The token that a node is shown: one signature per node every few minutes. */
export function createSessions({ gateway, signer, domain, nowMs }: SessionDeps): (node: Address) => string {
  const tokens = new Map<Address, { readonly token: string; readonly until: number }>();
  return (node) => {
    const now = Math.floor(nowMs() / 1_000);
    const known = tokens.get(node);
    const left = known === undefined ? 0 : known.until - now;
    if (known !== undefined && left > RENEW_S && left <= VALID_S) return known.token; // more is of a clock that was put back
    if (tokens.size >= MAX_NODES) tokens.clear();
    const until = now + VALID_S;
    const token = sealSession(signer, domain, { gateway, node, until });
    tokens.set(node, { token, until });
    return token;
  };
}
