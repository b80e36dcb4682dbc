import { parseArgs } from 'node:util';

/** The frame of every operator command: options, help, one line per mistake, and the exit code cron looks at. */

export const Exit = { ok: 0, failed: 1, usage: 2, unavailable: 3 } as const;

/** A missing or broken option: one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something the command found or could not do: one line, exit code 1 unless it says otherwise. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = Exit.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

export type OptionSpec = {
  readonly type: 'string' | 'boolean';
  /** Placeholder of the value in the help text, e.g. `URL`. */
  readonly value?: string;
  readonly help: string;
};
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type OptionValues<Specs extends OptionSpecs> = {
  readonly [Key in keyof Specs]: Specs[Key]['type'] extends 'boolean' ? boolean : string | undefined;
};

export type CommandSpec<Specs extends OptionSpecs> = {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments as shown in the usage line. */
  readonly positionals?: string;
  readonly options: Specs;
  /** Further lines of the help text: examples, exit codes of its own. */
  readonly notes?: readonly string[];
};

export type Io = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
  /** Asks on the terminal without echo; undefined where nobody can answer. */
  readonly askSecret?: (question: string) => Promise<string>;
};

export type Invocation<Specs extends OptionSpecs> = {
  readonly options: OptionValues<Specs>;
  readonly positionals: readonly string[];
  readonly io: Io;
};

export type Command = (argv: readonly string[], io: Io) => Promise<number>;

const HELP: OptionSpec = { type: 'boolean', help: 'show this text' };

/** Wraps `run` into a command that parses, explains itself, and never shows a stack trace for a user's mistake. */
export function defineCommand<const Specs extends OptionSpecs>(
  spec: CommandSpec<Specs>,
  run: (invocation: Invocation<Specs>) => Promise<number>,
): Command {
  return async (argv, io) => {
    try {
      const { values, positionals } = parse(spec, argv);
      if (values['help'] === true) {
        helpLines(spec).forEach(io.stdout);
        return Exit.ok;
      }
      if (positionals.length > 0 && spec.positionals === undefined) {
        throw new UsageError(`unexpected argument "${positionals.join(' ')}"`);
      }
      return await run({ options: values as OptionValues<Specs>, positionals, io });
    } catch (error) {
      return report(spec.name, error, io);
    }
  };
}

function parse(spec: CommandSpec<OptionSpecs>, argv: readonly string[]) {
  const specs: OptionSpecs = { ...spec.options, help: HELP };
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: Object.fromEntries(Object.entries(specs).map(([name, { type }]) => [name, { type }])),
      allowPositionals: true,
      strict: true,
    });
    for (const [name, { type }] of Object.entries(specs)) if (type === 'boolean') values[name] ??= false;
    return { values, positionals };
  } catch (error) {
    // parseArgs explains itself in a sentence or two; the first says what is wrong.
    const text = error instanceof Error ? error.message : String(error);
    throw new UsageError(text.split('. ')[0] ?? text);
  }
}

function report(name: string, error: unknown, io: Io): number {
  if (error instanceof UsageError) {
    io.stderr(`${name}: ${oneLine(error.message)} (--help shows the options)`);
    return Exit.usage;
  }
  if (error instanceof CommandError) {
    io.stderr(`${name}: ${oneLine(error.message)}`);
    return error.exitCode;
  }
  io.stderr(`${name}: ${oneLine(describeError(error))}`);
  return Exit.failed;
}

/** What went wrong in words: ethers puts the useful part into `shortMessage`. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('shortMessage' in error && typeof error.shortMessage === 'string') return error.shortMessage;
  return error.message;
}

/** Some clients put whole transactions into their messages. */
const MAX_LINE = 600;

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, MAX_LINE);
}

function helpLines(spec: CommandSpec<OptionSpecs>): string[] {
  const rows = Object.entries({ ...spec.options, help: HELP }).map(([name, option]) => ({
    left: `--${name}${option.value === undefined ? '' : ` ${option.value}`}`,
    right: option.help,
  }));
  const width = Math.max(...rows.map((row) => row.left.length));
  return [
    spec.summary,
    '',
    `Usage: npx node scripts/${spec.name}.ts${spec.positionals === undefined ? '' : ` ${spec.positionals}`} [options]`,
    '',
    ...rows.map((row) => `  ${row.left.padEnd(width)}  ${row.right}`),
    ...(spec.notes === undefined ? [] : ['', ...spec.notes]),
  ];
}

/** Runs a command as this process: real arguments, environment and streams. Call it under `import.meta.main`. */
export async function runMain(command: Command): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', outliveReader);
  const { askSecret } = await import('./prompt.ts');
  process.exitCode = await command(process.argv.slice(2), {
    env: process.env,
    stdout: (line) => process.stdout.write(`${line}\n`),
    stderr: (line) => process.stderr.write(`${line}\n`),
    ...(process.stdin.isTTY ? { askSecret } : {}),
  });
}

/** Nobody reads any more (`… | head`): the work, which may be half a dozen transactions, is still done to its end. */
function outliveReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** JSON for machines: bigint as decimal strings, one document on standard output. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), indent);
}
