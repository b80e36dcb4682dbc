import { chainTime, view } from './lib/chain.ts';
import { CommandError, Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import { ACCOUNT_KEY_OPTIONS, accountKey, loadWallet } from './lib/keys.ts';
import { GATEWAY, epochAt, readTiming, requireNode } from './lib/node.ts';
import { EXIT_NOTE } from './lib/operator.ts';
import { CHAIN_OPTIONS, SEND_OPTIONS, createReporter, openSession, runSteps } from './lib/session.ts';
import type { Session, Step } from './lib/session.ts';
import { approveSteps } from './lib/staking-steps.ts';
import { dgai, parseAddress, parseDgai } from './lib/units.ts';

/** Fee per work unit now, and how many units a balance pays for. */
async function coverage(session: Session, balance: bigint): Promise<string> {
  const timing = await readTiming(session);
  const epoch = epochAt(timing, await chainTime(session.provider)) ?? 0n;
  const fee = await view<bigint>(session.contracts.registry, 'feePerUnitOf', [epoch]);
  return fee === 0n ? 'anchoring is free' : `${balance / fee} work units at ${dgai(fee)} each`;
}

async function depositSteps(session: Session, payer: string, gateway: string, amount: bigint): Promise<Step[]> {
  const { staking } = session.contracts;
  const approval = await approveSteps(session, payer, await staking.getAddress(), amount);
  const deposit = {
    label: `deposit ${dgai(amount)} for ${gateway}`,
    contract: staking,
    name: 'depositFees',
    args: [gateway, amount],
    gasCeiling: 120_000n,
    afterEarlier: approval.length > 0,
  };
  return [...approval, deposit];
}

function withdrawStep({ contracts }: Session, amount: bigint): Step {
  const label = `withdraw ${dgai(amount)}`;
  return { label, contract: contracts.staking, name: 'withdrawFees', args: [amount], gasCeiling: 100_000n };
}

function verbOf(positionals: readonly string[]): 'deposit' | 'withdraw' {
  const [verb, ...more] = positionals;
  if (more.length > 0 || (verb !== 'deposit' && verb !== 'withdraw')) throw new UsageError('say deposit or withdraw');
  return verb;
}

/** The balance that a gateway's anchors are charged to. */
export const fees = defineCommand(
  {
    name: 'fees',
    summary: 'Pays into a gateway’s fee balance (anybody may), or takes some out (the gateway’s account).',
    positionals: 'deposit|withdraw',
    options: {
      amount: { type: 'string', value: 'DGAI', help: 'how much' },
      gateway: { type: 'string', value: 'ADDRESS', help: 'gateway account (default: the paying account)' },
      ...CHAIN_OPTIONS,
      ...ACCOUNT_KEY_OPTIONS,
      ...SEND_OPTIONS,
    },
    notes: [
      'The fee per work unit is burned when receipts are anchored. The balance itself cannot be slashed.',
      EXIT_NOTE,
    ],
  },
  async ({ options, positionals, io }) => {
    const verb = verbOf(positionals);
    if (options.amount === undefined) throw new UsageError('--amount is missing');
    const amount = parseDgai('--amount', options.amount);
    const session = await openSession(options, io);
    const wallet = (await loadWallet(accountKey(options), io)).connect(session.provider);
    const gateway = options.gateway === undefined ? wallet.address : parseAddress('--gateway', options.gateway);
    if (verb === 'withdraw' && gateway !== wallet.address) throw new UsageError('only the gateway itself withdraws');
    await requireNode(session, gateway, GATEWAY);
    const before = await view<bigint>(session.contracts.staking, 'feeBalanceOf', [gateway]);
    const after = verb === 'deposit' ? before + amount : before - amount;
    if (after < 0n) throw new CommandError(`the fee balance is ${dgai(before)}`);
    const steps =
      verb === 'deposit'
        ? await depositSteps(session, wallet.address, gateway, amount)
        : [withdrawStep(session, amount)];
    const facts = [
      ['gateway', gateway],
      ['fee balance', `${dgai(before)}, then ${dgai(after)}`],
      ['pays for', await coverage(session, after)],
    ] as const;
    const reporter = createReporter(options.json, io);
    const sent = await runSteps({ session, wallet, steps, facts, dryRun: options['dry-run'], reporter });
    reporter.result({ gateway, amount, feeBalance: after, dryRun: options['dry-run'], transactions: sent });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(fees);
