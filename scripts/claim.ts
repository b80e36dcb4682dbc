import { CommandError, Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import type { OptionValues } from './lib/command.ts';
import { assessClaims, epochSources, readClaims } from './lib/claims.ts';
import type { AssessedClaim } from './lib/claims.ts';
import { view } from './lib/chain.ts';
import { ACCOUNT_KEY_OPTIONS, accountKey, loadWallet } from './lib/keys.ts';
import { EXIT_NOTE } from './lib/operator.ts';
import { CHAIN_OPTIONS, SEND_OPTIONS, createReporter, openSession, runSteps } from './lib/session.ts';
import type { Reporter, Session, Step } from './lib/session.ts';
import { dgai, parseAddress, parseInteger, parseRole, roleName } from './lib/units.ts';

const OPTIONS = {
  gateway: { type: 'string', value: 'URL', help: 'gateway to ask for the leaves, with --epochs' },
  epochs: { type: 'string', value: 'A-B', help: 'one epoch or a range, e.g. 3 or 0-3' },
  account: { type: 'string', value: 'ADDRESS', help: 'whose rewards (default: those of the key that pays the gas)' },
  role: { type: 'string', value: 'ROLE', help: 'only this role: inference, evaluator or gateway' },
  all: { type: 'boolean', help: 'everybody’s rewards in the given documents' },
  ...CHAIN_OPTIONS,
  ...ACCOUNT_KEY_OPTIONS,
  ...SEND_OPTIONS,
} as const;

/** Leaves of one transaction: a block must hold it. */
const LEAVES_PER_TRANSACTION = 40;

export function parseEpochs(text: string | undefined): readonly [bigint, bigint] {
  if (text === undefined) throw new UsageError('--epochs is missing');
  const [from = '', to = from, ...rest] = text.split('-');
  if (rest.length > 0) throw new UsageError(`--epochs expects 3 or 0-3, got "${text}"`);
  const range = [parseInteger('--epochs', from, 0n), parseInteger('--epochs', to, 0n)] as const;
  if (range[0] > range[1] || range[1] - range[0] >= 1_000n) throw new UsageError('--epochs: at most 1,000, in order');
  return range;
}

function sourcesOf(options: OptionValues<typeof OPTIONS>, positionals: readonly string[]): readonly string[] {
  if (options.gateway === undefined) {
    if (positionals.length === 0)
      throw new UsageError('name a file or URL with reward leaves, or --gateway and --epochs');
    return positionals;
  }
  const [from, to] = parseEpochs(options.epochs);
  return [...positionals, ...epochSources(options.gateway, from, to)];
}

/** One call per (account, role), or `claimFor` when there are many: each is paid to its own payout address. */
function claimSteps(session: Session, claims: readonly AssessedClaim[]): readonly Step[] {
  const steps: Step[] = [];
  for (let start = 0; start < claims.length; start += LEAVES_PER_TRANSACTION) {
    const part = claims.slice(start, start + LEAVES_PER_TRANSACTION);
    const [first] = part;
    if (first === undefined) break;
    const same = part.every(({ leaf }) => leaf.account === first.leaf.account && leaf.role === first.leaf.role);
    const name = part.length === 1 ? 'claim' : same ? 'claimMany' : 'claimFor';
    const [leaves, proofs] = [part.map(({ leaf }) => leaf), part.map(({ proof }) => proof)];
    steps.push({
      label: `claim ${part.length} ${part.length === 1 ? 'reward' : 'rewards'}`,
      contract: session.contracts.distributor,
      name,
      args: part.length === 1 ? [first.leaf, first.proof] : [leaves, proofs],
      gasCeiling: 120_000n * BigInt(part.length),
    });
  }
  return steps;
}

async function showClaims(session: Session, claims: readonly AssessedClaim[], reporter: Reporter): Promise<void> {
  for (const { leaf, state, amount, detail } of claims) {
    const who = `epoch ${leaf.epoch} ${roleName(leaf.role)} ${leaf.account}`;
    if (state !== 'claimable') {
      reporter.line(`  ${who}: ${detail}`);
    } else {
      const payout = await view<string>(session.contracts.staking, 'payoutOf', [leaf.account, leaf.role]);
      reporter.line(`  ${who}: ${dgai(amount)} to ${payout}`);
    }
  }
}

/** Claims finalised rewards: one epoch or many, one's own or anybody's. */
export const claim = defineCommand(
  {
    name: 'claim',
    summary: 'Claims rewards of final epochs; each is paid to the payout address registered for its account.',
    positionals: '[file|URL]...',
    options: OPTIONS,
    notes: [
      'A file has the shape of GET /v1/epochs/:n (docs/operations.md). Nothing left to claim is a success.',
      EXIT_NOTE,
    ],
  },
  async ({ options, positionals, io }) => {
    const sources = sourcesOf(options, positionals);
    if (options.all && options.account !== undefined) throw new UsageError('--all and --account exclude each other');
    const role = options.role === undefined ? undefined : BigInt(parseRole(options.role));
    const wallet = await loadWallet(accountKey(options), io);
    const account = options.account === undefined ? wallet.address : parseAddress('--account', options.account);
    const session = await openSession(options, io);
    const reporter = createReporter(options.json, io);
    const wanted = (await readClaims(sources, (source) => reporter.line(`  ${source}: nothing there`))).filter(
      ({ leaf }) =>
        (options.all || leaf.account === account.toLowerCase()) && (role === undefined || leaf.role === role),
    );
    const assessed = await assessClaims(session, wanted);
    await showClaims(session, assessed, reporter);
    const wrong = assessed.filter(({ state }) => state === 'wrong');
    if (wrong.length > 0)
      throw new CommandError(`${wrong.length} of ${assessed.length} claims are wrong: ${wrong[0]?.detail}`);
    const claimable = assessed.filter(({ state }) => state === 'claimable');
    const total = claimable.reduce((sum, { amount }) => sum + amount, 0n);
    const sent =
      claimable.length === 0
        ? []
        : await runSteps({
            session,
            wallet,
            steps: claimSteps(session, claimable),
            facts: [['claim', `${dgai(total)} in ${claimable.length} rewards; no fee but gas`]],
            dryRun: options['dry-run'],
            reporter,
          });
    if (claimable.length === 0) reporter.line('nothing to claim');
    reporter.result({
      total,
      claims: assessed.map(({ leaf, state, amount, detail }) => ({ ...leaf, state, amount, detail })),
      dryRun: options['dry-run'],
      transactions: sent,
    });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(claim);
