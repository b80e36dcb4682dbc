/** Epoch arithmetic, in chain seconds. Genesis and duration are immutable and read from NodeStaking. */
export type EpochClock = { readonly genesis: bigint; readonly epochDuration: bigint };

/** Epoch that `time` lies in, or undefined before genesis: nothing is current then and the next epoch is 0. */
export function epochOf(clock: EpochClock, time: bigint): bigint | undefined {
  return time < clock.genesis ? undefined : (time - clock.genesis) / clock.epochDuration;
}

export function epochStart(clock: EpochClock, epoch: bigint): bigint {
  return clock.genesis + epoch * clock.epochDuration;
}

/** First second that no longer belongs to `epoch`. */
export function epochEnd(clock: EpochClock, epoch: bigint): bigint {
  return epochStart(clock, epoch + 1n);
}
