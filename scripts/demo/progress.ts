/** What the demo says while it runs: one line per phase, and on a terminal a last line that counts. */
export type Progress = {
  readonly phase: (name: string, text: string) => void;
  /** Replaces itself on a terminal; elsewhere it is not shown. */
  readonly live: (text: string) => void;
  readonly line: (text: string) => void;
};

export type ProgressOptions = {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly nowMs: () => number;
};

const ERASE_LINE = '\r\x1b[2K';

export function createProgress({ write, isTerminal, columns, nowMs }: ProgressOptions): Progress {
  const start = nowMs();
  let isLive = false;
  const line = (text: string): void => {
    write(`${isLive ? ERASE_LINE : ''}${text}\n`);
    isLive = false;
  };
  const stamp = (): string => `[${((nowMs() - start) / 1000).toFixed(1).padStart(5)} s]`;
  return {
    line,
    phase: (name, text) => line(`${stamp()} ${name.padEnd(12)} ${text}`),
    live(text) {
      if (!isTerminal) return;
      write(`${ERASE_LINE}${`${stamp()} ${text}`.slice(0, columns - 1)}`);
      isLive = true;
    },
  };
}
