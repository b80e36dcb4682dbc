import { agreement, definiteAgreement, textAgreement } from './agreement.ts';
import { toBps } from './bps.ts';
import { corroboration } from './corroboration.ts';
import { statementOf } from './statement.ts';
import type { Task } from './task.ts';

/** Another operator's answer to the same request. */
export type PeerAnswer = { readonly account: string; readonly family: string; readonly text: string };

/** Other independent answers that a comparison needs: with this one, three. */
const LEAST_VOTES = 2;
const MAX_PEERS = 16;

/** Groups of peers that count as one voice: whoever shares an account or a model family with a member belongs to it. */
export function independentVotes<T extends Pick<PeerAnswer, 'account' | 'family'>>(peers: readonly T[]): T[][] {
  let groups: T[][] = [];
  for (const peer of peers.slice(0, MAX_PEERS)) {
    const related = (other: T): boolean =>
      other.account.toLowerCase() === peer.account.toLowerCase() || other.family === peer.family;
    const joined = groups.filter((group) => group.some(related));
    groups = [...groups.filter((group) => !joined.includes(group)), [...joined.flat(), peer]];
  }
  return groups;
}

/** Whether consistency can be measured with these peers. */
export function isComparable(peers: readonly Pick<PeerAnswer, 'account' | 'family'>[]): boolean {
  return independentVotes(peers).length >= LEAST_VOTES;
}

/** How far the independent others bear the answer out, each voice counted once; 0…10,000. Too few others: 0. */
export function consistencyScore(answer: string, peers: readonly PeerAnswer[], task: Task): number {
  return consistencyOf(hear(answer, peers, task));
}

export function consistencyOf({ votes, agreed }: Hearing): number {
  return votes < LEAST_VOTES ? 0 : toBps(agreed);
}

/** How many independent others there are, and how far they bear an answer out, 0…1. */
export type Hearing = { readonly votes: number; readonly agreed: number };

export function hear(answer: string, peers: readonly PeerAnswer[], task: Task): Hearing {
  const votes = independentVotes(peers);
  return { votes: votes.length, agreed: votes.length === 0 ? 0 : agreementWith(answer, votes, task) };
}

/**
 * The same as a share, for any number of others; 0 for none. Definite answers (an option, JSON, a number) are the same or
 * not; texts are weighed by `corroboration`, for which one other is too few.
 */
function agreementWith(answer: string, votes: readonly (readonly PeerAnswer[])[], task: Task): number {
  const definite = votes.map((group) => group.map(({ text }) => definiteAgreement(answer, text, task)));
  if (definite.flat().every((value) => value === undefined)) return textsAgree(answer, votes, task);
  return mean(
    definite.map((group, index) =>
      mean(group.map((value, at) => value ?? agreement(answer, votes[index]?.[at]?.text ?? '', task))),
    ),
  );
}

/** An answer in the question's own words ("lithium" of lithium batteries) says little: such agreement counts half. */
const ECHO = 0.5;

function textsAgree(answer: string, votes: readonly (readonly PeerAnswer[])[], task: Task): number {
  const beyond = statementOf(answer, task.instructionStems);
  const isEcho = beyond.keys.size === 0;
  const known = isEcho ? new Set<string>() : task.instructionStems;
  const own = isEcho ? statementOf(answer, known) : beyond;
  if (own.keys.size === 0) return 0;
  const voices = votes.map((group) => group.map(({ text }) => statementOf(text, known)));
  const agreed =
    voices.length >= LEAST_VOTES
      ? corroboration(own, voices)
      : mean(voices.map((voice) => mean(voice.map((other) => textAgreement(own, other)))));
  return isEcho ? ECHO * agreed : agreed;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
