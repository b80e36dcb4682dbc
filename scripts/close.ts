import { view } from './lib/chain.ts';
import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';
import { GATEWAY } from './lib/node.ts';
import { EXIT_NOTE, OPERATOR_OPTIONS, act, openOperator } from './lib/operator.ts';
import type { Operator } from './lib/operator.ts';
import { date, dgai, duration } from './lib/units.ts';

async function feesOf({ session, node, role }: Operator): Promise<bigint> {
  return role === GATEWAY ? await view<bigint>(session.contracts.staking, 'feeBalanceOf', [node.account]) : 0n;
}

/** Takes a node out of the network, with everything it has. */
export const close = defineCommand(
  {
    name: 'close',
    summary: 'Takes everything out: pays what is ready, and starts unbonding of all stake.',
    options: OPERATOR_OPTIONS,
    notes: [
      'Run it again after the waiting time: it then pays the rest. It works in jail and while staking is paused.',
      EXIT_NOTE,
    ],
  },
  async ({ options, io }) => {
    const operator = await openOperator(options, io);
    const { session, node, role, timing, now } = operator;
    const fees = await feesOf(operator);
    const matured = node.unbonding > 0n && node.unbondingAvailableAt <= now ? node.unbonding : 0n;
    if (matured + fees + node.stake === 0n) {
      if (node.unbonding === 0n) throw new CommandError('nothing is left to take out');
      throw new CommandError(`${dgai(node.unbonding)} are unbonding until ${date(node.unbondingAvailableAt)}`);
    }
    const availableAt = node.stake > 0n ? now + timing.unbonding : node.unbondingAvailableAt;
    const waiting = node.stake + node.unbonding - matured;
    const facts = [
      ['paid at once', `${dgai(matured + fees)} (unbonded ${dgai(matured)}, fee balance ${dgai(fees)})`],
      ['unbonding', dgai(waiting)],
      ...(waiting > 0n ? ([['paid later', `${date(availableAt)}, after ${duration(timing.unbonding)}`]] as const) : []),
    ] as const;
    const step = {
      label: 'close the node',
      contract: session.contracts.staking,
      name: 'close',
      args: [role],
      gasCeiling: 250_000n,
    };
    await act(operator, [step], facts, { paid: matured + fees, unbonding: waiting, availableAt });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(close);
