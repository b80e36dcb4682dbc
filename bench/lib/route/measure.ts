/** Of single calls, in microseconds: time on the wall, and processor time of the process, which no other program adds to. */
export type Samples = { readonly p50: number; readonly p99: number; readonly cpu: number; readonly cpuP99: number };

export function measure(work: (turn: number) => unknown, count: number): Samples {
  const times = new Float64Array(count);
  const processor = new Float64Array(count);
  let total = 0;
  for (let turn = 0; turn < count; turn += 1) {
    const before = process.cpuUsage();
    const start = performance.now();
    work(turn);
    times[turn] = 1_000 * (performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    processor[turn] = user + system;
    total += user + system;
  }
  const at = (sorted: Float64Array, share: number): number =>
    sorted[Math.min(count - 1, Math.floor(share * count))] ?? 0;
  times.sort();
  processor.sort();
  return { p50: at(times, 0.5), p99: at(times, 0.99), cpu: total / count, cpuP99: at(processor, 0.99) };
}
