import assert from 'node:assert/strict';

import { createAnchorChain } from '../../../gateway/chain/anchor-chain.ts';
import type { ChainClient } from '../../../gateway/chain/clients.ts';
import { GATEWAY, address, hash } from '../background.fixtures.ts';

type Range = { readonly fromBlock: bigint; readonly toBlock: bigint };
type Anchor = { readonly block: bigint; readonly epoch: bigint; readonly fromSerial: bigint };

const DEPLOYED = 1_000n;
const HEAD = 13_500n;
const timeOf = (block: bigint): bigint => 2n * block;

/** An RPC that answers events of at most 5,000 blocks at once, over anchors at given blocks. */
function world(anchors: readonly Anchor[]) {
  const ranges: Range[] = [];
  const client = {
    getBlockNumber: () => Promise.resolve(HEAD),
    getContractEvents({ fromBlock, toBlock }: Range) {
      if (toBlock - fromBlock >= 5_000n) return Promise.reject(new Error('range too large'));
      ranges.push({ fromBlock, toBlock });
      const found = anchors.filter(({ block }) => block >= fromBlock && block <= toBlock);
      return Promise.resolve(
        found.map(({ block, epoch, fromSerial }) => ({
          args: { batchId: fromSerial + 1n, epoch, fromSerial, root: hash(Number(fromSerial)) },
          blockHash: hash(Number(block)),
          blockNumber: block,
        })),
      );
    },
    getBlock: ({ blockHash, blockNumber }: { blockHash?: string; blockNumber?: bigint }) =>
      Promise.resolve({ timestamp: timeOf(blockNumber ?? BigInt(blockHash ?? 0)) }),
  } as unknown as ChainClient;
  const contracts = {
    ...{ chainId: 31_337n, block: DEPLOYED, nodeStaking: address(1), proofRegistry: address(2) },
    ...{ rewardDistributor: address(3) },
  };
  const sender = { send: () => assert.fail('nothing is sent here') };
  const head = { head: () => assert.fail('not asked'), stop: () => undefined };
  return { ranges, chain: createAnchorChain({ client, sender, head, contracts, gateway: GATEWAY }) };
}

const anchor = (block: bigint, epoch: bigint, fromSerial: bigint): Anchor => ({ block, epoch, fromSerial });

describe('anchor chain', () => {
  it('looks for an anchor backwards, in ranges an RPC allows, down to the deployment and no further', async () => {
    const { chain, ranges } = world([anchor(DEPLOYED, 0n, 7n)]);
    const found = await chain.findAnchor({ fromSerial: 7n, root: hash(7) });
    assert.deepEqual(found, {
      ...{ batchId: 8n, epoch: 0n, block: DEPLOYED, blockHash: hash(1_000), anchoredAt: timeOf(DEPLOYED) },
    });
    assert.deepEqual(ranges, [
      { fromBlock: 8_501n, toBlock: 13_500n },
      { fromBlock: 3_501n, toBlock: 8_500n },
      { fromBlock: DEPLOYED, toBlock: 3_500n },
    ]);
  });

  it('stops at the newest range that has it, and finds nothing under another root', async () => {
    const { chain, ranges } = world([anchor(13_000n, 2n, 7n)]);
    assert.equal((await chain.findAnchor({ fromSerial: 7n, root: hash(7) }))?.block, 13_000n);
    assert.equal(ranges.length, 1);
    assert.equal(await chain.findAnchor({ fromSerial: 7n, root: hash(8) }), undefined);
  });

  it("counts an epoch's anchors across ranges, and reads no range that ends before the epoch", async () => {
    const { chain, ranges } = world([
      ...[anchor(8_400n, 4n, 1n), anchor(8_450n, 5n, 2n), anchor(8_600n, 5n, 3n), anchor(13_400n, 6n, 4n)],
    ]);
    assert.equal(await chain.anchorsIn(5n, timeOf(8_420n)), 2);
    assert.equal(ranges.length, 2);
    assert.equal(await chain.anchorsIn(7n, timeOf(13_450n)), 0);
    assert.equal(ranges.length, 3);
  });
});
