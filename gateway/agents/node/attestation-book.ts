import { DatabaseSync } from 'node:sqlite';

import { buildBatchTree } from '../../protocol/batch-tree.ts';
import { MAX_ATTESTED_ANSWERS } from '../../protocol/constants.ts';
import { nodeAttestationDigest } from '../../protocol/eip712.ts';
import { answerLeaf } from '../../protocol/leaf.ts';
import type { Signer } from '../../protocol/signature.ts';
import { decodeStruct, encodeStruct } from '../../protocol/struct-json.ts';
import type { Address, AnswerLeaf, Hex, NodeAttestation } from '../../protocol/types.ts';

/** Answers that were served, and the signed attestations over them: durable before anybody is shown one. */
export type SignedAttestation = {
  readonly attestation: NodeAttestation;
  readonly signature: Hex;
  readonly answers: readonly AnswerLeaf[];
};

export type AttestationBook = {
  /** Written when it returns. The same answer twice is one answer. */
  readonly add: (answer: AnswerLeaf) => void;
  /** Attestations for a gateway after a sequence number, ascending, at most a page of them. */
  readonly after: (gateway: Address, sequence: bigint) => readonly SignedAttestation[];
  /** Resolves when an attestation for the gateway is made, after `ms`, or when the signal says so. */
  readonly wait: (gateway: Address, ms: number, signal: AbortSignal) => Promise<void>;
  /** Signs what is pending, then closes the file. */
  readonly close: () => void;
};

export type AttestationBookDeps = {
  /** Path of the SQLite file, or `:memory:`. */
  readonly path: string;
  readonly account: Address;
  readonly signer: Signer;
  readonly chainId: bigint;
  readonly nodeStaking: Address;
  readonly proofRegistry: Address;
  readonly attestAfterMs: number;
  readonly nowMs: () => number;
  /** Attestations older than this are forgotten: a gateway that was away for longer has lost them. */
  readonly retainMs: number;
};

const PAGE = 16;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS attestations (
    gateway TEXT NOT NULL, sequence INTEGER NOT NULL, attestation TEXT NOT NULL, signature TEXT NOT NULL,
    made_at_ms INTEGER NOT NULL, PRIMARY KEY (gateway, sequence)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS answers (
    position INTEGER PRIMARY KEY, gateway TEXT NOT NULL, leaf TEXT NOT NULL, answer TEXT NOT NULL, sequence INTEGER,
    UNIQUE (gateway, leaf)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS answers_by_sequence ON answers (gateway, sequence);
`;

type AnswerRow = { readonly position: number; readonly leaf: Hex; readonly answer: string };
type AttestationRow = { readonly sequence: number; readonly attestation: string; readonly signature: Hex };

export function createAttestationBook(deps: AttestationBookDeps): AttestationBook {
  const db = new DatabaseSync(deps.path);
  db.exec(SCHEMA);
  const insert = db.prepare('INSERT OR IGNORE INTO answers (gateway, leaf, answer) VALUES (?, ?, ?)');
  const countPending = db.prepare('SELECT count(*) AS n FROM answers WHERE gateway = ? AND sequence IS NULL');
  const timers = new Map<Address, NodeJS.Timeout>();
  const waiters = new Map<Address, Set<() => void>>();
  const domain = { chainId: deps.chainId, contract: deps.proofRegistry };

  const attest = (gateway: Address): void => {
    clearTimeout(timers.get(gateway));
    timers.delete(gateway);
    while (signPage(db, deps, gateway));
    waiters.get(gateway)?.forEach((wake) => wake());
  };
  // What a crash left without a signature is signed first thing.
  for (const { gateway } of db.prepare('SELECT DISTINCT gateway FROM answers WHERE sequence IS NULL').all())
    attest(gateway as Address);

  return {
    add(answer) {
      const { gateway } = answer;
      insert.run(gateway, answerLeaf(domain, answer), JSON.stringify(encodeStruct('answer', answer)));
      const pending = countPending.get(gateway) as { readonly n: number };
      if (pending.n >= MAX_ATTESTED_ANSWERS) return attest(gateway);
      if (!timers.has(gateway) && pending.n > 0)
        timers.set(
          gateway,
          setTimeout(() => attest(gateway), deps.attestAfterMs),
        );
    },
    after: (gateway, sequence) => readAfter(db, gateway, sequence),
    wait: (gateway, ms, signal) => waitFor(waiters, gateway, ms, signal),
    close() {
      for (const gateway of timers.keys()) attest(gateway);
      waiters.forEach((set) => set.forEach((wake) => wake()));
      db.close();
    },
  };
}

/** Signs up to 256 pending answers as one attestation. @returns whether there were any. */
function signPage(db: DatabaseSync, deps: AttestationBookDeps, gateway: Address): boolean {
  const rows = db
    .prepare(
      'SELECT position, leaf, answer FROM answers WHERE gateway = ? AND sequence IS NULL ORDER BY position LIMIT ?',
    )
    .all(gateway, MAX_ATTESTED_ANSWERS) as AnswerRow[];
  if (rows.length === 0) return false;
  const last = db.prepare('SELECT max(sequence) AS sequence FROM attestations WHERE gateway = ?').get(gateway) as {
    readonly sequence: number | null;
  };
  // Never below the clock: a node that lost its file still counts on from where its gateways are.
  const sequence = BigInt(Math.max((last.sequence ?? 0) + 1, Math.floor(deps.nowMs())));
  const { root, count } = buildBatchTree(rows.map((row) => row.leaf));
  const attestation: NodeAttestation = { node: deps.account, gateway, root, count, sequence };
  const domain = { chainId: deps.chainId, verifyingContract: deps.nodeStaking };
  const signature = deps.signer.sign(nodeAttestationDigest(domain, attestation));
  db.exec('BEGIN IMMEDIATE');
  try {
    db.prepare('INSERT INTO attestations VALUES (?, ?, ?, ?, ?)').run(
      gateway,
      sequence,
      JSON.stringify(encodeStruct('nodeAttestation', attestation)),
      signature,
      Math.floor(deps.nowMs()),
    );
    db.prepare('UPDATE answers SET sequence = ? WHERE gateway = ? AND sequence IS NULL AND position <= ?').run(
      sequence,
      gateway,
      rows.at(-1)?.position ?? 0,
    );
    forget(db, gateway, Math.floor(deps.nowMs() - deps.retainMs), sequence);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
  return true;
}

/** Drops what is too old, but never the newest: its number is where the count goes on. */
function forget(db: DatabaseSync, gateway: Address, beforeMs: number, newest: bigint): void {
  const old = 'SELECT sequence FROM attestations WHERE gateway = ? AND made_at_ms < ? AND sequence < ?';
  db.prepare(`DELETE FROM answers WHERE gateway = ? AND sequence IN (${old})`).run(gateway, gateway, beforeMs, newest);
  db.prepare('DELETE FROM attestations WHERE gateway = ? AND made_at_ms < ? AND sequence < ?').run(
    gateway,
    beforeMs,
    newest,
  );
}

function readAfter(db: DatabaseSync, gateway: Address, after: bigint): SignedAttestation[] {
  const rows = db
    .prepare(
      'SELECT sequence, attestation, signature FROM attestations WHERE gateway = ? AND sequence > ? ORDER BY sequence LIMIT ?',
    )
    .all(gateway, after, PAGE) as AttestationRow[];
  const answers = db.prepare('SELECT answer FROM answers WHERE gateway = ? AND sequence = ? ORDER BY position');
  return rows.map((row) => ({
    attestation: decodeStruct('nodeAttestation', JSON.parse(row.attestation)),
    signature: row.signature,
    answers: answers.all(gateway, row.sequence).map(({ answer }) => decodeStruct('answer', JSON.parse(String(answer)))),
  }));
}

function waitFor(
  waiters: Map<Address, Set<() => void>>,
  gateway: Address,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  const set = waiters.get(gateway) ?? new Set();
  waiters.set(gateway, set);
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      set.delete(wake);
      if (set.size === 0) waiters.delete(gateway);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    set.add(wake);
    signal.addEventListener('abort', wake, { once: true });
  });
}
