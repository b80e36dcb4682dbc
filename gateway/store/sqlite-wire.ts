import type { Durability, SqlValue, Statement } from './store.ts';

/**
 * What goes between the event loop and the thread that owns the database. The engine copies every object and every text of
 * a message one by one: jobs go as one flat list, and the text of a statement only the first time.
 */
export type Job =
  | { readonly kind: 'write'; readonly id: number; readonly statements: readonly Statement[]; readonly on: Durability }
  | { readonly kind: 'read'; readonly id: number; readonly query: Statement }
  | { readonly kind: 'close'; readonly id: number };

/** How a group of writes went wrong in the database, by SQLite's result code. */
export type WorkerFailure = { readonly message: string; readonly code?: number };

/** A write that was done is told by its number alone; rows come as the values of all of them, one after the other. */
export type Reply =
  | number
  | { readonly id: number; readonly columns: readonly string[]; readonly values: readonly unknown[] }
  | { readonly id: number; readonly failure: WorkerFailure };

export type Wire = readonly SqlValue[];

/** Texts that both sides number; what comes after them is sent as it is. */
const MAX_KNOWN = 1_024;
const Kind = { onDisk: 0, inProcess: 1, read: 2, close: 3 } as const;

/** @returns a function that adds a job to a message. Messages must be read in the order in which they were made. */
export function createJobWriter(): (wire: SqlValue[], job: Job) => void {
  const known = new Map<string, number>();
  const add = (wire: SqlValue[], { sql, params }: Statement): void => {
    const number = known.get(sql);
    if (number === undefined && known.size < MAX_KNOWN) known.set(sql, known.size);
    wire.push(number ?? sql, params.length);
    for (const value of params) wire.push(typeof value === 'object' && value !== null ? ownBytes(value) : value);
  };
  return (wire, job) => {
    if (job.kind === 'close') return void wire.push(Kind.close, job.id);
    if (job.kind === 'read') {
      wire.push(Kind.read, job.id);
      return add(wire, job.query);
    }
    wire.push(job.on === 'disk' ? Kind.onDisk : Kind.inProcess, job.id, job.statements.length);
    for (const statement of job.statements) add(wire, statement);
  };
}

/** A view is copied with all of the memory that it is a part of, which for a small buffer is a shared pool. */
const ownBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);

/** The other side of `createJobWriter`. */
export function createJobReader(): (wire: Wire) => readonly Job[] {
  const known: string[] = [];
  const textOf = (value: SqlValue | undefined): string => {
    if (typeof value === 'number') return known[value] ?? '';
    const text = String(value);
    if (known.length < MAX_KNOWN) known.push(text);
    return text;
  };
  return (wire) => {
    const jobs: Job[] = [];
    let at = 0;
    const statement = (): Statement => {
      const sql = textOf(wire[at]);
      const from = at + 2;
      at = from + Number(wire[at + 1]);
      return { sql, params: wire.slice(from, at) };
    };
    while (at < wire.length) {
      const [kind, id] = [wire[at], Number(wire[at + 1])];
      at += 2;
      if (kind === Kind.close) jobs.push({ kind: 'close', id });
      else if (kind === Kind.read) jobs.push({ kind: 'read', id, query: statement() });
      else {
        const count = Number(wire[at]);
        at += 1;
        const statements = Array.from({ length: count }, statement);
        jobs.push({ kind: 'write', id, statements, on: kind === Kind.onDisk ? 'disk' : 'process' });
      }
    }
    return jobs;
  };
}

/** Rows as objects by column name. */
export function rowsOf({
  columns,
  values,
}: {
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
}) {
  const rows: Record<string, unknown>[] = [];
  for (let at = 0; at < values.length; at += columns.length) {
    const row: Record<string, unknown> = {};
    for (let place = 0; place < columns.length; place += 1) row[columns[place] ?? ''] = values[at + place];
    rows.push(row);
  }
  return rows;
}
