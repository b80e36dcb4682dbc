import { createAnchorWatch } from '../../../gateway/anchor/watch-anchors.ts';
import type { AnchorChain } from '../../../gateway/anchor/ports.ts';
import { createBatcher } from '../../../gateway/batch/batcher.ts';
import { createSealThread } from '../../../gateway/batch/seal-thread.ts';
import { repeat } from '../../../gateway/lib/repeat.ts';
import type { EpochLog } from '../../../gateway/epoch/ports.ts';
import { createOutbox } from '../../../gateway/outbox/outbox.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import {
  LEAF_DOMAIN,
  SIGNING_DOMAIN,
  receipt,
  served,
  answerTo,
  attest,
  hash,
} from '../../gateway/background.fixtures.ts';
import { FINALITY, handlersOf } from '../../gateway/anchor/handlers.fixtures.ts';
import type { Said } from '../../gateway/anchor/handlers.fixtures.ts';
import { openLogs } from '../../gateway/store/world.fixtures.ts';
import { CHAIN_METHODS, CHARGE, CRASH_CLOCK } from './messages.ts';
import type { Assignment, ChainMethod, FromProcess, ToProcess } from './messages.ts';

/** A gateway's store and background, with callers, in a process that may be killed at any moment. */
const { file, from, serves, dieAt } = JSON.parse(process.argv[2] ?? '{}') as Assignment;
const POLL_MS = 10;
const LANES = 4;

const say = (message: FromProcess): void => void process.send?.(message);
const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
let head = { number: 0n, timestamp: 0n };
let calls = 0;
process.on('message', (message: ToProcess) => {
  if (message.kind === 'head') {
    head = { number: message.number, timestamp: message.timestamp };
    return;
  }
  const waiter = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.error === undefined) waiter?.resolve(message.value);
  else waiter?.reject(new Error(message.error));
});

function die(at: string): void {
  if (at === dieAt) process.kill(process.pid, 'SIGKILL');
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** The same functions, each a place to die at, before it and after it. */
function mortal<Room extends object>(room: Room): Room {
  const entries = Object.entries(room as Readonly<Record<string, Method>>).map(([name, method]) => {
    const dying: Method = async (...args) => {
      die(`${name}:before`);
      const value = await method(...args);
      die(`${name}:after`);
      return value;
    };
    return [name, dying];
  });
  return Object.fromEntries(entries) as Room;
}

const epochWrites = ({ opened, save, proposed, finalized }: EpochLog) => ({ opened, save, proposed, finalized });

const call = (method: ChainMethod, args: readonly unknown[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    calls += 1;
    waiting.set(calls, { resolve, reject });
    say({ kind: 'call', id: calls, method, args });
  });
const methods = CHAIN_METHODS.map((method): [string, Method] => [method, (...args) => call(method, args)]);
const chain = { ...mortal(Object.fromEntries(methods) as Omit<AnchorChain, 'head'>), head: () => head };

const store = await openStore(file);
const opened = await openLogs(store);
const logs = {
  ...opened,
  ...{ batch: mortal(opened.batch), anchor: mortal(opened.anchor), examination: mortal(opened.examination) },
  epoch: { ...opened.epoch, ...mortal(epochWrites(opened.epoch)) },
};
const said: Said = { shown: new Map(), late: new Set() };
const remember = said.shown.set.bind(said.shown);
said.shown.set = (key, hashes) => {
  for (const commitmentsHash of hashes) say({ kind: 'shown', key, commitmentsHash });
  return remember(key, hashes);
};
await logs.epoch.plan((['gold', 'open', 'propose'] as const).map((kind) => ({ kind, epoch: 0n })));

const onError = (): void => undefined; // tried again, as always
const outbox = createOutbox({
  ...{
    log: logs.outbox,
    handlers: handlersOf(chain, logs, said, CRASH_CLOCK),
    now: Date.now,
    pollMs: POLL_MS,
    concurrency: 16,
  },
  onError,
});
const batcher = createBatcher({
  ...{ log: logs.batch, nowMs: Date.now, attestationGraceMs: 0, maxReceipts: 1_000, onClosed: outbox.poke },
  seal: createSealThread({ signerKey: hash(9), leafDomain: LEAF_DOMAIN, signingDomain: SIGNING_DOMAIN }).seal,
});
const watch = createAnchorWatch({
  ...{ chain, log: logs.anchor, finalityBlocks: FINALITY, onUndone: () => undefined, onChange: outbox.poke },
});
outbox.start();
repeat(batcher, { everyMs: 20 * POLL_MS, onError }).start();
repeat(watch, { everyMs: POLL_MS, onError }).start();

async function isIdle(): Promise<boolean> {
  if (serves || (await logs.batch.openReceipts(1)).length > 0) return false;
  const due = await logs.outbox.due(Number.MAX_SAFE_INTEGER, 100);
  return due.every(({ kind }) => kind === 'propose') && (await opened.anchor.unsettled(1)).length === 0;
}
setInterval(() => {
  say({ kind: 'tick' });
  isIdle().then((idle) => {
    if (idle) say({ kind: 'idle' });
  }, onError);
}, POLL_MS);

async function serveAll(lane: number): Promise<void> {
  for (let number = from + lane; ; number += LANES) {
    await logs.receipts.reserve(receipt(number).id);
    // Before the receipt, so that it is attested when it is batched: else it would never be drawn.
    await logs.attestation.save(attest(BigInt(number + 1), [answerTo(number)]));
    const { serial } = await logs.receipts.commit({ ...served(number), charge: CHARGE });
    say({ kind: 'served', number, serial });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
if (serves) await Promise.all(Array.from({ length: LANES }, (_, lane) => serveAll(lane)));
