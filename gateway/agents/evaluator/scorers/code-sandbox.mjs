// Evaluates a job of JavaScript from standard input: {code, expressions} in, {values} out. Started by `code-runner.ts` under
// node's permission model; this file only adds an empty global scope and a time limit per step. `node:vm` keeps code from
// meeting this scope by accident, not by force: what holds are the permissions of the process and its deadline.
import { createContext, runInContext } from 'node:vm';

const STEP_MS = 1_000;

let input = '';
for await (const part of process.stdin.setEncoding('utf8')) input += part;
const { code, expressions } = JSON.parse(input);

const scope = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
/** JSON of the value inside the context, where the code's own objects are at home. */
const evaluate = (source) => runInContext(source, scope, { timeout: STEP_MS });

let values = expressions.map(() => []);
try {
  evaluate(code.replace(/^export (?:default )?/gm, ''));
  values = expressions.map((expression) => {
    try {
      const text = evaluate(`JSON.stringify((${expression}))`);
      return typeof text === 'string' ? [JSON.parse(text)] : [];
    } catch {
      return [];
    }
  });
} catch {
  // code that does not run gives no values
}
process.stdout.write(JSON.stringify({ values }));
