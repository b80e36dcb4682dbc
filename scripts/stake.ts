import { view } from './lib/chain.ts';
import { Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import { stakeFacts } from './lib/node.ts';
import { EXIT_NOTE, OPERATOR_OPTIONS, act, openOperator } from './lib/operator.ts';
import { stakeStep } from './lib/staking-steps.ts';
import { dgai, parseDgai } from './lib/units.ts';

/** Adds stake to a registered node, in one transaction. */
export const stake = defineCommand(
  {
    name: 'stake',
    summary: 'Adds stake to a registered node.',
    options: { amount: { type: 'string', value: 'DGAI', help: 'how much to add' }, ...OPERATOR_OPTIONS },
    notes: [EXIT_NOTE],
  },
  async ({ options, io }) => {
    if (options.amount === undefined) throw new UsageError('--amount is missing');
    const amount = parseDgai('--amount', options.amount);
    const operator = await openOperator(options, io);
    const { session, wallet, node, role, timing, now } = operator;
    const minimum = await view<bigint>(session.contracts.staking, 'minimumStake', [role]);
    const after = node.stake + amount;
    const facts = [
      ['deposit', dgai(amount)],
      ['stake afterwards', `${dgai(after)} (minimum ${dgai(minimum)})`],
      ...stakeFacts(timing, now),
      ...(after < minimum ? ([['note', `${dgai(minimum - after)} are still missing to take part`]] as const) : []),
    ] as const;
    await act(operator, [await stakeStep(session, wallet, { role, amount })], facts, { amount, stake: after, minimum });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(stake);
