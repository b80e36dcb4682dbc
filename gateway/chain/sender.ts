import { encodeFunctionData, keccak256 } from 'viem';
import type { Abi, TransactionReceipt } from 'viem';

import type { Address, Hex } from '../protocol/types.ts';
import { capped, raised } from './fees.ts';
import type { Fees } from './fees.ts';

/**
 * Sends the gateway's transactions, several at once. A transaction is written down before it is sent, under its call: the
 * same call asked for again, by a retry or by the next process, is the same transaction with the same nonce. What is not
 * mined in time is replaced by one that pays more; what a node forgot, or a reorganisation undid, is sent again.
 */
export type Sender = {
  /** Resolves with the receipt once it has `confirmations`; rejects when the call would or did revert. */
  readonly send: (call: ContractCall) => Promise<TransactionReceipt>;
};

export type ContractCall = {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
};

/** One signed form of a transaction; a replacement has the same nonce and pays more. */
export type Attempt = { readonly hash: Hex; readonly raw: Hex; readonly fees: Fees; readonly sentAtMs: number };

export type Booked = {
  /** keccak256 of recipient and data: what makes two transactions the same. */
  readonly call: Hex;
  readonly nonce: number;
  readonly to: Address;
  readonly data: Hex;
  readonly gas: bigint;
  /** Oldest first, never empty. */
  readonly attempts: readonly Attempt[];
};

/** Transactions that are not final. Every write is durable when it resolves. */
export type TransactionBook = {
  readonly all: () => Promise<readonly Booked[]>;
  readonly save: (transaction: Booked) => Promise<void>;
  readonly drop: (call: Hex) => Promise<void>;
};

export type Unsigned = Pick<Booked, 'nonce' | 'to' | 'data' | 'gas'> & { readonly fees: Fees };

/** What sending needs of an RPC server and of the key. */
export type TransactionRpc = {
  /** The signer's own. */
  readonly address: Address;
  readonly nonces: () => Promise<{ readonly latest: number; readonly pending: number }>;
  /** On top of what is waiting, so that dependent calls can be sent in one go. @throws when it would revert. */
  readonly estimateGas: (to: Address, data: Hex) => Promise<bigint>;
  readonly fees: () => Promise<Fees>;
  readonly sign: (transaction: Unsigned) => Promise<{ readonly hash: Hex; readonly raw: Hex }>;
  /** `unknown`: no answer, so it may have arrived. @throws when it is refused. */
  readonly broadcast: (raw: Hex) => Promise<'sent' | 'unknown'>;
  readonly receipt: (hash: Hex) => Promise<TransactionReceipt | undefined>;
  readonly blockNumber: () => Promise<bigint>;
};

export type SenderDeps = {
  readonly rpc: TransactionRpc;
  readonly book: TransactionBook;
  readonly confirmations: number;
  /** Blocks after which a transaction is forgotten: no reorganisation is expected to reach it any more. */
  readonly finalityBlocks: bigint;
  /** How long a transaction may stay unmined before it is replaced. */
  readonly timeoutMs: number;
  /** Most that is paid for a unit of gas, in wei. */
  readonly maxFeePerGas: bigint;
  readonly now: () => number;
  /** Until the next look at the chain. @throws when the process stops. */
  readonly pause: () => Promise<void>;
};

/** Replacements that a caller waits for; then it is told, and may ask again. */
const WAITED_REPLACEMENTS = 5;
/** Part of its time after which a transaction is sent once more: a server may have forgotten it. */
const AGAIN_IN_TIME = 4;
/** A nonce may be used before the server shows the receipt: only after so many looks another transaction has it. */
const LOOKS = 4;

export function createSender(deps: SenderDeps): Sender & { readonly tend: () => Promise<void> } {
  const desk = createDesk(deps);
  return {
    async send(call) {
      await desk.open();
      const data = encodeFunctionData(call);
      const known = desk.find(call.address, data) ?? (await desk.inTurn(() => submit(deps, desk, call.address, data)));
      return await settled(deps, desk, known.call, call.functionName);
    },
    async tend() {
      await desk.open();
      await desk.inTurn(() => tend(deps, desk));
    },
  };
}

type Desk = ReturnType<typeof createDesk>;

const callOf = (to: Address, data: Hex): Hex => keccak256(`${to}${data.slice(2)}`);
const lastOf = ({ attempts }: Booked): Attempt => {
  const last = attempts.at(-1);
  if (last === undefined) throw new Error('a transaction without an attempt');
  return last;
};

/** What another process sent by a clock that has been put back since: it would wait for that time to come again. */
function notLaterThan(nowMs: number, entry: Booked): Booked {
  const attempts = entry.attempts.map((attempt) => ({ ...attempt, sentAtMs: Math.min(attempt.sentAtMs, nowMs) }));
  return { ...entry, attempts };
}

/** The transactions that are not final, in memory and in the book, and one turn after the other for whatever signs. */
function createDesk({ book, now }: Pick<SenderDeps, 'book' | 'now'>) {
  const entries = new Map<Hex, Booked>();
  const looks = new Map<Hex, number>();
  let opened: Promise<void> | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  return {
    entries,
    open(): Promise<void> {
      opened ??= book.all().then(
        (all) => all.forEach((entry) => entries.set(entry.call, notLaterThan(now(), entry))),
        (error: unknown) => {
          opened = undefined;
          throw error;
        },
      );
      return opened;
    },
    find: (to: Address, data: Hex): Booked | undefined => entries.get(callOf(to, data)),
    inTurn<T>(task: () => Promise<T>): Promise<T> {
      const done = queue.then(task);
      queue = done.catch(() => undefined);
      return done;
    },
    async save(entry: Booked): Promise<void> {
      await book.save(entry);
      entries.set(entry.call, entry);
    },
    async drop(call: Hex): Promise<void> {
      entries.delete(call);
      looks.delete(call);
      await book.drop(call);
    },
    /** Counts looks at a used nonce without a receipt. */
    look(call: Hex): number {
      const count = (looks.get(call) ?? 0) + 1;
      looks.set(call, count);
      return count;
    },
  };
}

async function submit(deps: SenderDeps, desk: Desk, to: Address, data: Hex): Promise<Booked> {
  const known = desk.find(to, data); // asked for twice at once
  if (known !== undefined) return known;
  const gas = ((await deps.rpc.estimateGas(to, data)) * 12n) / 10n;
  const { latest, pending } = await deps.rpc.nonces();
  const waiting = [...desk.entries.values()].map(({ nonce }) => nonce + 1).filter((next) => next > latest);
  const nonce = Math.max(pending, ...waiting);
  const fees = capped(await deps.rpc.fees(), deps.maxFeePerGas);
  const signed = await deps.rpc.sign({ nonce, to, data, gas, fees });
  const attempts = [{ ...signed, fees, sentAtMs: deps.now() }];
  const entry: Booked = { call: callOf(to, data), nonce, to, data, gas, attempts };
  await desk.save(entry);
  try {
    await deps.rpc.broadcast(signed.raw);
  } catch (error) {
    await desk.drop(entry.call); // refused: its nonce is free for the next
    throw error;
  }
  return entry;
}

/** Any of its attempts may be the one that was mined. */
async function receiptOf({ rpc }: SenderDeps, { attempts }: Booked): Promise<TransactionReceipt | undefined> {
  for (const { hash } of attempts.toReversed()) {
    const receipt = await rpc.receipt(hash);
    if (receipt !== undefined) return receipt;
  }
  return undefined;
}

async function settled(deps: SenderDeps, desk: Desk, call: Hex, name: string): Promise<TransactionReceipt> {
  const deadline = deps.now() + WAITED_REPLACEMENTS * deps.timeoutMs;
  while (deps.now() < deadline) {
    const entry = desk.entries.get(call);
    if (entry === undefined) throw new Error(`the nonce of ${name} was used by another transaction of this signer`);
    const receipt = await receiptOf(deps, entry);
    if (receipt !== undefined && receipt.status !== 'success') {
      await desk.drop(call);
      throw new Error(`${name} reverted in ${receipt.transactionHash}`);
    }
    if (receipt !== undefined) {
      const depth = (await deps.rpc.blockNumber()) - receipt.blockNumber + 1n;
      if (depth >= BigInt(deps.confirmations)) return receipt;
    }
    await deps.pause();
  }
  throw new Error(`${name} was not mined in ${WAITED_REPLACEMENTS * deps.timeoutMs} ms; it stays in the queue`);
}

/** Looks after everything that is not final, whether somebody waits for it or not: a gap of nonces would stop the rest. */
async function tend(deps: SenderDeps, desk: Desk): Promise<void> {
  if (desk.entries.size === 0) return;
  const { latest, pending } = await deps.rpc.nonces();
  const inOrder = [...desk.entries.values()].sort((a, b) => a.nonce - b.nonce);
  const failed: unknown[] = [];
  await fillGap(deps, desk, pending).catch((error: unknown) => failed.push(error));
  for (const entry of inOrder) {
    const care = entry.nonce < latest ? forgetFinal : push;
    await care(deps, desk, entry).catch((error: unknown) => failed.push(error));
  }
  if (failed.length > 0) throw failed[0];
}

/** Gas of a transfer of nothing, with a few bytes of data. */
const FILLER_GAS = 30_000n;

/**
 * A transaction that reverted, or was another program's, is in no book; when a reorganisation undoes it, its nonce is free
 * again, and nothing that follows is mined before somebody uses it. A transfer of nothing does, once that was seen long enough.
 */
async function fillGap({ rpc, maxFeePerGas, now }: SenderDeps, desk: Desk, nonce: number): Promise<void> {
  const nonces = [...desk.entries.values()].map((entry) => entry.nonce);
  const isGap = !nonces.includes(nonce) && nonces.some((booked) => booked > nonce);
  const [to, data] = [rpc.address, `0x${nonce.toString(16).padStart(16, '0')}`] as const;
  if (!isGap || desk.look(callOf(to, data)) < LOOKS) return;
  const fees = capped(await rpc.fees(), maxFeePerGas);
  const signed = await rpc.sign({ nonce, to, data, gas: FILLER_GAS, fees });
  const attempts = [{ ...signed, fees, sentAtMs: now() }];
  await desk.save({ call: callOf(to, data), nonce, to, data, gas: FILLER_GAS, attempts });
  await rpc.broadcast(signed.raw);
}

async function forgetFinal(deps: SenderDeps, desk: Desk, entry: Booked): Promise<void> {
  const receipt = await receiptOf(deps, entry);
  if (receipt === undefined) {
    if (desk.look(entry.call) >= LOOKS) await desk.drop(entry.call);
    return;
  }
  const depth = (await deps.rpc.blockNumber()) - receipt.blockNumber;
  if (depth >= deps.finalityBlocks) await desk.drop(entry.call);
}

/** Not mined: sent again as it is, or, when its time is up, with the same nonce and a fee that replaces it. */
async function push(deps: SenderDeps, desk: Desk, entry: Booked): Promise<void> {
  const last = lastOf(entry);
  const ageMs = deps.now() - last.sentAtMs;
  if (ageMs < deps.timeoutMs / AGAIN_IN_TIME) return;
  const higher = ageMs < deps.timeoutMs ? undefined : raised(last.fees, await deps.rpc.fees(), deps.maxFeePerGas);
  if (higher === undefined) {
    await deps.rpc.broadcast(last.raw);
    return;
  }
  const signed = await deps.rpc.sign({ ...entry, fees: higher });
  await desk.save({ ...entry, attempts: [...entry.attempts, { ...signed, fees: higher, sentAtMs: deps.now() }] });
  await deps.rpc.broadcast(signed.raw);
}
