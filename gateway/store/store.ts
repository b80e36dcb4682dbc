import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Compilable, Dialect as KyselyDialect } from 'kysely';

import type { Tables } from './tables.ts';

/** What every database that can hold a gateway's rooms does, and how statements for it are written. */
export type SqlValue = string | number | bigint | null | Uint8Array;

export type Statement = { readonly sql: string; readonly params: readonly SqlValue[] };

declare const row: unique symbol;
/** A statement that returns rows of this form. */
export type Query<Row> = Statement & { readonly [row]?: Row };

/** What a prepared statement returns. */
export type RowOf<Prepared extends (params: never) => Query<unknown>> =
  ReturnType<Prepared> extends Query<infer Row> ? Row : never;

export type Dialect = 'sqlite' | 'postgres';

/** Builds statements and nothing else: it has no connection. */
export type Builder = Kysely<Tables>;

/**
 * Compiles a statement once; what comes back fills in values. Each property of `params` stands for a value that is not
 * known yet: it may be passed on to the builder, and nothing else can be done with it.
 */
export type Prepare = <Params extends object, Row>(
  build: (db: Builder, params: Params) => Compilable<Row>,
) => (params: Params) => Query<Row>;

/**
 * What a write has survived when its promise resolves. `disk`: a loss of power. `process`: the end of this process, however
 * sudden; the disk follows within milliseconds. Whatever has an effect outside this machine waits for the disk.
 */
export type Durability = 'disk' | 'process';

export type Store = {
  readonly dialect: Dialect;
  readonly prepare: Prepare;
  /**
   * One transaction. Rejects, with nothing written, if any statement fails.
   * @param durability what it must have survived when the promise resolves; `disk` unless said otherwise.
   */
  readonly write: (statements: readonly Statement[], durability?: Durability) => Promise<void>;
  /** Rows as objects by column name. Integers come as bigint. Sees every write that was asked for before it. */
  readonly read: <Row>(query: Query<Row>) => Promise<readonly Row[]>;
  readonly close: () => Promise<void>;
};

/** A statement by its text, for what no builder covers and only one dialect knows. */
export const statement = <Row = never>(sql: string, ...params: readonly SqlValue[]): Query<Row> => ({ sql, params });

class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** A statement that looked at a value while it was built would be compiled for one value only. */
  [Symbol.toPrimitive](): never {
    throw new TypeError(`parameter ${this.name} has no value yet`);
  }
}

const DIALECTS: Readonly<Record<Dialect, KyselyDialect>> = {
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
};

export function createPrepare(dialect: Dialect): Prepare {
  const db: Builder = new Kysely<Tables>({ dialect: DIALECTS[dialect] });
  return <Params extends object, Row>(build: (db: Builder, params: Params) => Compilable<Row>) => {
    const placeholders = new Proxy({}, { get: (_target, name) => new Placeholder(String(name)) });
    const { sql, parameters } = build(db, placeholders as Params).compile();
    return (params: Params): Query<Row> => {
      const values = params as Readonly<Record<string, SqlValue | undefined>>;
      return { sql, params: parameters.map((part) => valueOf(part, values)) };
    };
  };
}

function valueOf(part: unknown, values: Readonly<Record<string, SqlValue | undefined>>): SqlValue {
  if (!(part instanceof Placeholder)) return part as SqlValue;
  const value = values[part.name];
  if (value === undefined) throw new TypeError(`parameter ${part.name} is missing`);
  return value;
}
