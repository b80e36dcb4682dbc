import type { Wallet } from 'ethers';

import { chainTime, view } from './chain.ts';
import { CommandError } from './command.ts';
import { signPermit } from './permit.ts';
import type { Session, Step } from './session.ts';
import { dgai } from './units.ts';

const PERMIT_SECONDS = 3_600n;

/** The one transaction that adds stake. @throws CommandError when the account does not hold that much. */
export async function stakeStep(
  session: Session,
  wallet: Wallet,
  stake: { readonly role: number; readonly amount: bigint; readonly afterEarlier?: boolean },
): Promise<Step> {
  const { contracts, chainId } = session;
  await requireBalance(session, wallet.address, stake.amount);
  const { deadline, v, r, s } = await signPermit({
    token: contracts.token,
    wallet,
    chainId,
    spender: await contracts.staking.getAddress(),
    value: stake.amount,
    deadline: (await chainTime(session.provider)) + PERMIT_SECONDS,
  });
  return {
    label: `stake ${dgai(stake.amount)}`,
    contract: contracts.staking,
    name: 'stakeWithPermit',
    args: [stake.role, stake.amount, deadline, v, r, s],
    gasCeiling: 250_000n,
    ...(stake.afterEarlier === undefined ? {} : { afterEarlier: stake.afterEarlier }),
  };
}

/** Lets `spender` take `amount`; no step when it already may. */
export async function approveSteps(session: Session, owner: string, spender: string, amount: bigint): Promise<Step[]> {
  const { token } = session.contracts;
  await requireBalance(session, owner, amount);
  const allowed = await view<bigint>(token, 'allowance', [owner, spender]);
  if (allowed >= amount) return [];
  const args = [spender, amount];
  return [{ label: `allow ${dgai(amount)} to be taken`, contract: token, name: 'approve', args, gasCeiling: 60_000n }];
}

async function requireBalance({ contracts }: Session, owner: string, amount: bigint): Promise<void> {
  const balance = await view<bigint>(contracts.token, 'balanceOf', [owner]);
  if (balance < amount) throw new CommandError(`${owner} holds ${dgai(balance)}, which is less than ${dgai(amount)}`);
}
