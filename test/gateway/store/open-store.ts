import { openStore } from '../../../gateway/store/sqlite.ts';

/** Opens a store as a process of its own, and prints why it may not. */
const [file = ''] = process.argv.slice(2);
try {
  const store = await openStore(file);
  await store.close();
  process.stdout.write('opened');
} catch (error) {
  process.stdout.write(error instanceof Error ? error.message : String(error));
}
