import { DatabaseSync } from 'node:sqlite';

/** Another program that holds a store's file for itself, until it is killed. */
const database = new DatabaseSync(process.argv[2] ?? '');
database.exec('BEGIN EXCLUSIVE');
process.stdout.write('locked\n');
process.stdin.resume();
