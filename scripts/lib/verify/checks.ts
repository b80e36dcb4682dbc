/** The list of what was examined: every check says what it is about, and the first wrong one decides. */
export type Check = {
  readonly name: string;
  readonly status: 'ok' | 'wrong' | 'skipped';
  /** What was found, or why it could not be checked. */
  readonly detail: string;
};

export type Checks = {
  readonly ok: (name: string, detail: string) => void;
  readonly skip: (name: string, why: string) => void;
  /** Records `wrong` unless the two are the same hash, address or number. */
  readonly equal: (name: string, actual: string | bigint, expected: string | bigint) => boolean;
  /** Runs `examine`; what it throws is what is wrong. */
  readonly that: (name: string, examine: () => string) => boolean;
  readonly list: () => readonly Check[];
};

/** Thrown by an examination that failed. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
}

export function createChecks(): Checks {
  const list: Check[] = [];
  const that = (name: string, examine: () => string): boolean => {
    try {
      list.push({ name, status: 'ok', detail: examine() });
      return true;
    } catch (error) {
      list.push({ name, status: 'wrong', detail: error instanceof Error ? error.message : String(error) });
      return false;
    }
  };
  return {
    ok: (name, detail) => list.push({ name, status: 'ok', detail }),
    skip: (name, why) => list.push({ name, status: 'skipped', detail: why }),
    equal: (name, actual, expected) =>
      that(name, () => {
        const [left, right] = [String(actual).toLowerCase(), String(expected).toLowerCase()];
        if (left !== right) throw new Wrong(`is ${left}, expected ${right}`);
        return left;
      }),
    that,
    list: () => list,
  };
}
