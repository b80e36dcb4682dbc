import { CommandError, Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import type { Io } from './lib/command.ts';
import { parseDeployment } from './lib/deployment.ts';
import { CHAIN_OPTIONS, JSON_OPTION, createReporter, openSession } from './lib/session.ts';
import type { Session } from './lib/session.ts';
import { readText } from './lib/sources.ts';
import {
  checkAnchors,
  checkDistribution,
  checkEpoch,
  checkGoldRoot,
  checkNetwork,
  checkPrevious,
  checkSigners,
} from './audit/chain.ts';
import { createSigners } from './audit/context.ts';
import type { Context } from './audit/context.ts';
import { parseDataset } from './audit/dataset.ts';
import type { Dataset } from './audit/dataset.ts';
import { distributionOf } from './audit/distribution.ts';
import { checkCommittees, checkDraws, checkSeeds } from './audit/draws.ts';
import { checkRewards } from './audit/fold.ts';
import { checkGolds } from './audit/golds.ts';
import { tableInForce } from './audit/in-force.ts';
import { checkReceipts } from './audit/receipts.ts';
import { checkRecords } from './audit/records.ts';
import { checkTable } from './audit/table.ts';
import { Wrong, expectSame } from './audit/wrong.ts';

const OPTIONS = {
  previous: { type: 'string', value: 'FILE,…', help: 'datasets of earlier epochs: their golds and the table in force' },
  rpc: { type: 'string', value: 'URL', help: 'also check against the chain behind this EVM JSON-RPC' },
  deployment: CHAIN_OPTIONS.deployment,
  ...JSON_OPTION,
} as const;

type Check = { readonly name: string; readonly status: 'ok' | 'wrong' | 'skipped'; readonly detail: string };
type Finding = { readonly check: string; readonly line: number; readonly field: string; readonly detail: string };
type Result = {
  readonly epoch: bigint | undefined;
  readonly wrong: Finding | undefined;
  readonly checks: readonly Check[];
  readonly distribution: ReturnType<typeof distributionOf> | undefined;
};

type Steps = {
  /** Runs a step; what it returns is what the next ones build on. */
  readonly run: <Value>(name: string, examine: () => Value | Promise<Value>) => Promise<Value>;
  readonly skip: (name: string, why: string) => void;
  readonly list: () => readonly Check[];
};

/** Which step failed, with what it found. */
class StepFailed extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.detail);
    this.finding = finding;
  }
}

function createSteps(io: Io): Steps {
  const checks: Check[] = [];
  return {
    async run(name, examine) {
      io.stderr(`audit: ${name}`);
      try {
        const value = await examine();
        checks.push({ name, status: 'ok', detail: '' });
        return value;
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        const { line, field, message } = error;
        checks.push({ name, status: 'wrong', detail: `${placeOf(line, field)}: ${message}` });
        throw new StepFailed({ check: name, line, field, detail: message });
      }
    },
    skip: (name, why) => checks.push({ name, status: 'skipped', detail: why }),
    list: () => checks,
  };
}

function placeOf(line: number, field: string): string {
  return field === '' ? `line ${line}` : `line ${line}, ${field}`;
}

type Sources = {
  readonly text: string;
  readonly previous: readonly { readonly name: string; readonly text: string }[];
  readonly session: Session | undefined;
  /** Deployment file to hold the dataset's network against when there is no chain. */
  readonly deployment: string | undefined;
};

async function examine(sources: Sources, steps: Steps, seen: (dataset: Dataset) => void): Promise<void> {
  const { session } = sources;
  const dataset = await steps.run('form of the dataset', () => parseDataset(sources.text));
  seen(dataset);
  const previous: Dataset[] = [];
  for (const { name, text } of sources.previous) {
    previous.push(await steps.run(`form of ${name}`, () => parseDataset(text)));
  }
  const context = { dataset, signers: createSigners(session === undefined), skip: steps.skip };
  await steps.run('network', () => checkNetworkOf(context, sources));
  if (session === undefined) {
    if (previous.length > 0) steps.skip('earlier datasets', 'taken as given: audit each of them as well');
  } else {
    for (const earlier of previous) {
      await steps.run(`epoch ${earlier.epoch.epoch} on chain`, () => checkPrevious(earlier, session));
    }
  }
  await examineReceipts(context, previous, { session, steps });
}

async function checkNetworkOf({ dataset, skip }: Context, { session, deployment }: Sources): Promise<void> {
  if (session !== undefined) return checkNetwork(dataset, session);
  skip('chain', 'anchors, seeds, members, keys and the distribution are checked with --rpc only');
  if (deployment === undefined) {
    skip('trusted network', `taken from the dataset: chain ${dataset.epoch.chainId}; --deployment names another`);
    return;
  }
  const { chainId, contracts } = parseDeployment(deployment, await readText(deployment));
  const { epoch } = dataset;
  expectSame({ line: epoch.line, field: 'chainId' }, epoch.chainId, chainId);
  const names = { nodeStaking: 'NodeStaking', proofRegistry: 'ProofRegistry', rewardDistributor: 'RewardDistributor' };
  for (const [field, name] of Object.entries(names) as [keyof typeof names, keyof typeof contracts][]) {
    expectSame({ line: epoch.line, field }, epoch[field], contracts[name].address);
  }
}

type Tools = { readonly session: Session | undefined; readonly steps: Steps };

async function examineReceipts(
  context: Context,
  previous: readonly Dataset[],
  { session, steps }: Tools,
): Promise<void> {
  const { dataset } = context;
  const onChain = async (name: string, check: (at: Session) => Promise<void>): Promise<void> => {
    if (session !== undefined) await steps.run(name, () => check(session));
  };
  const receipts = await steps.run('receipts and their batches', () => checkReceipts(context));
  steps.skip('prices', 'a node’s prices are in its metadata, not in the dataset');
  await steps.run('seeds', () => checkSeeds(receipts));
  await onChain('anchors and seeds on chain', (chain) => checkAnchors(dataset, chain));
  await onChain('members and table in force on chain', (chain) => checkEpoch(dataset, chain));
  const table = await steps.run('table in force', () => tableInForce(context, previous));
  await steps.run('draws', () => checkDraws(context, receipts, table));
  await steps.run('committees and evaluations', () => checkCommittees(context, receipts, table));
  await onChain('keys on chain', (chain) => checkSigners(context, chain));
  await steps.run('records', () => checkRecords(context, receipts, table));
  await steps.run('golds', () => checkGolds(context, receipts, previous));
  await onChain('golds on chain', (chain) => checkGoldRoot(context, previous, chain));
  await steps.run('table of the epoch', () => checkTable(context, receipts, previous));
  await steps.run('rewards', () => checkRewards(dataset, receipts));
  await steps.run('distribution', () => distributionOf(dataset, 0n).hash);
  await onChain('distribution on chain', (chain) => checkDistribution(context, chain));
}

async function audited(sources: Sources, io: Io): Promise<Result> {
  const steps = createSteps(io);
  let dataset: Dataset | undefined;
  let failed: Finding | undefined;
  try {
    await examine(sources, steps, (found) => (dataset = found));
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    failed = error.finding;
  }
  return {
    epoch: dataset?.epoch.epoch,
    wrong: failed,
    checks: steps.list(),
    distribution: failed === undefined && dataset !== undefined ? distributionOf(dataset, 0n) : undefined,
  };
}

function sourceOf(positionals: readonly string[]): string {
  const [source] = positionals;
  if (source === undefined || positionals.length > 1) throw new UsageError('name one dataset: a file or a URL');
  return source;
}

/** Recomputes an epoch from its published dataset with code of its own; the gateway's is not involved. */
export const audit = defineCommand(
  {
    name: 'audit',
    summary:
      'Recomputes a whole epoch from its dataset, from signatures to reward leaves: offline, and on chain with --rpc.',
    positionals: 'FILE|URL',
    options: OPTIONS,
    notes: [
      'The dataset is what GET /v1/epochs/:n/dataset answers: docs/dataset.md. Several earlier ones go with commas.',
      'The first thing that is wrong is named with its line and field; checks that could not be made are listed.',
      'Exit codes: 0 verified, 1 something is wrong, 2 bad option, 3 chain or URL unreachable.',
    ],
  },
  async ({ options, positionals, io }) => {
    const source = sourceOf(positionals);
    const names = options.previous?.split(',').filter((name) => name !== '') ?? [];
    const session = options.rpc === undefined ? undefined : await openSession(options, io);
    const texts = await Promise.all([source, ...names].map(readText));
    const previous = names.map((name, index) => ({ name, text: texts[index + 1] ?? '' }));
    const sources = { text: texts[0] ?? '', previous, session, deployment: options.deployment };
    const { epoch, wrong, checks, distribution } = await audited(sources, io);
    const reporter = createReporter(options.json, io);
    for (const { name, status, detail } of checks) {
      reporter.line(`${status.padEnd(7)}  ${name}${detail === '' ? '' : `: ${detail}`}`);
    }
    reporter.result({ verified: wrong === undefined, epoch, wrong: wrong ?? null, distribution, checks });
    if (wrong !== undefined) {
      throw new CommandError(`not verified: ${wrong.check}: ${placeOf(wrong.line, wrong.field)}: ${wrong.detail}`);
    }
    reporter.line(`verified: epoch ${epoch} ${session === undefined ? 'is consistent with itself' : 'is the chain’s'}`);
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(audit);
