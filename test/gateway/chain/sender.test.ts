import assert from 'node:assert/strict';

import { encodeFunctionData, parseAbi } from 'viem';
import type { TransactionReceipt } from 'viem';

import { marketFees } from '../../../gateway/chain/fees.ts';
import type { Fees } from '../../../gateway/chain/fees.ts';
import { createSender } from '../../../gateway/chain/sender.ts';
import type { Booked, ContractCall, TransactionBook, TransactionRpc } from '../../../gateway/chain/sender.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { createTransactionLog } from '../../../gateway/store/transaction-log.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import type { Store } from '../../../gateway/store/store.ts';
import { address } from '../background.fixtures.ts';

type Sent = { readonly nonce: number; readonly data: Hex; readonly fees: Fees };

const ABI = parseAbi(['function post(uint256 value)']);
const call = (value: bigint): ContractCall => ({
  ...{ address: address(9), abi: ABI, functionName: 'post', args: [value] },
});
const TIMEOUT = 1_000;

/** A node with a memory pool: takes the better paid of two transactions with one nonce, and mines when it is told. */
function createNode() {
  const known = new Map<Hex, Sent>();
  const pool = new Map<number, Hex>();
  let blocks: { readonly number: bigint; readonly mined: readonly Hex[] }[] = [];
  const state = { now: 0, base: 10n, refuse: false, deaf: false, reverting: new Set<Hex>(), broadcasts: 0 };
  const mined = (): readonly Hex[] => blocks.flatMap((block) => block.mined);
  const height = (): bigint => 100n + BigInt(blocks.length);
  const price = (hash: Hex): bigint => {
    const fees = known.get(hash)?.fees;
    return fees?.kind === 'eip1559' ? fees.maxFeePerGas : 0n;
  };
  const rpc: TransactionRpc = {
    address: address(7),
    nonces: () => {
      const latest = mined().length;
      let pending = latest;
      while (pool.has(pending)) pending += 1;
      return Promise.resolve({ latest, pending });
    },
    estimateGas: () => (state.refuse ? Promise.reject(new Error('would revert')) : Promise.resolve(100n)),
    fees: () => Promise.resolve(marketFees(state.base, 1n)),
    sign({ nonce, data, fees }) {
      const hash: Hex = `0x${(known.size + 1).toString(16).padStart(64, '0')}`;
      known.set(hash, { nonce, data, fees });
      return Promise.resolve({ hash, raw: hash });
    },
    broadcast(raw) {
      state.broadcasts += 1;
      if (state.deaf) return Promise.resolve('unknown');
      const sent = known.get(raw);
      assert.ok(sent !== undefined);
      const before = pool.get(sent.nonce);
      if (sent.nonce < mined().length || before === raw) return Promise.resolve('sent');
      if (before !== undefined && 10n * price(raw) < 11n * price(before))
        return Promise.reject(new Error('replacement transaction underpriced'));
      pool.set(sent.nonce, raw);
      return Promise.resolve('sent');
    },
    receipt(hash) {
      const block = blocks.find((one) => one.mined.includes(hash));
      if (block === undefined) return Promise.resolve(undefined);
      const status = state.reverting.has(known.get(hash)?.data ?? '0x') ? 'reverted' : 'success';
      return Promise.resolve({ status, blockNumber: block.number, transactionHash: hash } as TransactionReceipt);
    },
    blockNumber: () => Promise.resolve(height()),
  };
  return {
    rpc,
    state,
    known,
    pool,
    /** The pool's next nonces whose limit covers the base fee. */
    mine(): void {
      const taken: Hex[] = [];
      for (let nonce = mined().length; ; nonce += 1) {
        const hash = pool.get(nonce);
        if (hash === undefined || price(hash) < state.base) break;
        taken.push(hash);
        pool.delete(nonce);
      }
      blocks = [...blocks, { number: height() + 1n, mined: taken }];
    },
    /** Takes blocks back; what was in them is forgotten. */
    reorg: (depth: number) => void (blocks = blocks.slice(0, -depth)),
    mined: () => mined().map((hash) => known.get(hash)?.nonce),
    /** What was ever signed, by call: more than one nonce for a call would be two transactions. */
    noncesOf: (data: Hex) =>
      new Set([...known.values()].filter((sent) => sent.data === data).map(({ nonce }) => nonce)),
  };
}

describe('sender', () => {
  let store: Store;
  let book: TransactionBook;
  beforeEach(async () => {
    store = await openStore(':memory:');
    book = createTransactionLog(store);
  });
  afterEach(() => store.close());

  /** @param each what happens between two looks at the chain. */
  function process(node: ReturnType<typeof createNode>, each: (look: number) => Promise<void> | void) {
    let looks = 0;
    return createSender({
      ...{ rpc: node.rpc, book, confirmations: 2, finalityBlocks: 5n, timeoutMs: TIMEOUT, maxFeePerGas: 10_000n },
      now: () => node.state.now,
      async pause() {
        looks += 1;
        await each(looks);
      },
    });
  }
  const booked = async (): Promise<readonly Booked[]> => await book.all();

  it('sends several at once with nonces in a row, and returns each when it has its confirmations', async () => {
    const node = createNode();
    const { send } = process(node, () => node.mine());
    const receipts = await Promise.all([1n, 2n, 3n].map((value) => send(call(value))));
    assert.deepEqual(node.mined(), [0, 1, 2]);
    assert.deepEqual(
      receipts.map(({ status }) => status),
      ['success', 'success', 'success'],
    );
    assert.equal((await booked()).length, 3, 'until they are final');
  });

  it('sends one call once, although it is asked for twice', async () => {
    const node = createNode();
    const { send } = process(node, () => node.mine());
    const [first, second] = await Promise.all([send(call(1n)), send(call(1n))]);
    assert.equal(first.transactionHash, second.transactionHash);
    assert.equal((await send(call(1n))).transactionHash, first.transactionHash);
    assert.equal(node.known.size, 1);
  });

  it('replaces what is not mined in time by the same nonce and a fee that a node takes, until it is mined', async () => {
    const node = createNode();
    node.state.base = 10n;
    const sender = process(node, async (look) => {
      if (look === 1) node.state.base = 40n; // above what was offered
      node.mine();
      node.state.now += TIMEOUT / 2;
      await sender.tend();
    });
    await sender.send(call(1n));
    const [only] = await booked();
    assert.ok(only !== undefined && only.attempts.length >= 2);
    assert.deepEqual([...node.noncesOf(only.data)], [0]);
    assert.deepEqual(node.mined(), [0]);
  });

  it('does not pay more than it may, and says so after a while, with the transaction still in the queue', async () => {
    const node = createNode();
    const sender = process(node, async (look) => {
      if (look === 1) node.state.base = 1_000_000n;
      node.mine();
      node.state.now += TIMEOUT / 2;
      await sender.tend();
    });
    await assert.rejects(sender.send(call(1n)), /not mined/);
    assert.equal((await booked()).length, 1);
    node.state.base = 1n;
    const again = process(node, () => node.mine());
    await again.send(call(1n));
    assert.deepEqual(node.mined(), [0]);
  });

  it('goes on after a crash with the transaction that the last process sent, or meant to send', async () => {
    for (const deaf of [false, true]) {
      const node = createNode();
      const dying = process(node, () => Promise.reject(new Error('dead')));
      node.state.deaf = deaf;
      await assert.rejects(dying.send(call(1n)), /dead/);
      node.state.deaf = false;
      const next = process(node, async () => {
        node.state.now += TIMEOUT / 2;
        await next.tend();
        node.mine();
      });
      await Promise.all([next.send(call(2n)), next.send(call(1n))]);
      assert.equal(node.mined().length, 2);
      for (const { data } of await booked()) assert.equal(node.noncesOf(data).size, 1);
      for (const { call: key } of await booked()) await book.drop(key);
    }
  });

  it('looks after what was sent by a clock that has been put back since', async () => {
    const node = createNode();
    const dying = process(node, () => Promise.reject(new Error('dead')));
    await assert.rejects(dying.send(call(1n)), /dead/);
    node.pool.clear();
    node.state.now -= 1_000 * TIMEOUT;
    const next = process(node, async () => {
      node.state.now += TIMEOUT / 2;
      await next.tend();
      node.mine();
    });
    await next.send(call(1n));
    assert.equal(node.mined().length, 1);
  });

  it('sends again what a node forgot or a reorganisation undid, with the nonce that it had', async () => {
    const node = createNode();
    const sender = process(node, async (look) => {
      if (look === 1) node.pool.clear();
      if (look === 6) node.reorg(1);
      if (look !== 1) node.mine();
      node.state.now += TIMEOUT / 2;
      await sender.tend();
    });
    const receipts = await Promise.all([sender.send(call(1n)), sender.send(call(2n))]);
    assert.equal(receipts.length, 2);
    node.reorg(3);
    assert.deepEqual(node.mined(), []);
    node.state.now += TIMEOUT;
    await sender.tend();
    node.mine();
    assert.deepEqual(node.mined(), [0, 1]);
    for (const { data } of await booked()) assert.equal(node.noncesOf(data).size, 1);
  });

  it('rejects what would revert or did, frees the nonce of what a node refused, and forgets what is final', async () => {
    const node = createNode();
    const sender = process(node, () => node.mine());
    node.state.refuse = true;
    await assert.rejects(sender.send(call(1n)), /would revert/);
    node.state.refuse = false;
    const refusing = createSender({
      ...{ book, confirmations: 1, finalityBlocks: 5n, timeoutMs: TIMEOUT, maxFeePerGas: 1n, now: () => 0 },
      rpc: { ...node.rpc, broadcast: () => Promise.reject(new Error('insufficient funds')) },
      pause: () => Promise.resolve(),
    });
    await assert.rejects(refusing.send(call(1n)), /insufficient funds/);
    assert.deepEqual(await booked(), []);
    await sender.send(call(1n));
    const [{ data } = { data: '0x' as Hex }] = await booked();
    node.state.reverting.add(data);
    await assert.rejects(sender.send(call(1n)), /reverted/);
    node.state.reverting.clear();
    await sender.send(call(1n));
    assert.deepEqual(node.mined(), [0, 1]);
    for (let block = 0; block < 6; block += 1) node.mine();
    await sender.tend();
    assert.deepEqual(await booked(), []);
  });

  it('uses the nonce of what had reverted before a reorganisation undid it, so that the rest is mined', async () => {
    const node = createNode();
    const sender = process(node, () => node.mine());
    for (const value of [5n, 6n]) node.state.reverting.add(encodeFunctionData({ abi: ABI, args: [value] }));
    const failing = [5n, 6n].map((value) => assert.rejects(sender.send(call(value)), /reverted/));
    await Promise.all([...failing, sender.send(call(7n))]);
    assert.deepEqual(node.mined(), [0, 1, 2]);
    node.reorg(9);
    node.pool.clear();
    assert.deepEqual(node.mined(), []);
    for (let turn = 0; turn < 40 && node.mined().length < 3; turn += 1) {
      node.state.now += TIMEOUT / 2;
      await sender.tend();
      node.mine();
    }
    assert.deepEqual(node.mined(), [0, 1, 2]);
    assert.deepEqual(
      (await booked()).map(({ nonce, to }) => [nonce, to === node.rpc.address]),
      [
        [0, true],
        [1, true],
        [2, false],
      ],
    );
  });

  it('gives up a nonce that somebody else used with the same key', async () => {
    const node = createNode();
    const sender = process(node, async () => {
      const foreign = await node.rpc.sign({
        ...{ nonce: 0, to: address(1), data: '0x99', gas: 1n, fees: marketFees(900n, 1n) },
      });
      node.pool.clear();
      node.pool.set(0, foreign.hash);
      node.mine();
      for (let look = 0; look < 5; look += 1) await sender.tend();
    });
    await assert.rejects(sender.send(call(1n)), /another transaction/);
    assert.deepEqual(await booked(), []);
  });
});
