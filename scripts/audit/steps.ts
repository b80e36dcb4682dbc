import { Wrong } from './wrong.ts';

/** The steps that look at every receipt, in the order in which the first wrong thing is looked for. */
export const STEPS = ['receipts and their batches', 'seeds', 'draws', 'committees and evaluations', 'records'] as const;
export type Step = (typeof STEPS)[number];

export type Finding = { readonly line: number; readonly field: string; readonly detail: string };
export type StepFinding = Finding & { readonly step: Step };

/**
 * All steps go over the receipts at once, and still it is the first thing of the first step that counts: once something
 * is wrong in a step, later ones need not look any more, and earlier ones go on.
 */
export type Findings = {
  /** Runs a part of a step. @returns whether nothing is wrong up to this step. */
  readonly attempt: (step: Step, examine: () => void) => boolean;
  readonly add: (finding: StepFinding) => void;
  readonly first: () => StepFinding | undefined;
};

export function createFindings(): Findings {
  let found: StepFinding | undefined;
  const isOpen = (step: Step): boolean => found === undefined || STEPS.indexOf(step) < STEPS.indexOf(found.step);
  const add = (finding: StepFinding): void => {
    if (isOpen(finding.step)) found = finding;
  };
  return {
    attempt(step, examine) {
      if (!isOpen(step)) return false;
      try {
        examine();
        return true;
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        add({ step, ...findingOf(error) });
        return false;
      }
    },
    add,
    first: () => found,
  };
}

export function findingOf({ line, field, message }: Wrong): Finding {
  return { line, field, detail: message };
}
