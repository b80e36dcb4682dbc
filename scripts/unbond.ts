import { view } from './lib/chain.ts';
import { CommandError, Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import { epochText, nextEpoch } from './lib/node.ts';
import { EXIT_NOTE, OPERATOR_OPTIONS, act, openOperator } from './lib/operator.ts';
import type { Operator } from './lib/operator.ts';
import { date, dgai, duration, parseDgai } from './lib/units.ts';

async function request(operator: Operator, amount: bigint): Promise<void> {
  const { session, node, role, timing, now } = operator;
  if (amount > node.stake) throw new CommandError(`the node has ${dgai(node.stake)} staked, less than ${dgai(amount)}`);
  const minimum = await view<bigint>(session.contracts.staking, 'minimumStake', [role]);
  const left = node.stake - amount;
  const availableAt = now + timing.unbonding;
  const facts = [
    ['unbond', dgai(amount)],
    ['stake afterwards', `${dgai(left)} (minimum ${dgai(minimum)})`],
    ['can be withdrawn', `${date(availableAt)}, after ${duration(timing.unbonding)}; until then it can be slashed`],
    ...notes(operator, left < minimum),
  ] as const;
  const step = {
    label: `unbond ${dgai(amount)}`,
    contract: session.contracts.staking,
    name: 'requestUnbond',
    args: [role, amount],
    gasCeiling: 150_000n,
  };
  await act(operator, [step], facts, { amount, stake: left, unbonding: node.unbonding + amount, availableAt });
}

function notes({ node, timing, now }: Operator, belowMinimum: boolean): (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  if (belowMinimum) {
    rows.push([
      'note',
      `below the minimum: no anchoring or attesting from now on, out of the network from ${epochText(timing, nextEpoch(timing, now))}`,
    ]);
  }
  if (node.unbonding > 0n) {
    const matured = node.unbondingAvailableAt <= now;
    rows.push([
      'note',
      matured
        ? `${dgai(node.unbonding)} are ready: withdraw first, or they wait again`
        : `restarts the waiting time of ${dgai(node.unbonding)} that are unbonding already`,
    ]);
  }
  return rows;
}

async function cancel(operator: Operator, amount: bigint): Promise<void> {
  const { session, node, role } = operator;
  if (amount > node.unbonding) throw new CommandError(`only ${dgai(node.unbonding)} are unbonding`);
  const facts = [
    ['back to stake', dgai(amount)],
    ['stake afterwards', dgai(node.stake + amount)],
    ['still unbonding', dgai(node.unbonding - amount)],
  ] as const;
  const step = {
    label: `cancel unbonding of ${dgai(amount)}`,
    contract: session.contracts.staking,
    name: 'cancelUnbond',
    args: [role, amount],
    gasCeiling: 150_000n,
  };
  await act(operator, [step], facts, { amount, stake: node.stake + amount, unbonding: node.unbonding - amount });
}

/** Starts the way out for part of the stake, or turns back. */
export const unbond = defineCommand(
  {
    name: 'unbond',
    summary: 'Moves stake to unbonding, from where it can be withdrawn after the waiting time.',
    options: {
      amount: { type: 'string', value: 'DGAI', help: 'how much' },
      cancel: { type: 'boolean', help: 'the other way: move unbonding back to stake' },
      ...OPERATOR_OPTIONS,
    },
    notes: ['"close" takes everything out.', EXIT_NOTE],
  },
  async ({ options, io }) => {
    if (options.amount === undefined) throw new UsageError('--amount is missing');
    const amount = parseDgai('--amount', options.amount);
    const operator = await openOperator(options, io);
    await (options.cancel ? cancel(operator, amount) : request(operator, amount));
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(unbond);
