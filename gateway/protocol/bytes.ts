import type { Hex } from './types.ts';

const HEX = /^0x(?:[0-9a-f]{2})*$/i;

/** Bytes of a `0x…` string. Throws TypeError on anything else, so that no malformed hash is ever hashed. */
export function hexToBytes(hex: Hex): Uint8Array {
  if (!HEX.test(hex)) throw new TypeError(`not a hex string: ${hex.slice(0, 80)}`);
  return Buffer.from(hex.slice(2), 'hex');
}

export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

const WIDTHS = {
  bytes32: 32,
  address: 20,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  uint128: 16,
  uint256: 32,
} as const;
export type WordType = keyof typeof WIDTHS;

/**
 * Writes `value` as one 32-byte ABI word at `offset`. Rejects what would not fit the type: a value silently truncated
 * here would be a leaf nobody else can reproduce.
 */
export function writeWord(target: Uint8Array, offset: number, type: WordType, value: Hex | bigint | number): void {
  const width = WIDTHS[type];
  if (type === 'bytes32' || type === 'address') {
    if (typeof value !== 'string') throw new TypeError(`${type} expects a hex string`);
    const bytes = hexToBytes(value);
    if (bytes.length !== width) throw new RangeError(`${type} expects ${width} bytes, got ${bytes.length}`);
    target.set(bytes, offset + 32 - width);
    return;
  }
  if (typeof value === 'string') throw new TypeError(`${type} expects an integer`);
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new RangeError(`${type} expects a safe integer`);
  writeUint(target, offset, width, BigInt(value));
}

function writeUint(target: Uint8Array, offset: number, width: number, value: bigint): void {
  if (value < 0n || value >> BigInt(8 * width) !== 0n) throw new RangeError(`${value} does not fit ${width} bytes`);
  let rest = value;
  for (let index = offset + 31; rest > 0n; index -= 1) {
    target[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}
