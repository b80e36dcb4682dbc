import { wrong } from './wrong.ts';

/** What a line says of replays: which it names, and whether it is one. */
export type ReplayPart = {
  readonly line: number;
  readonly node: string;
  readonly model: string;
  readonly isReplay: boolean;
  readonly replays: readonly string[];
};
type Known = Pick<ReplayPart, 'line' | 'node' | 'model'> & { user?: number };

/** Replays are receipts themselves, later in the dataset than those whose answer they are compared with. */
export function createReplays() {
  const flagged = new Map<string, Known>();
  const users: ReplayPart[] = [];
  return {
    add(id: string, part: ReplayPart): void {
      if (part.isReplay) flagged.set(id, { line: part.line, node: part.node, model: part.model });
      if (part.replays.length > 0) users.push(part);
    },
    /** @returns how many stand in no line: those that were anchored after the epoch, if they were at all. */
    check(lineOf: (id: string) => number | undefined): number {
      let elsewhere = 0;
      for (const user of users) {
        const models = new Set<string>();
        user.replays.forEach((id, index) => {
          const at = { line: user.line, field: `replays[${index}]` };
          const replay = flagged.get(id);
          if (replay === undefined) {
            const line = lineOf(id);
            if (line !== undefined) wrong(at, `line ${line} is not flagged as a replay`);
            elsewhere += 1;
            return;
          }
          if (replay.user !== undefined) wrong(at, `line ${replay.line} is a replay of line ${replay.user} too`);
          if (replay.node === user.node) wrong(at, `line ${replay.line} is by the node that it is compared with`);
          if (models.has(replay.model)) wrong(at, `line ${replay.line} is by a model that has answered already`);
          models.add(replay.model);
          replay.user = user.line;
        });
      }
      return elsewhere;
    },
  };
}
