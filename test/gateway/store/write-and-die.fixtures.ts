import { openStore } from '../../../gateway/store/sqlite.ts';
import { statement } from '../../../gateway/store/store.ts';

/** A process that writes one reservation and is killed the moment it is told that the write will survive that. */
const store = await openStore(process.argv[2] ?? '');
await store.write(
  [statement('INSERT INTO reservations (id, key_hash, reserved_at_ms) VALUES (?, ?, ?)', 'kept', 'k', 1)],
  'process',
);
process.kill(process.pid, 'SIGKILL');
