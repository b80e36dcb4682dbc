/** The first thing in a dataset that is not as it must be: its line (1-based), the field, and what was expected. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
  readonly line: number;
  readonly field: string;

  constructor(line: number, field: string, detail: string) {
    super(detail);
    this.line = line;
    this.field = field;
  }
}

export type At = { readonly line: number; readonly field: string };

export function wrong({ line, field }: At, detail: string): never {
  throw new Wrong(line, field, detail);
}

export function expectSame(at: At, actual: string | bigint, expected: string | bigint): void {
  const [left, right] = [String(actual).toLowerCase(), String(expected).toLowerCase()];
  if (left !== right) wrong(at, `is ${left}, expected ${right}`);
}

/** Runs what may throw for a malformed value; its reason is what is wrong here. */
export function within<Value>(at: At, compute: () => Value): Value {
  try {
    return compute();
  } catch (error) {
    if (error instanceof Wrong) throw error;
    return wrong(at, error instanceof Error ? error.message : String(error));
  }
}

export function inside(at: At, name: string | number): At {
  const field = typeof name === 'number' ? `${at.field}[${name}]` : at.field === '' ? name : `${at.field}.${name}`;
  return { line: at.line, field };
}
