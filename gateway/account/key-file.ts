import { Type } from 'typebox';
import { Value } from 'typebox/value';

/**
 * The file of API keys: what the operator has granted to whom. It is written by `scripts/api-keys.ts` and only read by
 * the gateway, which keeps what was spent in its store: so neither ever waits for the other.
 */
export type KeyTerms = {
  /** Everything ever paid in, micro-USD; without it the key is not prepaid. */
  readonly creditMicroUsd?: bigint;
  /** Most that the key may spend, in all and per UTC day. */
  readonly budgetMicroUsd?: bigint;
  readonly dailyBudgetMicroUsd?: bigint;
  readonly requestsPerMinute?: bigint;
  readonly tokensPerMinute?: bigint;
  readonly microUsdPerMinute?: bigint;
};

/** An API key as it is kept: never the key itself. */
export type ApiKey = KeyTerms & {
  /** sha256 of the whole key, lower-case hex. */
  readonly hash: string;
  /** What the operator calls it; shown in logs. */
  readonly name: string;
  /** ISO times. */
  readonly createdAt?: string;
  readonly revokedAt?: string;
};

export const TERMS = [
  'creditMicroUsd',
  'budgetMicroUsd',
  'dailyBudgetMicroUsd',
  'requestsPerMinute',
  'tokensPerMinute',
  'microUsdPerMinute',
] as const satisfies readonly (keyof KeyTerms)[];

const Amount = Type.Optional(Type.String({ pattern: '^(0|[1-9][0-9]{0,17})$' }));
const Time = Type.Optional(Type.String({ minLength: 1, maxLength: 40 }));

const KeyRow = Type.Object(
  {
    hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    createdAt: Time,
    revokedAt: Time,
    creditMicroUsd: Amount,
    budgetMicroUsd: Amount,
    dailyBudgetMicroUsd: Amount,
    requestsPerMinute: Amount,
    tokensPerMinute: Amount,
    microUsdPerMinute: Amount,
  },
  { additionalProperties: false },
);

/**
 * Reads a key file: a JSON array with one object for each key, amounts as decimal texts.
 * @throws TypeError that says which entry is wrong
 */
export function parseKeys(text: string): readonly ApiKey[] {
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new TypeError('the key file must hold a JSON array of {hash, name}');
  const keys = rows.map((row: unknown, index) => {
    if (!Value.Check(KeyRow, row)) {
      const [first] = Value.Errors(KeyRow, row);
      const where = first?.instancePath.slice(1) ?? '';
      throw new TypeError(`key ${index}: ${where === '' ? '' : `${where} `}${first?.message ?? 'is malformed'}`);
    }
    const amounts = TERMS.flatMap((name) => {
      const amount = row[name];
      return amount === undefined ? [] : [[name, BigInt(amount)] as const];
    });
    const { hash, name, createdAt, revokedAt } = row;
    return {
      hash,
      name,
      ...(createdAt === undefined ? {} : { createdAt }),
      ...(revokedAt === undefined ? {} : { revokedAt }),
      ...Object.fromEntries(amounts),
    };
  });
  for (const field of ['hash', 'name'] as const) {
    const values = keys.map((key) => key[field]);
    const twice = values.findIndex((value, index) => values.indexOf(value) !== index);
    if (twice !== -1) throw new TypeError(`key ${twice}: its ${field} stands there twice`);
  }
  return keys;
}

/** The file as text. */
export function printKeys(keys: readonly ApiKey[]): string {
  const text = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
  return `${JSON.stringify(keys, text, 2)}\n`;
}
