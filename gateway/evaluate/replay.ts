import type { Handler } from '../outbox/outbox.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import type { Address, Hex } from '../protocol/types.ts';
import { rankCommittee } from '../poq/committee.ts';
import type { Examination, ExaminationLog, Replay } from './ports.ts';

/**
 * Sends an examined request to other operators' nodes, so that the committee can compare. The nodes follow from the
 * seed, by the same ranking as committees; a replay is a request like any other to the node that serves it.
 */
export type ReplayDeps = {
  readonly log: ExaminationLog;
  readonly params: ProtocolParams;
  /** Accounts of inference nodes that serve now. */
  readonly nodes: () => readonly Address[];
  /** Serves `body` on one node and resolves to what it answered; rejects when it did not. */
  readonly serveOn: (node: Address, body: JsonObject) => Promise<Omit<Replay, 'node'>>;
  readonly onMissing: (node: Address, error: unknown) => void;
};

export function createReplay(deps: ReplayDeps): Handler {
  return async (row) => {
    const receiptId = row.payload['receiptId'] as Hex;
    const examination = await deps.log.examination(receiptId);
    if (examination === undefined) await deps.log.close(row.key);
    else await deps.log.saveReplays(row.key, examination, await replays(deps, examination), 0);
    return 'finished';
  };
}

const MAX_TRIES_PER_PEER = 3;

async function replays(deps: ReplayDeps, examination: Examination): Promise<readonly Replay[]> {
  const body = JSON.parse(examination.content.request) as JsonObject;
  const ranked = rankCommittee({
    seed: examination.seed,
    receiptLeaf: examination.receiptLeaf,
    evaluators: deps.nodes(),
    excluded: [examination.receipt.node],
  });
  const answered: Replay[] = [];
  for (const node of ranked.slice(0, MAX_TRIES_PER_PEER * deps.params.replayPeers)) {
    if (answered.length >= deps.params.replayPeers) break;
    try {
      const answer = await deps.serveOn(node, body);
      // One voice per model: two nodes of one model agreeing says no more than one of them.
      if (answered.every(({ modelId }) => modelId !== answer.modelId)) answered.push({ node, ...answer });
    } catch (error) {
      deps.onMissing(node, error);
    }
  }
  return answered;
}
