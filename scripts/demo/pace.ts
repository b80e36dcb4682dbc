/**
 * How long everything has to take on this machine. The demo's windows are seconds; where other programs take most of the
 * processor, evaluators would miss them through no fault of the network, so the windows grow with what is measured.
 */
export type Pace = {
  /** 1 on a machine of our own. */
  readonly factor: number;
  readonly epochDuration: number;
  readonly recordWindow: number;
  readonly answerTimeoutMs: number;
};

const SAMPLES = 3;
const SAMPLE_CPU_MS = 50;
const FREE = 1.3;
const MOST = 2.5;
const EPOCH_SECONDS = 8;
const RECORD_SECONDS = 6;
const ANSWER_MS = 1_500;

/** Anchoring, drawing and recording a batch take about eight blocks; they have to fit into the record window. */
const FREE_BLOCK_SECONDS = 0.75;

/**
 * @param contention wall time per processor time of a busy loop: 1 when nobody else wants the processor.
 * @param slow what the user asks for at least.
 */
export function paceOf(contention: number, blockSeconds: number, slow = 1): Pace {
  const measured = contention <= FREE ? 1 : Math.min(MOST, contention / FREE);
  const busy = Math.max(measured, slow);
  const factor = Math.max(busy, blockSeconds / FREE_BLOCK_SECONDS);
  return {
    factor,
    epochDuration: Math.ceil(EPOCH_SECONDS * factor),
    recordWindow: Math.ceil(RECORD_SECONDS * factor),
    answerTimeoutMs: Math.round(ANSWER_MS * busy),
  };
}

/**
 * Call it before anything else is started: what it measures are other people's programs. The least of a few samples, so
 * that only what lasts slows the demo down.
 */
export function measureContention(): number {
  return Math.min(...Array.from({ length: SAMPLES }, sampleContention));
}

function sampleContention(): number {
  const [start, before] = [performance.now(), process.cpuUsage()];
  for (;;) {
    for (let spin = 0; spin < 100_000; spin += 1) Math.sqrt(spin);
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1_000;
    if (cpuMs >= SAMPLE_CPU_MS) return (performance.now() - start) / cpuMs;
  }
}
