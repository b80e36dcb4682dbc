import { readFile, stat } from 'node:fs/promises';

import { parseKeys } from '../account/key-file.ts';
import type { ApiKey } from '../account/key-file.ts';
import { reasonOf } from '../lib/reason.ts';
import { repeat } from '../lib/repeat.ts';
import type { Repeater } from '../lib/repeat.ts';

export type KeyWatchDeps = {
  readonly path: string;
  readonly everyMs: number;
  readonly onKeys: (keys: readonly ApiKey[]) => void;
  /** Told once for each thing that goes wrong; the keys stay as they were. */
  readonly onError: (reason: string) => void;
};

/** Reads the key file again whenever it was written: a key that was made or revoked counts a moment later. */
export function watchKeys({ path, everyMs, onKeys, onError }: KeyWatchDeps): Repeater {
  let seen: string | undefined;
  let said = '';
  const look = async (): Promise<void> => {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    const version = `${mtimeNs} ${size} ${ino}`;
    if (version === seen) return;
    onKeys(parseKeys(await readFile(path, 'utf8')));
    seen = version;
    said = '';
  };
  return repeat(look, {
    everyMs,
    onError(error) {
      // Of a file that is no JSON the parser would repeat a piece.
      const reason = error instanceof SyntaxError ? 'not valid JSON' : reasonOf(error);
      if (reason !== said) onError(reason);
      said = reason;
    },
  });
}
