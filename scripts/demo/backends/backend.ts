import { createRandom, pick } from '../random.ts';
import { solve } from './arithmetic.ts';
import { classify } from './classification.ts';
import { extractJson } from './extraction.ts';
import { QUALITIES } from './profiles.ts';
import type { Fault, Profile, Quality } from './profiles.ts';
import { parseAssignment } from './prompt.ts';
import type { Assignment, ChatMessage, Intent, SchemaNode } from './prompt.ts';
import { answerFromPassage, rankSentences } from './reading.ts';
import { summarise } from './summary.ts';

export type Prompt = { readonly messages: readonly ChatMessage[]; readonly schema: SchemaNode | undefined };

export type Backend = {
  /** The text of the answer. One request gets one answer from a profile, however often it asks. */
  readonly answer: (prompt: Prompt) => string;
  /** What goes wrong with the next request, if anything. */
  readonly nextFault: () => Fault | undefined;
};

const VAGUE =
  'That depends on the details, but overall the text covers the main points and the answer follows from it.';

export function createBackend(options: { readonly profile: Profile; readonly seed: string }): Backend {
  const { profile, seed } = options;
  const faults = createRandom(seed, 'faults');
  let answered = 0;
  return {
    answer(prompt) {
      answered += 1;
      if (profile.lazy) return VAGUE;
      const random = createRandom(seed, 'answer', JSON.stringify(prompt));
      const assignment = parseAssignment(prompt.messages, prompt.schema);
      return workers[assignment.intent](assignment, qualityNow(profile, answered, random()), random);
    },
    nextFault() {
      const draw = faults();
      return draw < profile.faultShare && profile.faults.length > 0 ? pick(faults, profile.faults) : undefined;
    },
  };
}

/** Decay is a slope, not a switch: over another `degradesAfter` answers the careless ones take over. */
function qualityNow(profile: Profile, answered: number, draw: number): Quality {
  if (profile.degradesAfter === undefined) return profile.quality;
  const worn = (answered - profile.degradesAfter) / profile.degradesAfter;
  return draw < worn ? QUALITIES.careless : profile.quality;
}

type Worker = (assignment: Assignment, quality: Quality, random: () => number) => string;

const workers: Readonly<Record<Intent, Worker>> = {
  reading: (task, quality) => answerFromPassage(textOf(task), task.question, quality.reading),
  extraction: (task, quality, random) =>
    extractJson(textOf(task), task.schema ?? { type: 'object', properties: {} }, quality.extraction, random),
  maths: (task, quality) => solve(`${task.material} ${task.instruction}`.trim(), quality.arithmetic),
  summary: (task, quality) => summarise(textOf(task), task, quality.summary),
  classification: (task, quality) => classify(textOf(task), task.labels, quality.classification),
  // Nothing to work on but the words themselves: give back the sentence that says most.
  other: (task, quality) =>
    rankSentences(textOf(task), task.question, quality.reading.retrieval)[0]?.sentence ??
    'I can only work on a text or numbers that are given to me.',
};

function textOf(task: Assignment): string {
  return task.material === '' ? task.instruction : task.material;
}
