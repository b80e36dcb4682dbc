import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { migrationsFor } from './migrations.ts';

/** 'DGRD' in the file's header: tells a store from every other program's SQLite file. */
const APPLICATION_ID = 0x44475244;
/** The smallest page that SQLite knows. */
const LEAST_BYTES = 512;
/** How long another process, one that is just ending, may keep the file. */
const LOCK_TIMEOUT_MS = 1_000;
/** A larger file is not read through at every start: damage in it is met, and named, when it is read. */
const MAX_CHECKED_PAGES = 65_536;

/** @throws when the file cannot be this program's store, with SQLite's code where SQLite said so. */
export function openDatabase(file: string): DatabaseSync {
  requireWritable(file);
  requireLength(file);
  const database = new DatabaseSync(file, { timeout: LOCK_TIMEOUT_MS });
  try {
    // EXCLUSIVE keeps a second process out for as long as this one lives.
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
    requireOwn(database);
    requireSound(database);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}

function requireOwn(database: DatabaseSync): void {
  const application = pragma(database, 'application_id');
  if (application === APPLICATION_ID) return;
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  // The first version did not write its mark.
  const isFirst = application === 0 && tables.some(({ name }) => name === 'reservations');
  if (isFirst || (application === 0 && tables.length === 0)) return;
  if (pragma(database, 'user_version') > migrationsFor('sqlite').length) return; // said more precisely below
  throw new Error('the file is the database of another program');
}

function requireSound(database: DatabaseSync): void {
  if (pragma(database, 'page_count') > MAX_CHECKED_PAGES) return;
  const problem = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (problem !== 'ok') throw new Error(`the file is damaged: ${String(problem)}`);
}

/** SQLite would say of a file or folder that it may not write to that the disk does not work. */
function requireWritable(file: string): void {
  if (file === ':memory:') return;
  for (const path of [file, dirname(file)]) {
    if (!existsSync(path)) continue;
    try {
      accessSync(path, constants.W_OK);
    } catch (cause) {
      throw new Error(path === file ? 'the file is read-only' : 'the folder is read-only', { cause });
    }
  }
}

/** SQLite takes a file that is shorter than its header for an empty database, and what it held for nothing. */
function requireLength(file: string): void {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > 0 && bytes < LEAST_BYTES) throw new Error('the file is damaged: it is shorter than a database');
}

function migrate(database: DatabaseSync): void {
  const migrations = migrationsFor('sqlite');
  const version = pragma(database, 'user_version');
  if (version > migrations.length) {
    throw new Error(`the store has schema ${version}, newer than this program knows (${migrations.length})`);
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    try {
      database.exec(
        `BEGIN IMMEDIATE; ${sql}; PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${index + 1}; COMMIT;`,
      );
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}
