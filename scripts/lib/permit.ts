import { Signature } from 'ethers';
import type { Contract, Wallet } from 'ethers';

import { view } from './chain.ts';

/** An EIP-2612 permit: one transaction instead of approve and pull. */
export type Permit = { readonly deadline: bigint; readonly v: number; readonly r: string; readonly s: string };

export type PermitInput = {
  readonly token: Contract;
  readonly wallet: Wallet;
  readonly chainId: bigint;
  readonly spender: string;
  readonly value: bigint;
  readonly deadline: bigint;
};

const TYPES = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
};

export async function signPermit({ token, wallet, chainId, spender, value, deadline }: PermitInput): Promise<Permit> {
  const domain = {
    name: await view<string>(token, 'name'),
    version: '1',
    chainId,
    verifyingContract: await token.getAddress(),
  };
  const nonce = await view<bigint>(token, 'nonces', [wallet.address]);
  const message = { owner: wallet.address, spender, value, nonce, deadline };
  const { v, r, s } = Signature.from(await wallet.signTypedData(domain, TYPES, message));
  return { deadline, v, r, s };
}
