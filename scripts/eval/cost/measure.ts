import { generateTasks, judge } from '../attacks/market.ts';
import { honest } from '../attacks/cheats.ts';
import { simulate } from '../attacks/simulate.ts';
import { createWorld } from '../attacks/world.ts';

/** Milliseconds of one evaluation by the default scorer on this machine: median of several runs over real answers. */
export function evaluationMs(): number {
  const tasks = generateTasks('cost', 200);
  const answers = tasks.map((task) => ({ task, answer: honest.careful(task), other: honest.middling(task) }));
  const run = (): number => {
    const startedAt = performance.now();
    for (const { task, answer, other } of answers) {
      judge(task, answer, [
        { account: '0x01', family: 'a', text: other },
        { account: '0x02', family: 'b', text: answer },
      ]);
    }
    return (performance.now() - startedAt) / answers.length;
  };
  const runs = Array.from({ length: 7 }, run).sort((a, b) => a - b);
  return runs[3] ?? 0;
}

/** Share of committees that escalate when nobody lies and evaluators err as in the attack evaluation. */
export function honestEscalation(): number {
  const world = createWorld({ seed: 1, epochs: 4, receipts: 500, golds: 64, gateways: 1 });
  const { escalated } = simulate(world, { attack: 'noise', ratio: 0, committee: 5, escalates: true });
  return escalated.reduce((sum, count) => sum + count, 0) / (4 * 500);
}
