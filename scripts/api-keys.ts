import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

import { parseKeys, printKeys } from '../gateway/account/key-file.ts';
import type { ApiKey, KeyTerms } from '../gateway/account/key-file.ts';
import { createApiKey } from '../gateway/account/keyring.ts';
import { CommandError, Exit, UsageError, defineCommand, runMain } from './lib/command.ts';

/** Amounts of money as they are typed, and the limits of a minute, with the term that each sets. */
const MONEY = {
  budget: 'budgetMicroUsd',
  daily: 'dailyBudgetMicroUsd',
  'cost-per-minute': 'microUsdPerMinute',
} as const;
const COUNTS = { 'requests-per-minute': 'requestsPerMinute', 'tokens-per-minute': 'tokensPerMinute' } as const;

const ACTIONS: Readonly<Record<string, (keys: readonly ApiKey[], call: Call) => Result>> = {
  create,
  credit: addCredit,
  limits: setLimits,
  revoke,
  list,
};

type Options = Readonly<Record<string, string | undefined>>;
type Call = { readonly name: string | undefined; readonly options: Options; readonly now: string };
/** Keys to be written, if any, and what is said. */
type Result = { readonly keys?: readonly ApiKey[]; readonly lines: readonly string[] };

export const apiKeys = defineCommand(
  {
    name: 'api-keys',
    summary: 'Makes, limits, pays in for and revokes the API keys of a gateway, in the file that DGRID_KEYS names.',
    positionals: 'create|credit|limits|revoke|list [NAME]',
    options: {
      file: { type: 'string', value: 'FILE', help: 'the key file (default: DGRID_KEYS)' },
      credit: { type: 'string', value: 'USD', help: 'pay this in: the key becomes, or is, prepaid' },
      budget: { type: 'string', value: 'USD', help: 'most that the key may spend in all; none: no such budget' },
      daily: { type: 'string', value: 'USD', help: 'most that it may spend in one UTC day; none: no such budget' },
      'cost-per-minute': { type: 'string', value: 'USD', help: 'most that it may spend in a minute; none: no limit' },
      'requests-per-minute': { type: 'string', value: 'N', help: 'requests in a minute; none: no limit' },
      'tokens-per-minute': { type: 'string', value: 'N', help: 'tokens in a minute; none: no limit' },
    },
    notes: [
      'A new key is printed once; the file holds its sha256 only. A running gateway reads the file within a second.',
      'What a key has spent is in the store of the gateway: GET /v1/key shows it to whoever holds the key.',
      'Example: api-keys create alice --credit 5 --daily 1 --requests-per-minute 60',
    ],
  },
  async ({ options, positionals, io }) => {
    const [action = '', name, ...rest] = positionals;
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (act === undefined || rest.length > 0) throw new UsageError('say create, credit, limits, revoke or list');
    const path = options.file ?? io.env['DGRID_KEYS'];
    if (path === undefined || path === '') throw new UsageError('which file? Give --file or set DGRID_KEYS');
    const { keys, lines } = act(readKeys(path, action), { name, options, now: new Date().toISOString() });
    if (keys !== undefined) writeKeys(path, keys);
    lines.forEach(io.stdout);
    return Exit.ok;
  },
);

function readKeys(path: string, action: string): readonly ApiKey[] {
  if (!existsSync(path)) {
    if (action === 'create') return [];
    throw new CommandError(`there is no key file ${path}`);
  }
  try {
    return parseKeys(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandError(`${path}: ${error instanceof SyntaxError ? 'not valid JSON' : String(error)}`);
  }
}

/** In one step: a gateway never reads half a file. */
function writeKeys(path: string, keys: readonly ApiKey[]): void {
  const next = `${path}.${process.pid}.new`;
  writeFileSync(next, printKeys(keys), { mode: 0o600, flag: 'wx' });
  renameSync(next, path);
}

function create(keys: readonly ApiKey[], { name, options, now }: Call): Result {
  if (name === undefined || name.length > 100) throw new UsageError('a key needs a name of at most 100 characters');
  if (keys.some((key) => key.name === name)) throw new CommandError(`there is a key named ${name} already`);
  const { key, record } = createApiKey(name);
  const terms = withTerms({ ...record, createdAt: now }, options);
  return { keys: [...keys, paidIn(terms, options)], lines: [key] };
}

function addCredit(keys: readonly ApiKey[], call: Call): Result {
  if (call.options['credit'] === undefined) throw new UsageError('how much? Give --credit USD');
  return change(keys, call, (key) => paidIn(key, call.options));
}

function setLimits(keys: readonly ApiKey[], call: Call): Result {
  return change(keys, call, (key) => withTerms(key, call.options));
}

function revoke(keys: readonly ApiKey[], call: Call): Result {
  return change(keys, call, (key) => ({ ...key, revokedAt: key.revokedAt ?? call.now }));
}

function list(keys: readonly ApiKey[]): Result {
  return { lines: keys.length === 0 ? ['no keys'] : keys.map(lineOf) };
}

function change(keys: readonly ApiKey[], { name }: Call, edit: (key: ApiKey) => ApiKey): Result {
  const found = keys.find((key) => key.name === name);
  if (found === undefined) throw new CommandError(`there is no key named ${name ?? '(no name given)'}`);
  const edited = edit(found);
  return { keys: keys.map((key) => (key === found ? edited : key)), lines: [lineOf(edited)] };
}

function paidIn(key: ApiKey, { credit }: Options): ApiKey {
  if (credit === undefined) return key;
  return { ...key, creditMicroUsd: (key.creditMicroUsd ?? 0n) + microUsd('credit', credit) };
}

function withTerms(key: ApiKey, options: Options): ApiKey {
  const set = new Map<keyof KeyTerms, bigint | undefined>();
  for (const [option, term] of Object.entries({ ...MONEY, ...COUNTS })) {
    const text = options[option];
    if (text === undefined) continue;
    const amount = (): bigint => (option in MONEY ? microUsd(option, text) : count(option, text));
    set.set(term, text === 'none' ? undefined : amount());
  }
  const kept = Object.entries({ ...key, ...Object.fromEntries(set) }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as ApiKey;
}

/** Exactly: money is never a float. */
function microUsd(option: string, text: string): bigint {
  const [, whole = '', part = ''] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === '') throw new UsageError(`--${option} ${text}: an amount of USD with at most 6 decimals`);
  return BigInt(whole) * 1_000_000n + BigInt(part.padEnd(6, '0'));
}

function count(option: string, text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`--${option} ${text}: a whole number`);
  return BigInt(text);
}

const usd = (amount: bigint): string => {
  const digits = amount.toString().padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)} USD`;
};

function lineOf(key: ApiKey): string {
  const { creditMicroUsd, budgetMicroUsd, dailyBudgetMicroUsd, microUsdPerMinute } = key;
  const parts = [
    key.name,
    `sha256 ${key.hash.slice(0, 12)}…`,
    ...(creditMicroUsd === undefined ? [] : [`credit ${usd(creditMicroUsd)}`]),
    ...(budgetMicroUsd === undefined ? [] : [`budget ${usd(budgetMicroUsd)}`]),
    ...(dailyBudgetMicroUsd === undefined ? [] : [`daily ${usd(dailyBudgetMicroUsd)}`]),
    ...(microUsdPerMinute === undefined ? [] : [`${usd(microUsdPerMinute)} per minute`]),
    ...(key.requestsPerMinute === undefined ? [] : [`${key.requestsPerMinute} requests per minute`]),
    ...(key.tokensPerMinute === undefined ? [] : [`${key.tokensPerMinute} tokens per minute`]),
    ...(key.revokedAt === undefined ? [] : [`revoked ${key.revokedAt}`]),
  ];
  return parts.join(', ');
}

if (import.meta.main) await runMain(apiKeys);
