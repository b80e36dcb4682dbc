import { readFileSync } from 'node:fs';

import { createBackend } from './backend.ts';
import { PROFILES, isProfileName } from './profiles.ts';
import { startBackendServer } from './server.ts';

/**
 * One process, several backends: `node main.ts '[{"profile":"honest","model":"m","port":0,"seed":"1"}]'` or a file name.
 * Prints one JSON line per backend once all of them listen, and stops at SIGTERM or SIGINT.
 */
type Entry = { readonly profile: string; readonly model: string; readonly port: number; readonly seed: string };

function readEntries(argument: string | undefined): Entry[] {
  if (argument === undefined) throw new Error('usage: main.ts <JSON list or file of {profile, model, port, seed}>');
  const text = argument.startsWith('[') ? argument : readFileSync(argument, 'utf8');
  return JSON.parse(text) as Entry[];
}

async function main(): Promise<void> {
  const servers = await Promise.all(
    readEntries(process.argv[2]).map(async ({ profile: name, model, port, seed }) => {
      if (!isProfileName(name)) throw new Error(`no profile ${name}; there are ${Object.keys(PROFILES).join(', ')}`);
      const profile = PROFILES[name];
      const server = await startBackendServer({ backend: createBackend({ profile, seed }), profile, model, port });
      return { name, model, server };
    }),
  );
  for (const { name, model, server } of servers)
    process.stdout.write(`${JSON.stringify({ profile: name, model, url: server.url })}\n`);
  const stop = (): void => {
    void Promise.all(servers.map(({ server }) => server.close())).then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
});
