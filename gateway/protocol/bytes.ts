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
 * Writes `value` as one 32-byte ABI word at `offset` of bytes that are zero there. Rejects what would not fit the type: a
 * value silently truncated here would be a leaf nobody else can reproduce.
 */
export function writeWord(target: Uint8Array, offset: number, type: WordType, value: Hex | bigint | number): void {
  const width = WIDTHS[type];
  if (type === 'bytes32' || type === 'address') {
    if (typeof value !== 'string') throw new TypeError(`${type} expects a hex string`);
    return writeHex(target, offset + 32 - width, width, { type, value });
  }
  if (typeof value === 'string') throw new TypeError(`${type} expects an integer`);
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new RangeError(`${type} expects a safe integer`);
  if (typeof value === 'number' && width <= 4) writeSmall(target, offset + 32, width, value);
  else writeUint(target, offset, width, BigInt(value));
}

type HexWord = { readonly type: WordType; readonly value: Hex };

function writeHex(target: Uint8Array, from: number, width: number, { type, value }: HexWord): void {
  if (value.length === 2 + 2 * width && value.startsWith('0x')) {
    const view = Buffer.isBuffer(target) ? target : Buffer.from(target.buffer, target.byteOffset, target.byteLength);
    if (view.write(value.slice(2), from, 'hex') === width) return;
  }
  const bytes = hexToBytes(value); // names what is wrong with it
  throw new RangeError(`${type} expects ${width} bytes, got ${bytes.length}`);
}

function writeSmall(target: Uint8Array, end: number, width: number, value: number): void {
  if (value < 0 || value >= 2 ** (8 * width)) throw new RangeError(`${value} does not fit ${width} bytes`);
  for (let [rest, index] = [value, end - 1]; rest > 0; index -= 1) {
    target[index] = rest & 0xff;
    rest >>>= 8;
  }
}

function writeUint(target: Uint8Array, offset: number, width: number, value: bigint): void {
  if (value < 0n || value >> BigInt(8 * width) !== 0n) throw new RangeError(`${value} does not fit ${width} bytes`);
  const view = new DataView(target.buffer, target.byteOffset + offset, 32);
  for (let [rest, at] = [value, 24]; rest > 0n; at -= 8) {
    view.setBigUint64(at, BigInt.asUintN(64, rest));
    rest >>= 64n;
  }
}
