/** Times of single calls on the wall, and processor time of all of them divided by their number; microseconds. */
export type Samples = { readonly p50: number; readonly p99: number; readonly cpu: number };

export function measure(work: (turn: number) => unknown, count: number): Samples {
  const times = new Float64Array(count);
  const before = process.cpuUsage();
  for (let turn = 0; turn < count; turn += 1) {
    const start = performance.now();
    work(turn);
    times[turn] = 1_000 * (performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort();
  const at = (share: number): number => times[Math.min(count - 1, Math.floor(share * count))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), cpu: (user + system) / count };
}
