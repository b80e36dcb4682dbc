import type { Wallet } from 'ethers';

import { chainTime } from './chain.ts';
import type { Io, OptionSpec } from './command.ts';
import { ACCOUNT_KEY_OPTIONS, accountKey, loadWallet } from './keys.ts';
import { readTiming, requireNode } from './node.ts';
import type { NodeInfo, Timing } from './node.ts';
import { CHAIN_OPTIONS, SEND_OPTIONS, createReporter, openSession, runSteps } from './session.ts';
import type { Reporter, SentStep, Session, Step } from './session.ts';
import { parseRole, roleName } from './units.ts';

/** The start of every command that acts for one registered node. */
export const OPERATOR_OPTIONS = {
  role: { type: 'string', value: 'ROLE', help: 'inference, evaluator or gateway' },
  ...CHAIN_OPTIONS,
  ...ACCOUNT_KEY_OPTIONS,
  ...SEND_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

type Options = {
  readonly [Key in keyof typeof OPERATOR_OPTIONS]: (typeof OPERATOR_OPTIONS)[Key]['type'] extends 'boolean'
    ? boolean
    : string | undefined;
};

export const EXIT_NOTE = 'Exit codes: 0 done, 1 refused or failed, 2 bad option, 3 chain unreachable.';

export type Operator = {
  readonly session: Session;
  readonly wallet: Wallet;
  readonly reporter: Reporter;
  readonly role: number;
  readonly node: NodeInfo;
  readonly timing: Timing;
  readonly now: bigint;
  readonly dryRun: boolean;
};

export async function openOperator(options: Options, io: Io): Promise<Operator> {
  const role = parseRole(options.role);
  const session = await openSession(options, io);
  const wallet = (await loadWallet(accountKey(options), io)).connect(session.provider);
  return {
    session,
    wallet,
    role,
    node: await requireNode(session, wallet.address, role),
    timing: await readTiming(session),
    now: await chainTime(session.provider),
    reporter: createReporter(options.json, io),
    dryRun: options['dry-run'],
  };
}

/** Shows, sends, and reports what was sent with the numbers of the command. */
export async function act(
  operator: Operator,
  steps: readonly Step[],
  facts: readonly (readonly [string, string])[],
  outcome: Readonly<Record<string, unknown>>,
): Promise<readonly SentStep[]> {
  const { role, wallet, dryRun, reporter } = operator;
  const sent = await runSteps({ ...operator, steps, facts: [['role', roleName(role)], ...facts] });
  reporter.result({ account: wallet.address, role: roleName(role), ...outcome, dryRun, transactions: sent });
  return sent;
}
