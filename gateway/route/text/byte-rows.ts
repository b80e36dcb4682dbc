/**
 * A table of rows of signed bytes, read four bytes at a time: each stands in a word as what it is more than -128, so that
 * the rows of a text are summed up by adding whole words, two sums in one number.
 */
export type ByteRows = {
  /** Row by row, each a whole number of words. */
  readonly words: Int32Array;
  /** Words in a row. */
  readonly stride: number;
};

const LEAST = -128;
const LANES = 0x00ff00ff;
/** So many bytes fit into sixteen bits, whatever they are. */
const BLOCK = 256;

export function packRows(weights: Int8Array, outputs: number): ByteRows {
  const stride = Math.ceil(outputs / 4);
  const words = new Int32Array((weights.length / outputs) * stride);
  for (let at = 0; at < weights.length; at += 1) {
    const output = at % outputs;
    const word = ((at - output) / outputs) * stride + (output >> 2);
    words[word] = (words[word] ?? 0) | (((weights[at] ?? 0) - LEAST) << (8 * (output & 3)));
  }
  return { words, stride };
}

/** Adds `value` times a row. */
export function addRow({ words, stride }: ByteRows, row: number, value: number, sums: Float64Array): void {
  for (let output = 0; output < sums.length; output += 1) {
    const word = words[row * stride + (output >> 2)] ?? 0;
    sums[output] = (sums[output] ?? 0) + value * (((word >>> (8 * (output & 3))) & 0xff) + LEAST);
  }
}

/** Adds the first `size` of `rows`, which gives the very sums that adding one byte after the other does. */
export function addRows({ words, stride }: ByteRows, rows: Int32Array, size: number, sums: Float64Array): void {
  for (let from = 0; from < size; from += BLOCK) {
    const to = Math.min(size, from + BLOCK);
    const base = LEAST * (to - from);
    for (let place = 0; place < stride; place += 1) {
      let [even, odd] = [0, 0];
      for (let at = from; at < to; at += 1) {
        const word = words[(rows[at] ?? 0) * stride + place] ?? 0;
        even = (even + (word & LANES)) | 0;
        odd = (odd + ((word >>> 8) & LANES)) | 0;
      }
      add(sums, 4 * place, (even & 0xffff) + base);
      add(sums, 4 * place + 1, (odd & 0xffff) + base);
      add(sums, 4 * place + 2, (even >>> 16) + base);
      add(sums, 4 * place + 3, (odd >>> 16) + base);
    }
  }
}

/** The last word of a row may have bytes that belong to no output. */
function add(sums: Float64Array, output: number, amount: number): void {
  if (output < sums.length) sums[output] = (sums[output] ?? 0) + amount;
}
