import { setTimeout as delay } from 'node:timers/promises';

import { accuracyWithReference } from '../../gateway/poq/dimensions/reference.ts';
import type { Reference } from '../../gateway/poq/dimensions/reference.ts';
import type { JsonValue } from '../../gateway/protocol/canonical-json.ts';
import type { Ask, Reply } from './chat-client.ts';
import { createRandom, shuffled } from './random.ts';
import { taskBody } from './tasks.ts';
import type { DemoTask } from './tasks.ts';

/** One request of the demo and what came of it. */
export type Sent = Reply & {
  readonly epoch: number;
  readonly task: DemoTask;
  readonly streamed: boolean;
  /** Measured by the demo itself against the task's references, in bps; undefined without an answer or a reference. */
  readonly accuracyBps: number | undefined;
};

export type TrafficOptions = {
  readonly ask: Ask;
  readonly tasks: readonly DemoTask[];
  readonly seed: string;
  readonly requestsPerEpoch: number;
  /** Requests of an epoch are spread over this time from its start. */
  readonly spreadMs: number;
  readonly onReply: (sent: Sent) => void;
};

const MAX_IN_FLIGHT = 24;

/** @returns a function that sends one epoch's requests and resolves with all their outcomes. */
export function createTraffic(options: TrafficOptions): (epoch: number) => Promise<Sent[]> {
  const { ask, tasks, seed, requestsPerEpoch, spreadMs, onReply } = options;
  let turn = 0;
  let inFlight = 0;

  async function send(epoch: number, task: DemoTask, streamed: boolean): Promise<Sent> {
    while (inFlight >= MAX_IN_FLIGHT) await delay(5);
    inFlight += 1;
    const reply = await ask(taskBody(task), streamed);
    inFlight -= 1;
    const sent = { ...reply, epoch, task, streamed, accuracyBps: reply.ok ? measure(task, reply.text) : undefined };
    onReply(sent);
    return sent;
  }

  return async (epoch) => {
    const start = performance.now();
    const work = Array.from({ length: requestsPerEpoch }, (_, index) => ({
      index,
      task: taskOfTurn(tasks, seed, turn + index),
    }));
    turn += requestsPerEpoch;
    const pending: Promise<Sent>[] = [];
    for (const { index, task } of work) {
      const waitMs = start + (spreadMs * index) / requestsPerEpoch - performance.now();
      if (waitMs > 0) await delay(waitMs);
      pending.push(send(epoch, task, index % 2 === 0));
    }
    return await Promise.all(pending);
  };
}

/** Every task comes up once before any comes up again; each round has an order of its own. */
export function taskOfTurn(tasks: readonly DemoTask[], seed: string, turn: number): DemoTask {
  const round = Math.floor(turn / tasks.length);
  const task = shuffled(createRandom(seed, 'tasks', round), tasks)[turn % tasks.length];
  if (task === undefined) throw new RangeError('there is no task');
  return task;
}

function measure(task: DemoTask, answer: string): number | undefined {
  const reference = referenceOf(task);
  return reference === undefined ? undefined : accuracyWithReference({ question: task.prompt, answer, reference });
}

function referenceOf({ family, references, schema }: DemoTask): Reference | undefined {
  const [first] = references;
  if (first === undefined) return undefined;
  if (schema !== undefined) return jsonReference(first);
  const value = Number(first.replaceAll(',', ''));
  return family === 'maths' && Number.isFinite(value)
    ? { kind: 'number', value }
    : { kind: 'text', answers: references };
}

function jsonReference(text: string): Reference | undefined {
  try {
    return { kind: 'json', value: JSON.parse(text) as JsonValue };
  } catch {
    return undefined; // a schema with references in words: nothing to compare field by field
  }
}
