import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';
import { EXIT_NOTE, OPERATOR_OPTIONS, act, openOperator } from './lib/operator.ts';
import { date, dgai, duration } from './lib/units.ts';

/** Pays unbonded stake whose waiting time is over. */
export const withdraw = defineCommand(
  {
    name: 'withdraw',
    summary: 'Pays matured unbonding to the account.',
    options: OPERATOR_OPTIONS,
    notes: [EXIT_NOTE],
  },
  async ({ options, io }) => {
    const operator = await openOperator(options, io);
    const { session, node, role, now } = operator;
    if (node.unbonding === 0n) throw new CommandError('nothing is unbonding');
    if (node.unbondingAvailableAt > now) {
      const wait = duration(node.unbondingAvailableAt - now);
      throw new CommandError(
        `${dgai(node.unbonding)} can be withdrawn at ${date(node.unbondingAvailableAt)}, in ${wait}`,
      );
    }
    const step = {
      label: `withdraw ${dgai(node.unbonding)}`,
      contract: session.contracts.staking,
      name: 'withdraw',
      args: [role],
      gasCeiling: 120_000n,
    };
    await act(operator, [step], [['paid to', node.account]], { amount: node.unbonding, stake: node.stake });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(withdraw);
