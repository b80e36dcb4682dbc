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
import type { Context } from './audit/context.ts';
import type { Dataset, EpochLine, TableLeaf } from './audit/dataset.ts';
import { distributionOf } from './audit/distribution.ts';
import { checkRewards } from './audit/fold.ts';
import { checkGolds } from './audit/golds.ts';
import { tableInForce } from './audit/in-force.ts';
import { readDataset } from './audit/read-dataset.ts';
import type { ReadDataset } from './audit/read-dataset.ts';
import { findingOf } from './audit/steps.ts';
import type { Finding, Step } from './audit/steps.ts';
import { checkTable } from './audit/table.ts';
import { goldsInWindow } from './audit/window.ts';
import { openText } from './audit/text-lines.ts';
import type { TextLines } from './audit/text-lines.ts';
import { Wrong, expectSame } from './audit/wrong.ts';

const OPTIONS = {
  previous: { type: 'string', value: 'FILE,…', help: 'datasets of earlier epochs: their golds and the table in force' },
  rpc: { type: 'string', value: 'URL', help: 'also check against the chain behind this EVM JSON-RPC' },
  deployment: CHAIN_OPTIONS.deployment,
  ...JSON_OPTION,
} as const;

type Check = { readonly name: string; readonly status: 'ok' | 'wrong' | 'skipped'; readonly detail: string };
type CheckFinding = Finding & { readonly check: string };
type Result = {
  readonly epoch: bigint | undefined;
  readonly wrong: CheckFinding | undefined;
  readonly checks: readonly Check[];
  readonly distribution: ReturnType<typeof distributionOf> | undefined;
};

type Steps = {
  /** Runs a step; what it returns is what the next ones build on. */
  readonly run: <Value>(name: string, examine: () => Value | Promise<Value>) => Promise<Value>;
  readonly skip: (name: string, why: string) => void;
  readonly note: (text: string) => void;
  readonly list: () => readonly Check[];
};

/** Which step failed, with what it found. */
class StepFailed extends Error {
  readonly finding: CheckFinding;

  constructor(finding: CheckFinding) {
    super(finding.detail);
    this.finding = finding;
  }
}

function createSteps(io: Io): Steps {
  const checks: Check[] = [];
  const note = (text: string): void => io.stderr(`audit: ${text}`);
  return {
    async run(name, examine) {
      note(name);
      try {
        const value = await examine();
        checks.push({ name, status: 'ok', detail: '' });
        return value;
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        const finding = findingOf(error);
        checks.push({ name, status: 'wrong', detail: `${placeOf(finding)}: ${finding.detail}` });
        throw new StepFailed({ check: name, ...finding });
      }
    },
    skip: (name, why) => checks.push({ name, status: 'skipped', detail: why }),
    note,
    list: () => checks,
  };
}

function placeOf({ line, field }: Finding): string {
  return field === '' ? `line ${line}` : `line ${line}, ${field}`;
}

type Sources = {
  readonly text: TextLines;
  readonly previous: readonly { readonly name: string; readonly text: TextLines }[];
  readonly session: Session | undefined;
  /** Deployment file to hold the dataset's network against when there is no chain. */
  readonly deployment: string | undefined;
};

async function examine(sources: Sources, steps: Steps, seen: (dataset: Dataset) => void): Promise<void> {
  const { session } = sources;
  const previous = await readPrevious(sources, steps);
  const force = createTableInForce(previous, steps);
  const read = await steps.run('form of the dataset', () =>
    readDataset(sources.text, {
      mode: 'audit',
      oneKeyEach: session === undefined,
      table: force.table,
      onLines: progressOf(steps),
    }),
  );
  const { dataset, facts, signers } = read;
  seen(dataset);
  const context = { dataset, facts, signers, skip: steps.skip };
  await steps.run('network', () => checkNetworkOf(context, sources));
  if (session === undefined) {
    if (previous.length > 0) steps.skip('earlier datasets', 'taken as given: audit each of them as well');
  } else {
    for (const earlier of previous) {
      await steps.run(`epoch ${earlier.epoch.epoch} on chain`, () => checkPrevious(earlier, session));
    }
  }
  await examineReceipts(context, { read, previous, session, steps, requireTable: force.require });
}

function progressOf(steps: Steps): (count: number) => void {
  return (count) => steps.note(`${count} lines`);
}

/** Of earlier epochs only form, table and golds matter here; each has an audit of its own. */
async function readPrevious({ previous }: Sources, steps: Steps): Promise<readonly Dataset[]> {
  const datasets: Dataset[] = [];
  const options = { mode: 'form', oneKeyEach: false, table: () => undefined, onLines: progressOf(steps) } as const;
  for (const { name, text } of previous) {
    const { dataset } = await steps.run(`form of ${name}`, () => readDataset(text, options));
    datasets.push(dataset);
  }
  return datasets;
}

/** The table is needed before anybody asks whether it is right: what is wrong with it is said in its turn. */
function createTableInForce(previous: readonly Dataset[], { skip }: Steps) {
  let failure: Wrong | undefined;
  return {
    table: (epoch: EpochLine): readonly TableLeaf[] | undefined => {
      try {
        return tableInForce({ epoch, skip }, previous);
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        failure = error;
        return undefined;
      }
    },
    require: (): void => {
      if (failure !== undefined) throw failure;
    },
  };
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

type Tools = {
  readonly read: ReadDataset;
  readonly previous: readonly Dataset[];
  readonly session: Session | undefined;
  readonly steps: Steps;
  readonly requireTable: () => void;
};

/** The receipts were looked at as they were read; what was found is said in the order of the steps. */
async function examineReceipts(context: Context, tools: Tools): Promise<void> {
  const { read, previous, session, steps, requireTable } = tools;
  const { dataset } = context;
  const onChain = async (name: string, check: (at: Session) => Promise<void>): Promise<void> => {
    if (session !== undefined) await steps.run(name, () => check(session));
  };
  const seen = (name: Step) => steps.run(name, () => requireNothingWrong(read, name));
  await seen('receipts and their batches');
  steps.skip('prices', 'a node’s prices are in its metadata, not in the dataset');
  await seen('seeds');
  await onChain('anchors and seeds on chain', (chain) => checkAnchors(dataset, chain));
  await onChain('members and table in force on chain', (chain) => checkEpoch(dataset, chain));
  await steps.run('table in force', requireTable);
  await seen('draws');
  if (read.replaysElsewhere > 0) {
    steps.skip(
      'late replays',
      `${read.replaysElsewhere} stand in no line: they were anchored after the epoch, if at all`,
    );
  }
  await seen('committees and evaluations');
  if (read.unproven > 0) {
    const why = `${read.unproven} larger committees rest on the gateway's word that too few had revealed at first`;
    steps.skip('reason of escalations', `${why}; first reveals are not in the dataset`);
  }
  await onChain('keys on chain', (chain) => checkSigners(context, chain));
  await seen('records');
  await steps.run('golds', () => checkGolds(context, previous));
  await onChain('golds on chain', (chain) => checkGoldRoot(context, previous, chain));
  const window = goldsInWindow(context, previous);
  await steps.run('table of the epoch', () => checkTable(context, window));
  await steps.run('rewards', () => checkRewards(dataset, context.facts, window));
  await steps.run('distribution', () => distributionOf(dataset, 0n).hash);
  await onChain('distribution on chain', (chain) => checkDistribution(context, chain));
}

function requireNothingWrong({ finding }: ReadDataset, step: Step): void {
  if (finding?.step === step) throw new Wrong(finding.line, finding.field, finding.detail);
}

async function audited(sources: Sources, io: Io): Promise<Result> {
  const steps = createSteps(io);
  let dataset: Dataset | undefined;
  let failed: CheckFinding | undefined;
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
    const previous = await Promise.all(names.map(async (name) => ({ name, text: await openText(name) })));
    const sources = { text: await openText(source), previous, session, deployment: options.deployment };
    const { epoch, wrong, checks, distribution } = await audited(sources, io);
    const reporter = createReporter(options.json, io);
    for (const { name, status, detail } of checks) {
      reporter.line(`${status.padEnd(7)}  ${name}${detail === '' ? '' : `: ${detail}`}`);
    }
    reporter.result({ verified: wrong === undefined, epoch, wrong: wrong ?? null, distribution, checks });
    if (wrong !== undefined) {
      throw new CommandError(`not verified: ${wrong.check}: ${placeOf(wrong)}: ${wrong.detail}`);
    }
    reporter.line(`verified: epoch ${epoch} ${session === undefined ? 'is consistent with itself' : 'is the chain’s'}`);
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(audit);
