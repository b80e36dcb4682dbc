import { chainTime } from './lib/chain.ts';
import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';
import { ACCOUNT_KEY_OPTIONS, accountKey, loadWallet } from './lib/keys.ts';
import { epochAt, epochText, readTiming, requireNode } from './lib/node.ts';
import { EXIT_NOTE } from './lib/operator.ts';
import { CHAIN_OPTIONS, SEND_OPTIONS, createReporter, openSession, runSteps } from './lib/session.ts';
import { parseAddress, parseRole, roleName } from './lib/units.ts';

/** Ends a jail whose time is over; anybody may, for anybody. */
export const unjail = defineCommand(
  {
    name: 'unjail',
    summary: 'Brings a jailed node back once its jail is over.',
    options: {
      role: { type: 'string', value: 'ROLE', help: 'inference, evaluator or gateway' },
      account: { type: 'string', value: 'ADDRESS', help: 'account of the node (default: that of the key)' },
      ...CHAIN_OPTIONS,
      ...ACCOUNT_KEY_OPTIONS,
      ...SEND_OPTIONS,
    },
    notes: [EXIT_NOTE],
  },
  async ({ options, io }) => {
    const role = parseRole(options.role);
    const wallet = await loadWallet(accountKey(options), io);
    const account = options.account === undefined ? wallet.address : parseAddress('--account', options.account);
    const session = await openSession(options, io);
    const node = await requireNode(session, account, role);
    if (node.jailedUntilEpoch === 0n) throw new CommandError(`${account} is not jailed`);
    const timing = await readTiming(session);
    const epoch = epochAt(timing, await chainTime(session.provider)) ?? 0n;
    if (epoch < node.jailedUntilEpoch) {
      throw new CommandError(`jailed until ${epochText(timing, node.jailedUntilEpoch)}`);
    }
    const step = {
      label: `unjail ${account}`,
      contract: session.contracts.staking,
      name: 'unjail',
      args: [account, role],
      gasCeiling: 150_000n,
    };
    const facts = [
      ['node', `${roleName(role)} ${account}`],
      ['takes part again', epochText(timing, epoch + 1n)],
    ] as const;
    const reporter = createReporter(options.json, io);
    const sent = await runSteps({ session, wallet, steps: [step], facts, dryRun: options['dry-run'], reporter });
    reporter.result({ account, role: roleName(role), dryRun: options['dry-run'], transactions: sent });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(unjail);
