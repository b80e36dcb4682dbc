import { createKeccak } from 'hash-wasm';

import { bytesToHex, hexToBytes } from './bytes.ts';
import type { Hex } from './types.ts';

// One reusable WebAssembly state: init → update → digest runs to completion without yielding, so it is never shared.
const hasher = await createKeccak(256);

export function keccakBytes(bytes: Uint8Array): Buffer {
  return Buffer.from(hasher.init().update(bytes).digest('binary'));
}

export function keccak(bytes: Uint8Array): Hex {
  return bytesToHex(keccakBytes(bytes));
}

export function keccakText(text: string): Hex {
  return keccak(Buffer.from(text, 'utf8'));
}

export function keccakHex(hex: Hex): Hex {
  return keccak(hexToBytes(hex));
}
