import type { Fields } from '../lib/protocol/schema.ts';
import type { BatchLine, Dataset, EpochLine, Receipt, ReceiptLine } from './dataset.ts';
import type { Facts } from './facts.ts';
import { accountWord, createDigest, createLeafHash, createRecover } from './hashes.ts';
import type { Digest, LeafHash, Recover } from './hashes.ts';
import type { Table } from './in-force.ts';
import { wrong } from './wrong.ts';
import type { At } from './wrong.ts';

export const FLAG = { gold: 4n, constrained: 16n, replay: 32n, unattested: 64n } as const;
/** Private, replayed and unattested receipts are never drawn. */
const NEVER_DRAWN = 8n | FLAG.replay | FLAG.unattested;
/** Those, and pinned, cached and gold ones, carry no volume. */
const NO_VOLUME = 1n | 2n | 4n | NEVER_DRAWN;

export const STATUS = { unexamined: 0n, scored: 1n, unscored: 2n } as const;
export const MAX_BPS = 10_000n;

export function isExaminable(flags: bigint): boolean {
  return (flags & NEVER_DRAWN) === 0n;
}

export function volumeOf({ units, flags }: { readonly units: bigint; readonly flags: bigint }): bigint {
  return (flags & NO_VOLUME) === 0n ? units : 0n;
}

/** ⌊(time − genesis) / epochDuration⌋, below zero for times before genesis. */
export function epochAt(time: bigint, { genesis, epochDuration }: EpochLine): bigint {
  const since = time - genesis;
  const quotient = since / epochDuration;
  return since < 0n && quotient * epochDuration !== since ? quotient - 1n : quotient;
}

/** A receipt is void when it was served after its anchor, or more than one epoch before it. */
export function isCounted({ servedAt }: Receipt, { anchoredAt }: BatchLine, epoch: EpochLine): boolean {
  return servedAt <= anchoredAt && epochAt(servedAt, epoch) + 1n >= epochAt(anchoredAt, epoch);
}

/** A receipt whose place in its batch has been checked. */
export type Examined = ReceiptLine & {
  readonly batch: BatchLine;
  readonly leaf: Buffer;
  readonly counted: boolean;
};

export type Role = 'node' | 'evaluator' | 'gateway';
export type KnownSigner = { readonly role: Role; readonly account: string; readonly signer: string; readonly at: At };

/** Who signed for whom. Without the chain one key per account is all that a file can show. */
export type Signers = {
  readonly add: (known: KnownSigner) => void;
  readonly list: () => readonly KnownSigner[];
};

/** @param oneKeyEach whether a second key of an account is wrong; the chain knows about changes of keys. */
export function createSigners(oneKeyEach: boolean): Signers {
  const known = new Map<string, KnownSigner>();
  const first = new Map<string, KnownSigner>();
  return {
    add(item) {
      const owner = `${item.role}:${item.account}`;
      const earlier = first.get(owner);
      if (earlier === undefined) first.set(owner, item);
      else if (oneKeyEach && earlier.signer !== item.signer) {
        const { line, field } = earlier.at;
        wrong(item.at, `is by ${item.signer}, but line ${line} ${field} of this ${item.role} by ${earlier.signer}`);
      }
      known.set(`${owner}:${item.signer}`, known.get(`${owner}:${item.signer}`) ?? item);
    },
    list: () => [...known.values()],
  };
}

/** What the checks of a receipt's line lean on. */
export type LineContext = {
  readonly epoch: EpochLine;
  /** Table in force; undefined when no given dataset holds it. */
  readonly table: Table | undefined;
  readonly hashes: Hashes;
  readonly addSigner: (known: KnownSigner) => void;
};

export type Context = {
  readonly dataset: Dataset;
  readonly facts: Facts;
  readonly signers: Signers;
  /** Says which check could not be made, and why. */
  readonly skip: (name: string, why: string) => void;
};

/** The network's hashes, bound to the epoch's chain and contracts. */
export type Hashes = {
  readonly leaf: Readonly<Record<'Receipt' | 'AnswerLeaf' | 'RecordLeaf', LeafHash>>;
  readonly digest: Readonly<Record<'Receipt' | 'NodeAttestation' | 'Evaluation' | 'CommitSet', Digest>>;
  readonly recover: Recover;
  /** Everybody who may sit on a committee. */
  readonly evaluators: readonly { readonly account: string; readonly word: Buffer }[];
};

export function createHashes({ chainId, nodeStaking, proofRegistry, evaluators }: EpochLine): Hashes {
  const leafOf = (type: keyof Hashes['leaf']) => createLeafHash(type, chainId, proofRegistry);
  const digestOf = (type: keyof Hashes['digest']) => createDigest(type, chainId, nodeStaking);
  return {
    leaf: { Receipt: leafOf('Receipt'), AnswerLeaf: leafOf('AnswerLeaf'), RecordLeaf: leafOf('RecordLeaf') },
    digest: {
      Receipt: digestOf('Receipt'),
      NodeAttestation: digestOf('NodeAttestation'),
      Evaluation: digestOf('Evaluation'),
      CommitSet: digestOf('CommitSet'),
    },
    recover: createRecover(),
    evaluators: [...new Set(evaluators)].map((account) => ({ account, word: accountWord(account) })),
  };
}

export type Signed = {
  readonly type: keyof Hashes['digest'];
  readonly value: Fields;
  readonly signature: string;
  readonly role: Role;
  readonly account: string;
};

/** Recovers a signer and remembers for whom it signed. */
export function recordSigner({ hashes, addSigner }: LineContext, at: At, signed: Signed): void {
  const { role, account } = signed;
  const signer = hashes.recover(hashes.digest[signed.type](signed.value), signed.signature);
  if (signer === undefined) return wrong(at, 'is no valid signature');
  addSigner({ role, account, signer, at });
}
