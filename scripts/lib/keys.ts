import { readFileSync } from 'node:fs';

import { Wallet } from 'ethers';

import { UsageError } from './command.ts';
import type { Io, OptionSpec } from './command.ts';
import { parseAddress } from './units.ts';

/** Where a key comes from: an encrypted JSON keystore, or the environment. Never the command line, never printed. */
export type KeySource = {
  /** Option that names the keystore, e.g. `keystore`. */
  readonly option: string;
  readonly keystore: string | undefined;
  readonly passwordFile: string | undefined;
  /** Variables for the key itself and for the keystore's password. */
  readonly keyVariable: string;
  readonly passwordVariable: string;
};

export const ACCOUNT_KEY_OPTIONS = {
  keystore: {
    type: 'string',
    value: 'FILE',
    help: "encrypted JSON keystore of the account's key (else DGRID_PRIVATE_KEY)",
  },
  'password-file': {
    type: 'string',
    value: 'FILE',
    help: "file with the keystore's password (else DGRID_KEYSTORE_PASSWORD, else asked for)",
  },
} as const satisfies Record<string, OptionSpec>;

export const SIGNER_KEY_OPTIONS = {
  'signer-keystore': {
    type: 'string',
    value: 'FILE',
    help: "encrypted JSON keystore of the signer's key (else DGRID_SIGNER_KEY)",
  },
  'signer-password-file': {
    type: 'string',
    value: 'FILE',
    help: 'file with its password (else DGRID_SIGNER_PASSWORD, else asked for)',
  },
} as const satisfies Record<string, OptionSpec>;

type AccountOptions = Readonly<Record<keyof typeof ACCOUNT_KEY_OPTIONS, string | undefined>>;
type SignerOptions = Readonly<Record<keyof typeof SIGNER_KEY_OPTIONS, string | undefined>>;

export function accountKey(options: AccountOptions): KeySource {
  return {
    option: 'keystore',
    keystore: options.keystore,
    passwordFile: options['password-file'],
    keyVariable: 'DGRID_PRIVATE_KEY',
    passwordVariable: 'DGRID_KEYSTORE_PASSWORD',
  };
}

export function signerKey(options: SignerOptions): KeySource {
  return {
    option: 'signer-keystore',
    keystore: options['signer-keystore'],
    passwordFile: options['signer-password-file'],
    keyVariable: 'DGRID_SIGNER_KEY',
    passwordVariable: 'DGRID_SIGNER_PASSWORD',
  };
}

export async function loadWallet(source: KeySource, io: Io): Promise<Wallet> {
  if (source.keystore !== undefined) return await fromKeystore(source, source.keystore, io);
  const key = io.env[source.keyVariable];
  if (key === undefined || key === '') {
    throw new UsageError(`no key: give --${source.option} FILE or set ${source.keyVariable}`);
  }
  // Wallet's own error would repeat what it was given.
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(key)) throw new UsageError(`${source.keyVariable} is not a private key`);
  try {
    return new Wallet(key);
  } catch {
    throw new UsageError(`${source.keyVariable} is not a private key`);
  }
}

async function fromKeystore(source: KeySource, file: string, io: Io): Promise<Wallet> {
  const json = readOrExplain(file, `--${source.option}`);
  const password = await passwordOf(source, io);
  try {
    const wallet = await Wallet.fromEncryptedJson(json, password);
    return new Wallet(wallet.privateKey);
  } catch (error) {
    const wrong = error instanceof Error && error.message.includes('password');
    throw new UsageError(wrong ? `wrong password for ${file}` : `${file} is not an encrypted JSON keystore`);
  }
}

export async function passwordOf(source: KeySource, io: Io): Promise<string> {
  if (source.passwordFile !== undefined) {
    return readOrExplain(source.passwordFile, 'the password file').replace(/\r?\n$/, '');
  }
  const fromEnvironment = io.env[source.passwordVariable];
  if (fromEnvironment !== undefined) return fromEnvironment;
  if (io.askSecret !== undefined) return await io.askSecret(`password of ${source.keystore ?? 'the keystore'}: `);
  throw new UsageError(`no password: set ${source.passwordVariable} or give a password file`);
}

function readOrExplain(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`cannot read ${what}: ${file}`);
  }
}

/** The account that a reading command is about: named, or that of the key at hand. */
export async function accountOf(
  options: AccountOptions & { readonly account: string | undefined },
  io: Io,
): Promise<string> {
  if (options.account !== undefined) return parseAddress('--account', options.account);
  if (options.keystore === undefined && io.env['DGRID_PRIVATE_KEY'] === undefined) {
    throw new UsageError('--account is missing');
  }
  return (await loadWallet(accountKey(options), io)).address;
}

const MIN_PASSWORD = 8;

/** Password for a new keystore: from the environment, or asked for twice. */
export async function newPassword(what: string, variable: string, io: Io): Promise<string> {
  const password = io.env[variable] ?? (await askTwice(what, variable, io));
  if (password.length < MIN_PASSWORD) {
    throw new UsageError(`the password of the ${what} needs at least ${MIN_PASSWORD} characters`);
  }
  return password;
}

async function askTwice(what: string, variable: string, { askSecret }: Io): Promise<string> {
  if (askSecret === undefined) throw new UsageError(`no password for the ${what}: set ${variable}`);
  const first = await askSecret(`new password for the ${what}: `);
  const second = await askSecret('once more: ');
  if (first !== second) throw new UsageError('the two passwords differ');
  return first;
}
