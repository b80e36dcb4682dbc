import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import type { Hex } from '../protocol/types.ts';
import { WrongPasswordError, openKeystore } from './keystore.ts';
import { reasonOf } from './reason.ts';
import { SettingsError, settingsHelp } from './settings.ts';
import type { Settings } from './settings.ts';

/** What the three servers share as programs: arguments, help, files named by options, and the way out. */
export type Program = {
  /** Begins every line about a failure. */
  readonly name: string;
  /** One sentence: what the server does. */
  readonly summary: string;
  /** Path from the root of the repository, for the usage lines. */
  readonly path: string;
  /** What it can do besides serving, each with its meaning. */
  readonly commands: Readonly<Record<string, string>>;
  /** Options with a value besides `--config FILE`, each with the name of its value. */
  readonly options: Readonly<Record<string, string>>;
  readonly settings: Settings;
};

export type CommandLine = {
  readonly help: boolean;
  /** Undefined: serve. */
  readonly command: string | undefined;
  /** Content of the file that `--config` names. */
  readonly file: unknown;
  readonly values: Readonly<Record<string, string | undefined>>;
};

/** @throws SettingsError for an argument that is not understood, or a configuration file that cannot be read */
export function readCommandLine(program: Program, args: readonly string[]): CommandLine {
  const { values, positionals } = parsedArgs(program, args);
  const { help, ...named } = values as { readonly help?: boolean } & CommandLine['values'];
  const [command, ...rest] = positionals;
  const unknown = command !== undefined && !Object.hasOwn(program.commands, command) ? positionals : rest;
  if (unknown.length > 0) throw new SettingsError([`not understood: ${unknown.join(' ')} (--help shows the usage)`]);
  const path = named['config'];
  const file: unknown = path === undefined || help === true ? undefined : readNamed('--config', path, JSON.parse);
  return { help: help === true, command, file, values: named };
}

function parsedArgs({ options }: Program, args: readonly string[]) {
  const text = { type: 'string' } as const;
  const named = Object.fromEntries(Object.keys(options).map((name) => [name, text]));
  try {
    return parseArgs({
      args: [...args],
      options: { ...named, config: text, help: { type: 'boolean' } },
      allowPositionals: true,
    });
  } catch (error) {
    // The first sentence says what is wrong; the rest is advice about escaping.
    const [sentence = ''] = reasonOf(error).split('. ');
    throw new SettingsError([`${sentence} (--help shows the usage)`]);
  }
}

/** What `--help` prints. */
export function helpText({ summary, path, commands, options, settings }: Program): string {
  const rest = ['[--config FILE]', ...Object.entries(options).map(([name, value]) => `[--${name} ${value}]`)].join(' ');
  const lines = [
    ['', 'serves until a signal ends it'] as const,
    ...Object.entries(commands).map(([name, meaning]) => [`${name} `, meaning] as const),
  ].map(([command, meaning]) => `  npx node ${path} ${command}${rest}\n      ${meaning}`);
  return `${summary}

Usage:
${lines.join('\n')}

Options come from the environment, or from the JSON object in FILE under the names of docs/configuration.md:
${settingsHelp(settings)}

Exit codes: 0 stopped by a signal or all well, 1 could not run, 2 an option is missing or wrong.`;
}

/** Reads a file that an option names. @throws SettingsError that names the option and the file */
export function readNamed<T>(option: string, path: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingsError([`${option}: ${path}: ${faultOf(error)}`]);
  }
}

/** The parser's own words would repeat a piece of the file, which may hold secrets. */
function faultOf(error: unknown): string {
  const reason = reasonOf(error);
  if (!(error instanceof SyntaxError)) return reason;
  return ['not valid JSON', /\(line \d+ column \d+\)/.exec(reason)?.[0] ?? ''].join(' ').trim();
}

type KeySettings = Readonly<Record<'signerKey' | 'signerKeystore' | 'signerPassword', { readonly env: string }>>;
type KeyConfig = Readonly<Record<keyof KeySettings, string>>;

/**
 * The signer's key, given itself or in a keystore.
 *
 * @throws SettingsError when neither holds, Error for a wrong password; neither repeats a secret
 */
export async function readSignerKey(settings: KeySettings, config: KeyConfig): Promise<Hex> {
  const { signerKey, signerKeystore: path, signerPassword: password } = config;
  if (signerKey !== '') return signerKey as Hex;
  const option = settings.signerKeystore.env;
  if (path === '') throw new SettingsError([`${settings.signerKey.env}: missing; give a key or ${option}`]);
  const json = readNamed(option, path, (text) => text);
  return await openKeystore(json, password).catch((error: unknown) => {
    if (!(error instanceof WrongPasswordError)) throw new SettingsError([`${option}: ${path}: ${reasonOf(error)}`]);
    if (password === '') throw new SettingsError([`${settings.signerPassword.env}: missing; it opens ${path}`]);
    throw new Error(`wrong password for the keystore ${path}`);
  });
}

/** Ends the process with one line for each problem: code 2 for options, 1 for everything else. */
export function leave({ name }: Pick<Program, 'name'>, error: unknown): never {
  const wrongOption = error instanceof SettingsError;
  for (const problem of wrongOption ? error.problems : [reasonOf(error)]) process.stderr.write(`${name}: ${problem}\n`);
  process.exit(wrongOption ? 2 : 1);
}
