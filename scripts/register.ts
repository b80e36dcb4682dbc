import { readFileSync } from 'node:fs';

import type { Wallet } from 'ethers';

import { authorize, parseAuthorization } from './lib/authorization.ts';
import type { Authorization } from './lib/authorization.ts';
import { chainTime, view } from './lib/chain.ts';
import { CommandError, Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import type { Io, OptionValues } from './lib/command.ts';
import { ACCOUNT_KEY_OPTIONS, SIGNER_KEY_OPTIONS, accountKey, loadWallet, signerKey } from './lib/keys.ts';
import { readMetadata } from './lib/metadata.ts';
import type { Metadata } from './lib/metadata.ts';
import { readNode, readTiming, stakeFacts } from './lib/node.ts';
import { CHAIN_OPTIONS, SEND_OPTIONS, createReporter, openSession, runSteps } from './lib/session.ts';
import type { Session, Step } from './lib/session.ts';
import { stakeStep } from './lib/staking-steps.ts';
import { dgai, parseAddress, parseDgai, parseRole, roleName } from './lib/units.ts';

const OPTIONS = {
  role: { type: 'string', value: 'ROLE', help: 'inference, evaluator or gateway' },
  metadata: { type: 'string', value: 'FILE', help: 'what the node says of itself: name, endpoint, models, prices' },
  'metadata-uri': {
    type: 'string',
    value: 'URI',
    help: 'where that file is published (default: inside the URI itself)',
  },
  stake: { type: 'string', value: 'DGAI', help: 'stake this much in the same go' },
  payout: { type: 'string', value: 'ADDRESS', help: 'receives rewards (default: the account)' },
  authorization: { type: 'string', value: 'FILE', help: 'output of "authorize", instead of the signer key' },
  ...CHAIN_OPTIONS,
  ...ACCOUNT_KEY_OPTIONS,
  ...SIGNER_KEY_OPTIONS,
  ...SEND_OPTIONS,
} as const;

const CONSENT_SECONDS = 3_600n;

async function consent(
  options: OptionValues<typeof OPTIONS>,
  { session, account, role, io }: { session: Session; account: Wallet; role: number; io: Io },
): Promise<Authorization> {
  const nodeStaking = session.deployment.contracts.NodeStaking.address;
  const scope = { chainId: session.chainId, nodeStaking, account: account.address, role };
  if (options.authorization === undefined) {
    const signer = await loadWallet(signerKey(options), io);
    return await authorize(signer, scope, (await chainTime(session.provider)) + CONSENT_SECONDS);
  }
  try {
    return parseAuthorization(options.authorization, readFileSync(options.authorization, 'utf8'), scope);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read --authorization ${options.authorization}`);
  }
}

function registerStep(
  session: Session,
  role: number,
  keys: Authorization,
  profile: Metadata & { payout: string },
): Step {
  const args = [role, keys.signer, keys.deadline, keys.signature, profile.payout, profile.uri, profile.hash];
  return {
    label: `register as ${roleName(role)}`,
    contract: session.contracts.staking,
    name: 'register',
    args,
    gasCeiling: 600_000n,
  };
}

/** Enters an account as a node, with stake if wanted. */
export const register = defineCommand(
  {
    name: 'register',
    summary: 'Registers a node: account, signer, payout and metadata; with --stake also its stake.',
    options: OPTIONS,
    notes: [
      'The account key (cold) pays and owns the stake; the signer key (hot) only signs its consent here.',
      'Exit codes: 0 done, 1 refused or failed, 2 bad option, 3 chain unreachable.',
    ],
  },
  async ({ options, io }) => {
    const role = parseRole(options.role);
    if (options.metadata === undefined) throw new UsageError('--metadata is missing');
    const metadata = readMetadata(options.metadata, options['metadata-uri']);
    const amount = options.stake === undefined ? undefined : parseDgai('--stake', options.stake);
    const session = await openSession(options, io);
    const wallet = (await loadWallet(accountKey(options), io)).connect(session.provider);
    const reporter = createReporter(options.json, io);
    if ((await readNode(session, wallet.address, role)) !== undefined) {
      throw new CommandError(`${wallet.address} is registered as ${roleName(role)} already`);
    }
    const payout = options.payout === undefined ? wallet.address : parseAddress('--payout', options.payout);
    const keys = await consent(options, { session, account: wallet, role, io });
    const timing = await readTiming(session);
    const minimum = await view<bigint>(session.contracts.staking, 'minimumStake', [role]);
    const steps = [registerStep(session, role, keys, { ...metadata, payout })];
    if (amount !== undefined) steps.push(await stakeStep(session, wallet, { role, amount, afterEarlier: true }));
    const facts = [
      ['role', roleName(role)],
      ['signer', keys.signer],
      ['payout', payout],
      ['metadata', `${metadata.hash} at ${metadata.uri.slice(0, 60)}${metadata.uri.length > 60 ? '…' : ''}`],
      ['fee', 'none: registering costs gas only'],
      [
        'deposit',
        amount === undefined
          ? `none now; takes part from ${dgai(minimum)} on`
          : `${dgai(amount)} of stake (minimum ${dgai(minimum)})`,
      ],
      ...stakeFacts(timing, await chainTime(session.provider)),
    ] as const;
    const sent = await runSteps({ session, wallet, steps, facts, dryRun: options['dry-run'], reporter });
    reporter.result({
      account: wallet.address,
      role: roleName(role),
      signer: keys.signer,
      payout,
      metadataHash: metadata.hash,
      stake: amount ?? 0n,
      dryRun: options['dry-run'],
      transactions: sent,
    });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(register);
