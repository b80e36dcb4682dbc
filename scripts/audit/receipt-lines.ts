import { FLAG, createHashes, isCounted, volumeOf } from './context.ts';
import type { Examined, KnownSigner, LineContext } from './context.ts';
import { parseLine } from './dataset.ts';
import type { BatchLine, EpochLine, ReceiptLine, TableLeaf } from './dataset.ts';
import { checkCommittee, checkDrawn, checkSeed } from './draws.ts';
import { addReceipt, createFacts } from './facts.ts';
import type { Facts } from './facts.ts';
import { readTable } from './in-force.ts';
import { checkReceipt } from './receipts.ts';
import { checkRecord } from './records.ts';
import type { ReplayPart } from './replays.ts';
import { createFindings, findingOf } from './steps.ts';
import type { Finding, Step, StepFinding } from './steps.ts';
import { Wrong, wrong } from './wrong.ts';

/** What the lines of receipts are checked with; may be sent to another thread. */
export type Setup = {
  readonly epoch: EpochLine;
  readonly batches: readonly BatchLine[];
  /** Table in force; undefined when no given dataset holds it. */
  readonly table: readonly TableLeaf[] | undefined;
  /** `form`: an earlier dataset, of which only the form is checked, and golds are taken. */
  readonly mode: 'audit' | 'form';
};

export type Lines = { readonly first: number; readonly contents: readonly string[] };

/** What is left of a receipt for its batch as a whole. */
export type Placed = {
  readonly line: number;
  readonly batchId: bigint;
  readonly id: string;
  readonly serial: bigint;
  readonly volume: bigint;
  /** 32 bytes each, as a text of one byte a character: the cheapest thing to send to another thread. */
  readonly leaf: string;
  readonly recordLeaf: string;
  /** The lines of the batch's own datasets. */
  readonly receiptText: string;
  readonly recordText: string;
  /** Only where there is something to say. */
  readonly replay: ReplayPart | undefined;
};

export type Part = {
  /** The first line that cannot be read; nothing after it was looked at. */
  readonly form: Finding | undefined;
  readonly finding: StepFinding | undefined;
  readonly placed: readonly Placed[];
  readonly facts: Facts;
  readonly signers: readonly (KnownSigner & { readonly step: Step })[];
  /** Larger committees that rest on the gateway's word. */
  readonly unproven: number;
};

export type CheckLines = (lines: Lines) => Part;

export function createCheckLines(setup: Setup): CheckLines {
  const { epoch } = setup;
  const byId = new Map(setup.batches.map((batch) => [batch.batchId, batch]));
  const hashes = createHashes(epoch);
  const table = setup.table === undefined ? undefined : readTable(setup.table);
  return (lines) => {
    const state = createState();
    const context = { epoch, table, hashes, addSigner: state.addSigner };
    const form = readLines(lines, (line) => {
      const batch = byId.get(line.batchId);
      if (setup.mode === 'audit') examineLine(context, line, batch, state);
      else keepGolds(state.facts, line, batch, epoch);
    });
    const { findings, placed, facts, signers, count } = state;
    return { form, finding: findings.first(), placed, facts, signers: [...signers.values()], unproven: count.unproven };
  };
}

function readLines({ first, contents }: Lines, use: (line: ReceiptLine) => void): Finding | undefined {
  try {
    contents.forEach((content, index) => {
      const at = { line: first + index, field: '' };
      const { type, value } = parseLine(at, content);
      if (type !== 'receipt') wrong({ ...at, field: 'type' }, `${type} among the receipts`);
      use(value as ReceiptLine);
    });
    return undefined;
  } catch (error) {
    if (error instanceof Wrong) return findingOf(error);
    throw error;
  }
}

function createState() {
  const signers = new Map<string, KnownSigner & { readonly step: Step }>();
  const at: { step: Step } = { step: 'receipts and their batches' };
  return {
    findings: createFindings(),
    placed: [] as Placed[],
    facts: createFacts(),
    signers,
    at,
    count: { unproven: 0 },
    addSigner: (known: KnownSigner): void => {
      const key = `${known.role}:${known.account}:${known.signer}`;
      if (!signers.has(key)) signers.set(key, { ...known, step: at.step });
    },
  };
}

type State = ReturnType<typeof createState>;

function examineLine(context: LineContext, line: ReceiptLine, batch: BatchLine | undefined, state: State): void {
  const { findings } = state;
  const step = (name: Step, examine: () => void): boolean => {
    state.at.step = name;
    return findings.attempt(name, examine);
  };
  let examined: Examined | undefined;
  step('receipts and their batches', () => {
    const at = { line: line.line, field: 'batchId' };
    const own = batch ?? wrong(at, `there is no batch ${line.batchId} in the dataset`);
    examined = checkReceipt(context, line, own);
  });
  if (examined === undefined) return;
  const receipt = examined;
  state.placed.push(placedOf(context, receipt));
  step('seeds', () => checkSeed(receipt));
  step('draws', () => checkDrawn(context, receipt));
  step('committees and evaluations', () => {
    if (!checkCommittee(context, receipt)) state.count.unproven += 1;
  });
  step('records', () => checkRecord(context, receipt));
  if (findings.first() === undefined) addReceipt(state.facts, receipt, context.epoch.params);
}

/** The parts of a canonical line are canonical. */
function placedOf({ hashes }: LineContext, { line, batchId, receipt, record, replays, raw, leaf }: Examined): Placed {
  const text = (name: string): string => `"${name}":${JSON.stringify(raw[name])}`;
  return {
    line,
    batchId,
    id: receipt.id,
    serial: receipt.serial,
    volume: volumeOf(receipt),
    leaf: leaf.toString('latin1'),
    recordLeaf: hashes.leaf.RecordLeaf(record).toString('latin1'),
    receiptText: `{${text('receipt')},${text('signature')}}`,
    recordText: `{${text('entries')},${text('record')}}`,
    replay: replayOf({ line, receipt, replays }),
  };
}

function replayOf({ line, receipt, replays }: Pick<Examined, 'line' | 'receipt' | 'replays'>): ReplayPart | undefined {
  const isReplay = (receipt.flags & FLAG.replay) !== 0n;
  if (!isReplay && replays.length === 0) return undefined;
  return { line, node: receipt.node, model: receipt.model, isReplay, replays };
}

function keepGolds(facts: Facts, line: ReceiptLine, batch: BatchLine | undefined, epoch: EpochLine): void {
  const counted = batch !== undefined && isCounted(line.receipt, batch, epoch);
  const { golds } = createFactsOf({ ...line, counted }, epoch);
  facts.golds.push(...golds);
}

function createFactsOf(line: ReceiptLine & { readonly counted: boolean }, { params }: EpochLine): Facts {
  const facts = createFacts();
  addReceipt(facts, line, params);
  return facts;
}
