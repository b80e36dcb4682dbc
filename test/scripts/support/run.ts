import type { Command } from '../../../scripts/lib/command.ts';

/** Outcome of a command that ran in this process, with its own environment and streams. */
export type Outcome = {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as JSON (under --json). */
  readonly json: () => unknown;
};

export async function run(
  command: Command,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  answers: readonly string[] = [],
): Promise<Outcome> {
  const [out, err, left]: [string[], string[], string[]] = [[], [], [...answers]];
  const code = await command(argv, {
    env,
    stdout: (line) => out.push(line),
    stderr: (line) => err.push(line),
    ...(answers.length === 0 ? {} : { askSecret: async () => Promise.resolve(left.shift() ?? '') }),
  });
  return { code, out: out.join('\n'), err: err.join('\n'), json: () => JSON.parse(out.join('\n')) as unknown };
}
