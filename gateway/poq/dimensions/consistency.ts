import { agreement } from './agreement.ts';
import { toBps } from './bps.ts';
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

/** Mean agreement with the independent others, each voice counted once; 0…10,000. Too few others: 0. */
export function consistencyScore(answer: string, peers: readonly PeerAnswer[], task: Task): number {
  const votes = independentVotes(peers);
  return votes.length < LEAST_VOTES ? 0 : toBps(meanAgreement(answer, votes, task));
}

/** The same as a share, for any number of others; 0 for none. */
export function meanAgreement(answer: string, votes: readonly (readonly PeerAnswer[])[], task: Task): number {
  const mean = (values: readonly number[]): number =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean(votes.map((group) => mean(group.map((peer) => agreement(answer, peer.text, task)))));
}
