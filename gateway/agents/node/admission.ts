import { DgridError } from '../../errors.ts';
import type { SigningDomain } from '../../protocol/eip712.ts';
import { openSession } from '../../protocol/session.ts';
import type { Address } from '../../protocol/types.ts';

/** @throws DgridError (403) unless the token says that this gateway may ask this node now. */
export type Admission = (gateway: Address, token: string | undefined) => Promise<void>;

export type AdmissionDeps = {
  readonly account: Address;
  readonly domain: SigningDomain;
  /** The registered signer of a gateway with stake; undefined for everybody else. */
  readonly signerOf: (gateway: Address) => Promise<Address | undefined>;
  readonly nowMs: () => number;
};

/** A session that claims to be good for longer was not made by a gateway of this program. */
const MAX_VALID_S = 3_600;
/** How long a gateway that lost its registration or its key is still believed. */
const RECHECK_MS = 300_000;
const MAX_KNOWN = 10_000;

type Known = { readonly gateway: Address; readonly until: number; readonly checkedMs: number };

/** A token is verified once, against the chain, and then known until it ends or has to be looked at again. */
export function createAdmission(deps: AdmissionDeps): Admission {
  const known = new Map<string, Known>();
  return async (gateway, token) => {
    if (token === undefined) throw refused('sends no session (x-dgrid-session)');
    const now = deps.nowMs();
    const seen = known.get(token);
    if (seen?.gateway === gateway && now < seen.until * 1_000 && now - seen.checkedMs < RECHECK_MS) return;
    known.delete(token);
    const session = opened(deps, gateway, token);
    // Asked last: only a signature over this very node makes this server ask the chain.
    const signer = await deps.signerOf(gateway);
    if (signer !== session.signer) throw refused('sends a session that its registered signer has not signed');
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(token, { gateway, until: session.until, checkedMs: now });
  };
}

function opened({ account, domain, nowMs }: AdmissionDeps, gateway: Address, token: string) {
  const session = openSession(token, domain, { gateway, node: account });
  if (session === undefined) throw refused('sends a session that is malformed');
  const leftS = session.until - nowMs() / 1_000;
  if (leftS <= 0) throw refused('sends a session that has ended');
  if (leftS > MAX_VALID_S) throw refused('sends a session that is good for too long');
  return session;
}

const refused = (why: string): DgridError => new DgridError('DGRID_UNKNOWN_GATEWAY', `The gateway ${why}.`);
