import { createSigners } from './context.ts';
import type { Signers } from './context.ts';
import { createBatchTotals } from './batch-totals.ts';
import type { BatchTotals } from './batch-totals.ts';
import { ORDER, parseLine } from './dataset.ts';
import type { BatchLine, Dataset, EpochLine, GoldLine, LeafLine, RewardLeaf, TableLeaf, Type } from './dataset.ts';
import { createFacts, mergeFacts } from './facts.ts';
import type { Facts } from './facts.ts';
import { createPool } from './pool.ts';
import type { Pool } from './pool.ts';
import type { Lines, Part, Placed, Setup } from './receipt-lines.ts';
import { checkBatchOrder } from './receipts.ts';
import { createReplays } from './replays.ts';
import { createFindings } from './steps.ts';
import type { Findings, StepFinding } from './steps.ts';
import type { TextLines } from './text-lines.ts';
import { Wrong, wrong } from './wrong.ts';

/** An epoch's dataset (docs/dataset.md), read once from its first line to its last. */
export type ReadOptions = {
  readonly mode: Setup['mode'];
  /** Whether a second key of an account is wrong; the chain knows about changes of keys. */
  readonly oneKeyEach: boolean;
  /** The table in force, as soon as the first line says which one that is. */
  readonly table: (epoch: EpochLine) => readonly TableLeaf[] | undefined;
  readonly onLines: (count: number) => void;
};

export type ReadDataset = {
  readonly dataset: Dataset;
  readonly facts: Facts;
  readonly signers: Signers;
  /** The first thing that is wrong in what was looked at on the way. */
  readonly finding: StepFinding | undefined;
  readonly unproven: number;
  /** Replays that stand in no line of this dataset. */
  readonly replaysElsewhere: number;
};

/** How a canonical line of a receipt ends, and no other: its last name is its type, or its payer's vote. */
const RECEIPT_ENDS = [
  '"type":"receipt"}',
  '"type":"receipt","vote":"good"}',
  '"type":"receipt","vote":"bad"}',
] as const;
const isReceipt = (content: string): boolean => RECEIPT_ENDS.some((end) => content.endsWith(end));
const PART_LINES = 256;
const PART_CHARS = 2 << 20;
const PROGRESS_LINES = 50_000;

/** @throws Wrong for the first line that is not canonical, of another form, or out of order. */
export async function readDataset(text: TextLines, options: ReadOptions): Promise<ReadDataset> {
  const reader = createReader(options);
  try {
    for await (const content of text.lines()) await reader.line(content);
    return await reader.end(text.digest());
  } finally {
    await reader.close();
  }
}

type Found = {
  readonly epoch: EpochLine[];
  readonly batch: BatchLine[];
  readonly receipt: never[];
  readonly gold: GoldLine[];
  readonly table: LeafLine<TableLeaf>[];
  readonly reward: LeafLine<RewardLeaf>[];
};

function createReader(options: ReadOptions) {
  const found: Found = { epoch: [], batch: [], receipt: [], gold: [], table: [], reward: [] };
  const order = createOrder();
  let receipts: ReceiptReader | undefined;
  let line = 0;

  /** All batches are known once something else follows them. */
  const reading = (): ReceiptReader => {
    const epoch = found.epoch[0] ?? wrong({ line: 1, field: 'type' }, 'the first line must be the epoch');
    receipts ??= createReceiptReader({ ...options, epoch, batches: found.batch });
    return receipts;
  };
  const parts = createParts((lines) => reading().part(lines));
  return {
    async line(content: string): Promise<void> {
      line += 1;
      if (isReceipt(content)) {
        order('receipt', line);
        await parts.add(line, content);
      } else {
        await parts.flush();
        const { type, value } = parseLine({ line, field: '' }, content);
        order(type, line);
        // Whatever it is that ends in another way: no receipt may pass by those who check it.
        if (type === 'receipt') await parts.add(line, content);
        else found[type].push(value as never);
      }
      if (line % PROGRESS_LINES === 0) options.onLines(line);
    },
    async end(dataHash: string): Promise<ReadDataset> {
      await parts.flush();
      const { lineOf, ...rest } = await reading().end();
      const [epoch = wrong({ line: 1, field: '' }, 'is missing')] = found.epoch;
      const { batch: batches, gold: golds, table, reward: rewards } = found;
      const lists = { batches, golds, goldReceipts: rest.facts.golds, table, rewards };
      return { dataset: { epoch, ...lists, lines: line, lineOf, dataHash }, ...rest };
    },
    close: async (): Promise<void> => receipts?.close(),
  };
}

/** Lines of receipts, put together to parts that are worth sending to another thread. */
function createParts(send: (lines: Lines) => Promise<void>) {
  let contents: string[] = [];
  let [first, chars] = [0, 0];
  const flush = async (): Promise<void> => {
    const lines = { first, contents };
    [contents, chars] = [[], 0];
    if (lines.contents.length > 0) await send(lines);
  };
  return {
    flush,
    async add(line: number, content: string): Promise<void> {
      if (contents.length === 0) first = line;
      contents.push(content);
      chars += content.length;
      if (contents.length >= PART_LINES || chars >= PART_CHARS) await flush();
    },
  };
}

function createOrder(): (type: Type, line: number) => void {
  let phase = 0;
  return (type, line) => {
    const next = ORDER.indexOf(type);
    if (line === 1 && next !== 0) wrong({ line, field: 'type' }, 'the first line must be the epoch');
    if (next < phase || (next === 0 && line > 1)) wrong({ line, field: 'type' }, `${type} after ${ORDER[phase]}`);
    phase = next;
  };
}

type ReceiptInput = ReadOptions & { readonly epoch: EpochLine; readonly batches: readonly BatchLine[] };
type ReceiptReader = ReturnType<typeof createReceiptReader>;

function createReceiptReader({ mode, oneKeyEach, table, epoch, batches }: ReceiptInput) {
  const findings = createFindings();
  const signers = createSigners(oneKeyEach);
  const facts = createFacts();
  const totals = createBatchTotals(mode === 'audit' ? batches : [], findings);
  const sequence = createSequence(findings, totals);
  const pool: Pool = createPool({ epoch, batches, table: table(epoch), mode });
  const waiting: Promise<Part>[] = [];
  let unproven = 0;
  if (mode === 'audit') findings.attempt('receipts and their batches', () => checkBatchOrder(batches, epoch));

  const settle = async (): Promise<void> => {
    const part = await waiting.shift();
    if (part === undefined) return;
    if (part.form !== undefined) throw new Wrong(part.form.line, part.form.field, part.form.detail);
    sequence.add(part);
    for (const signer of part.signers) findings.attempt(signer.step, () => signers.add(signer));
    mergeFacts(facts, part.facts);
    unproven += part.unproven;
  };
  return {
    async part(lines: Lines): Promise<void> {
      waiting.push(pool.check(lines));
      if (waiting.length > pool.depth) await settle();
    },
    async end() {
      while (waiting.length > 0) await settle();
      totals.end();
      const replaysElsewhere = sequence.end();
      return { facts, signers, finding: findings.first(), unproven, replaysElsewhere, lineOf: sequence.lineOf };
    },
    close: () => pool.close(),
  };
}

/** No serial and no id twice; by batch, and within a batch by serial. */
function createSequence(findings: Findings, totals: BatchTotals) {
  const lines = new Map<string, number>();
  const replays = createReplays();
  let before: Placed | undefined;
  const lineOf = (receiptId: string): number | undefined => lines.get(keyOf(receiptId));
  const place = (placed: Placed): void => {
    const { line, batchId, serial } = placed;
    const at = { line, field: 'receipt.serial' };
    const last = before;
    before = placed;
    if (last !== undefined && last.batchId === batchId) {
      if (last.serial === serial) wrong(at, `serial ${serial} occurs twice, in line ${last.line} too`);
      if (last.serial > serial) wrong(at, 'receipts must be ordered by serial');
    }
    if (last !== undefined && last.batchId > batchId) {
      wrong({ line, field: 'batchId' }, 'receipts must be ordered by batch');
    }
    const twin = lines.get(keyOf(placed.id));
    if (twin !== undefined) wrong({ line, field: 'receipt.id' }, `occurs twice, in line ${twin} too`);
    lines.set(keyOf(placed.id), line);
  };
  return {
    add({ placed, finding }: Part): void {
      for (const one of placed) findings.attempt('receipts and their batches', () => place(one));
      if (finding !== undefined) findings.add(finding);
      for (const one of placed) {
        totals.add(one);
        if (one.replay !== undefined) replays.add(one.id, one.replay);
      }
    },
    end(): number {
      let elsewhere = 0;
      findings.attempt('draws', () => void (elsewhere = replays.check(lineOf)));
      return elsewhere;
    },
    lineOf,
  };
}

/** Half the memory of the hex. */
const keyOf = (id: string): string => Buffer.from(id.slice(2), 'hex').toString('latin1');
