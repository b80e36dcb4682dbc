import assert from 'node:assert/strict';

import { createNewest } from '../../../gateway/chain/head.ts';
import type { Head } from '../../../gateway/chain/head.ts';
import { hash } from '../background.fixtures.ts';

const block = (number: number, fork = 0): Head => ({
  ...{ number: BigInt(number), timestamp: BigInt(1_000 + number), hash: hash(number + 1_000 * fork) },
});

describe('newest block', () => {
  it('goes up, over heights that it never saw', () => {
    const { head, see } = createNewest(block(5));
    see(block(6));
    see(block(9));
    assert.deepEqual(head(), block(9));
  });

  it('is not taken back by a server that is behind', () => {
    const { head, see } = createNewest(block(5));
    for (const number of [6, 7, 6, 5, 6]) see(block(number));
    for (let look = 0; look < 20; look += 1) see(block(6));
    assert.deepEqual(head(), block(7));
  });

  it('follows a reorganisation, to another block of the same height or of a lower one', () => {
    const { head, see } = createNewest(block(5));
    for (const number of [6, 7, 8]) see(block(number));
    see(block(8, 1));
    assert.deepEqual(head(), block(8, 1));
    see(block(6, 2));
    assert.deepEqual(head(), block(6, 2));
    see(block(5));
    assert.deepEqual(head(), block(6, 2), 'block 5 is of both branches: a server that is behind');
  });

  it('believes in a shorter chain of blocks that it never saw only when it is told again and again', () => {
    const { head, see } = createNewest(block(50));
    for (let look = 0; look < 4; look += 1) see(block(20, 3));
    assert.deepEqual(head(), block(50));
    see(block(20, 3));
    assert.deepEqual(head(), block(20, 3));
  });

  it('remembers a bounded number of blocks', () => {
    const { head, see } = createNewest(block(0));
    for (let number = 1; number <= 1_000; number += 1) see(block(number));
    see(block(100)); // forgotten, so that nothing is concluded from it at once
    assert.deepEqual(head(), block(1_000));
  });
});
