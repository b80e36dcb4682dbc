import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Beside the installed packages: whoever may write there could change the code itself. */
const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/dgrid', import.meta.url));

/**
 * Keeps what Node compiles, types taken out, for the next start: of the modules that are imported after this call, and of
 * all threads. A thread whose code was found there never loads the compiler that takes types out, some 20 MB in each.
 * Where the folder cannot be written, everything is compiled at every start; `NODE_COMPILE_CACHE` names another.
 */
export function keepCompiled(env: NodeJS.ProcessEnv = process.env): void {
  if (env['NODE_COMPILE_CACHE'] !== undefined) return; // it was on before the first module
  if (env['NODE_V8_COVERAGE'] !== undefined) return; // code from a cache is counted less exactly
  env['NODE_COMPILE_CACHE'] = FOLDER; // read by threads when they start
  enableCompileCache(FOLDER);
}
