/**
 * Options of a server from one description: a JSON file, overridden by environment variables. All errors are found at
 * once, one line each, and the same description prints the reference page, so the three cannot drift apart.
 */
export type Setting<T> = {
  readonly env: string;
  /** One sentence for the reference page; units stand in the name. */
  readonly doc: string;
  readonly required: boolean;
  readonly fallback: T | undefined;
  readonly secret: boolean;
  readonly kind: string;
  readonly parse: (raw: unknown) => T;
};

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type Values<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** Thrown with every wrong option in `problems`; a main program prints them and leaves with exit code 2. */
export class SettingsError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

type Base = { readonly env: string; readonly doc: string; readonly secret?: boolean };
type Optional<T> = Base & { readonly fallback?: T };

function setting<T>(kind: string, base: Base, fallback: T | undefined, parse: (raw: unknown) => T): Setting<T> {
  return { ...base, secret: base.secret ?? false, kind, required: fallback === undefined, fallback, parse };
}

export function integer(base: Optional<number> & { readonly min: number; readonly max: number }): Setting<number> {
  const { min, max, fallback, ...rest } = base;
  return setting(`integer ${min}…${max}`, rest, fallback, (raw) => {
    const value = typeof raw === 'string' && /^-?\d{1,15}$/.test(raw.trim()) ? Number(raw) : raw;
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError('must be an integer');
    if (value < min || value > max) throw new RangeError(`must be from ${min} to ${max}`);
    return value;
  });
}

export function text(base: Optional<string> & { readonly pattern?: RegExp; readonly form?: string }): Setting<string> {
  const { pattern, form, fallback, ...rest } = base;
  return setting(form ?? 'text', rest, fallback, (raw) => {
    if (typeof raw !== 'string' || raw.length > 4_096) throw new TypeError('must be a text');
    if (pattern !== undefined && !pattern.test(raw)) throw new TypeError(`must be ${form ?? `like ${pattern.source}`}`);
    return raw;
  });
}

export function flag(base: Optional<boolean>): Setting<boolean> {
  const { fallback, ...rest } = base;
  return setting('true or false', rest, fallback, (raw) => {
    if (raw === true || raw === 'true') return true;
    if (raw === false || raw === 'false') return false;
    throw new TypeError('must be true or false');
  });
}

export function choice<const T extends string>(
  base: Optional<NoInfer<T>> & { readonly options: readonly T[] },
): Setting<T> {
  const { options, fallback, ...rest } = base;
  return setting<T>(options.join(' | '), rest, fallback, (raw) => {
    const found = options.find((option) => option === raw);
    if (found === undefined) throw new TypeError(`must be one of ${options.join(', ')}`);
    return found;
  });
}

/** Texts separated by commas (environment) or a JSON array of texts (file). */
export function list(base: Optional<readonly string[]>): Setting<readonly string[]> {
  const { fallback, ...rest } = base;
  return setting<readonly string[]>('comma-separated texts', rest, fallback, (raw) => {
    const items: readonly unknown[] = typeof raw === 'string' ? raw.split(',') : Array.isArray(raw) ? raw : [undefined];
    return items.flatMap((item) => {
      if (typeof item !== 'string') throw new TypeError('must be a list of texts');
      return item.trim() === '' ? [] : [item.trim()];
    });
  });
}

export const ADDRESS = { pattern: /^0x[0-9a-fA-F]{40}$/, form: 'an address (0x and 40 hex digits)' } as const;
export const HTTP_URL = {
  pattern: /^https?:\/\/[^\s/]+(\/[^\s]*)?$/,
  form: 'an http or https URL',
} as const;

type Sources = { readonly file?: unknown; readonly env: Readonly<Record<string, string | undefined>> };

/** @throws SettingsError listing every missing, unknown or broken option. Values of secrets are never repeated. */
export function readSettings<S extends Settings>(settings: S, sources: Sources): Values<S> {
  const problems: string[] = [];
  const file = fileObject(sources.file, problems);
  for (const key of Object.keys(file)) if (!(key in settings)) problems.push(`${key}: no such option in the file`);
  const values: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(settings)) {
    const fromEnv = sources.env[entry.env];
    const raw = fromEnv === undefined || fromEnv === '' ? file[key] : fromEnv;
    if (raw === undefined && entry.required) problems.push(`${entry.env}: missing; ${entry.doc}`);
    else values[key] = raw === undefined ? entry.fallback : parsed(entry, raw, problems);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.freeze(values) as Values<S>;
}

function fileObject(file: unknown, problems: string[]): Readonly<Record<string, unknown>> {
  if (file === undefined) return {};
  if (typeof file === 'object' && file !== null && !Array.isArray(file)) return file as Record<string, unknown>;
  problems.push('the configuration file must hold one JSON object');
  return {};
}

function parsed(entry: Setting<unknown>, raw: unknown, problems: string[]): unknown {
  try {
    return entry.parse(raw);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'is not valid';
    problems.push(`${entry.env}: ${reason}${entry.secret ? '' : `, got ${JSON.stringify(raw).slice(0, 80)}`}`);
    return undefined;
  }
}

/** The rows of a reference table in Markdown, one per option. */
export function settingsTable(settings: Settings): string {
  const rows = Object.entries(settings).map(([key, entry]) => {
    const fallback = entry.required ? '**required**' : `\`${JSON.stringify(entry.fallback)}\``;
    return `| \`${entry.env}\` | \`${key}\` | ${entry.kind.replaceAll('|', '\\|')} | ${fallback} | ${entry.doc} |`;
  });
  return ['| environment | file | value | default | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

/** The same for a terminal: what `--help` prints. */
export function settingsHelp(settings: Settings): string {
  const entries = Object.values(settings).map((entry) => {
    const fallback = entry.required ? 'required' : `default ${JSON.stringify(entry.fallback)}`;
    return `  ${entry.env}\n      ${entry.doc} ${entry.kind}; ${fallback}.`;
  });
  return entries.join('\n');
}
