import type { Hex } from '../protocol/types.ts';
import type { Statement } from './store.ts';

/**
 * Requests that a node was asked and that have no receipt yet. Nothing of them is on disk: a process that ends takes them
 * along, and nobody was told of an answer. A node may attest an answer before its receipt is written; what is to be stored
 * of that waits here, and goes with the receipt or not at all.
 */
export type InFlight = {
  /** @throws when the id is taken. */
  readonly begin: (id: Hex) => void;
  /** @returns whether the request is under way; only then are the statements kept. */
  readonly hold: (id: Hex, statements: () => readonly Statement[]) => boolean;
  /** Ends a request. @returns what was held for it. */
  readonly end: (id: Hex) => readonly Statement[];
};

/** Statements that a request may have waiting: a node that is asked once more attests twice, none attests often. */
const MAX_HELD = 16;

export function createInFlight(): InFlight {
  const requests = new Map<Hex, readonly Statement[]>();
  return {
    begin(id) {
      if (requests.has(id)) throw new Error(`receipt id ${id} is taken`);
      requests.set(id, []);
    },
    hold(id, statements) {
      const held = requests.get(id);
      if (held === undefined) return false;
      if (held.length < MAX_HELD) requests.set(id, [...held, ...statements()]);
      return true;
    },
    end(id) {
      const held = requests.get(id) ?? [];
      requests.delete(id);
      return held;
    },
  };
}
