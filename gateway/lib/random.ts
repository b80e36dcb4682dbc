import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4_096;

/** Bytes of the system's generator, fetched many at a time: each fetch costs more than the bytes. Given out once only. */
export function createRandomBytes(fill: (pool: Buffer) => void = randomFillSync): (count: number) => Buffer {
  const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  let used = POOL_BYTES;
  return (count) => {
    if (count > POOL_BYTES) throw new RangeError(`at most ${POOL_BYTES} bytes at a time`);
    if (used + count > POOL_BYTES) {
      fill(pool);
      used = 0;
    }
    const bytes = Buffer.from(pool.subarray(used, used + count));
    pool.fill(0, used, used + count);
    used += count;
    return bytes;
  };
}
