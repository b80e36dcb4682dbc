import { COMMITTEES, runGrid } from './eval/attacks/grid.ts';
import { favourReport } from './eval/attacks/report-favour.ts';
import { escalationReport, goldReport, startUpReport } from './eval/attacks/report-golds.ts';
import { gridReport } from './eval/attacks/report-grid.ts';
import { nodeReport } from './eval/attacks/report-nodes.ts';
import { sybilReport } from './eval/attacks/report-sybils.ts';
import { trustReport } from './eval/attacks/report-trust.ts';
import { createWorld } from './eval/attacks/world.ts';
import type { World } from './eval/attacks/world.ts';
import { Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import { JSON_OPTION } from './lib/session.ts';

/** Drawn receipts of five nodes at a hundred each, and the golds that a gateway prepares by default. */
const EPOCHS = 10;
const RECEIPTS = 500;
const GOLDS = 64;
const SEEDS = { full: 20, quick: 3 } as const;

const OPTIONS = {
  seeds: { type: 'string', value: 'N', help: `worlds to average over (default ${SEEDS.full}; quick: ${SEEDS.quick})` },
  seed: { type: 'string', value: 'N', help: 'number of the first world (default 1): same number, same output' },
  quick: { type: 'boolean', help: 'few worlds, committees of 5 and 9 only' },
  ...JSON_OPTION,
} as const;

export const evalAttacks = defineCommand(
  {
    name: 'eval-attacks',
    summary: 'Runs the Proof of Quality engine against lying evaluators and cheating nodes, and prints what they get.',
    options: OPTIONS,
    notes: ['--json prints {"cells": [{attack, ratio, committee, rule, rmse, ci95, attackerPay, honestPay}]} only.'],
  },
  async ({ options, io }) => {
    const seeds = wholeNumber('seeds', options.seeds, options.quick ? SEEDS.quick : SEEDS.full);
    const first = wholeNumber('seed', options.seed, 1);
    const known = new Map<number, readonly World[]>();
    const worldsOf = (gateways: number): readonly World[] => {
      const made = known.get(gateways) ?? createWorlds({ seeds, first, gateways });
      known.set(gateways, made);
      return made;
    };
    const worlds = worldsOf(1);
    const cells = runGrid({ worlds, committees: options.quick ? [5, 9] : COMMITTEES });
    if (options.json) {
      io.stdout(JSON.stringify({ cells }));
      return Exit.ok;
    }
    io.stdout(
      `${seeds} worlds from number ${first}; ${EPOCHS} epochs of ${RECEIPTS} drawn receipts, ${GOLDS} of them golds`,
    );
    const sections = [
      () => gridReport(cells),
      () => startUpReport(worlds),
      () => escalationReport(worlds),
      () => goldReport(worldsOf),
      () => favourReport(worlds),
      () => trustReport(worldsOf),
      () => nodeReport(String(first)),
      () => sybilReport(String(first)),
    ];
    for (const section of sections) ['', ...section()].forEach(io.stdout);
    return Exit.ok;
  },
);

type Worlds = { readonly seeds: number; readonly first: number; readonly gateways: number };

function createWorlds({ seeds, first, gateways }: Worlds): readonly World[] {
  return Array.from({ length: seeds }, (_, index) =>
    createWorld({ seed: first + index, epochs: EPOCHS, receipts: RECEIPTS, golds: GOLDS, gateways }),
  );
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`--${name} must be a whole number above zero, got "${text}"`);
  return Number(text);
}

if (import.meta.main) await runMain(evalAttacks);
