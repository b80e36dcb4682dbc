import { EventLog } from 'ethers';

import { Exit, defineCommand, runMain } from './lib/command.ts';
import { ACCOUNT_KEY_OPTIONS, accountOf } from './lib/keys.ts';
import { CHAIN_OPTIONS, JSON_OPTION, createReporter, openSession } from './lib/session.ts';
import type { Session } from './lib/session.ts';
import { dgai, parseRole, roleName } from './lib/units.ts';

/** Block ranges that public RPCs answer without complaint. */
const BLOCKS_PER_QUERY = 5_000;

type Earning = {
  readonly epoch: bigint;
  readonly role: bigint;
  readonly amount: bigint;
  /** What the cap per share took off. */
  readonly capped: bigint;
  readonly payout: string;
  readonly block: number;
  readonly transaction: string;
};

type ClaimedEvent = Pick<Earning, 'epoch' | 'role' | 'payout' | 'amount'> & { readonly returned: bigint };

async function readEarnings({ contracts, deployment, provider }: Session, account: string): Promise<Earning[]> {
  const latest = await provider.getBlockNumber();
  const filter = contracts.distributor.getEvent('Claimed')(account);
  const earnings: Earning[] = [];
  for (let from = deployment.block; from <= latest; from += BLOCKS_PER_QUERY) {
    const to = Math.min(latest, from + BLOCKS_PER_QUERY - 1);
    for (const log of await contracts.distributor.queryFilter(filter, from, to)) {
      if (!(log instanceof EventLog)) continue;
      const { epoch, role, payout, amount, returned } = log.args.toObject() as ClaimedEvent;
      const place = { block: log.blockNumber, transaction: log.transactionHash };
      earnings.push({ epoch, role, amount, capped: returned, payout, ...place });
    }
  }
  return earnings;
}

/** What an account has been paid, epoch by epoch, from the chain's own events. */
export const earnings = defineCommand(
  {
    name: 'earnings',
    summary: 'Lists the rewards that were claimed for an account, by epoch and role.',
    options: {
      account: { type: 'string', value: 'ADDRESS', help: 'whose earnings (default: those of the key)' },
      role: { type: 'string', value: 'ROLE', help: 'only this role' },
      ...CHAIN_OPTIONS,
      ...ACCOUNT_KEY_OPTIONS,
      ...JSON_OPTION,
    },
  },
  async ({ options, io }) => {
    const account = await accountOf(options, io);
    const role = options.role === undefined ? undefined : BigInt(parseRole(options.role));
    const session = await openSession(options, io);
    const all = await readEarnings(session, account);
    const own = all.filter((item) => role === undefined || item.role === role);
    const total = own.reduce((sum, { amount }) => sum + amount, 0n);
    const reporter = createReporter(options.json, io);
    for (const { epoch, role: paidRole, amount, capped, payout } of own) {
      const cap = capped === 0n ? '' : ` (a cap took off ${dgai(capped)})`;
      reporter.line(`epoch ${epoch}  ${roleName(paidRole).padEnd(9)}  ${dgai(amount)} to ${payout}${cap}`);
    }
    reporter.line(`${account}: ${dgai(total)} in ${own.length} claims`);
    reporter.result({ account, total, claims: own });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(earnings);
