import type { Wallet } from 'ethers';

import { UsageError } from './command.ts';
import { signerOf, signingDomain, typesOf } from './protocol/typed-data.ts';
import { parseAddress } from './units.ts';

/**
 * Consent of a signer key to sign for (account, role): made where the hot key lives, used where the cold key lives, so
 * that the two never have to meet on one machine.
 */
export type Authorization = {
  readonly account: string;
  readonly role: number;
  readonly signer: string;
  readonly deadline: string;
  readonly signature: string;
};

export type AuthorizationScope = {
  readonly chainId: bigint;
  readonly nodeStaking: string;
  readonly account: string;
  readonly role: number;
};

export async function authorize(signer: Wallet, scope: AuthorizationScope, deadline: bigint): Promise<Authorization> {
  const { account, role } = scope;
  const message = { account, role, signer: signer.address, deadline };
  const domain = signingDomain(scope.chainId, scope.nodeStaking);
  const signature = await signer.signTypedData(domain, typesOf('OperatorAuth'), message);
  return { account, role, signer: signer.address, deadline: deadline.toString(), signature };
}

/** Reads what `authorize` printed, and checks that it is for this account, role, chain and contract. */
export function parseAuthorization(source: string, text: string, scope: AuthorizationScope): Authorization {
  const value = authorizationFields(source, text);
  const domain = signingDomain(scope.chainId, scope.nodeStaking);
  const message = { account: scope.account, role: scope.role, signer: value.signer, deadline: value.deadline };
  const recovered = signerOf('OperatorAuth', domain, message, value.signature);
  if (recovered?.toLowerCase() !== value.signer.toLowerCase()) {
    throw new UsageError(`${source} does not authorise this account and role on this chain`);
  }
  return { ...value, account: scope.account, role: scope.role };
}

function authorizationFields(source: string, text: string): Authorization {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${source} is not JSON`);
  }
  const { signer, deadline, signature } = (value ?? {}) as Partial<Record<keyof Authorization, unknown>>;
  if (typeof signer !== 'string' || typeof deadline !== 'string' || typeof signature !== 'string') {
    throw new UsageError(`${source} lacks signer, deadline or signature`);
  }
  if (!/^\d{1,20}$/.test(deadline)) throw new UsageError(`${source}: the deadline is not a number`);
  return { account: '', role: 0, signer: parseAddress(`signer in ${source}`, signer), deadline, signature };
}
