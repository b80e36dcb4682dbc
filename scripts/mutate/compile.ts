import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix } from 'node:path';

import { isNode } from './ast.ts';
import type { ParsedSource } from './candidates.ts';

/** Source texts by the names that solc knows them by. */
export type Sources = Readonly<Record<string, string>>;

export type Diagnostic = {
  readonly severity: string;
  readonly formattedMessage: string;
  readonly sourceLocation?: { readonly file: string; readonly start: number };
};
export type AbiItem = { readonly type: string; readonly name?: string };
export type Code = {
  readonly abi: readonly AbiItem[];
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: { readonly object: string };
  };
};
export type Output = {
  readonly errors?: readonly Diagnostic[];
  readonly sources?: Readonly<Record<string, { readonly ast?: unknown }>>;
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Code>>>>;
};

type Solc = { readonly compile: (input: string) => string };
const loadSolc = (): Solc => createRequire(import.meta.url)('solc') as Solc;

const IMPORT = /^\s*import[^;]*?["']([^"']+)["'];/gms;

/** The files with everything that they import. */
export function closureOf(entries: readonly string[], read: (file: string) => string): Sources {
  const sources: Record<string, string> = {};
  const pending = [...entries];
  for (const file of pending) {
    if (sources[file] !== undefined) continue;
    const text = read(file);
    sources[file] = text;
    for (const [, target = ''] of text.matchAll(IMPORT)) {
      pending.push(target.startsWith('.') ? posix.join(posix.dirname(file), target) : target);
    }
  }
  return sources;
}

/** Read from the checkout and from `node_modules`. */
export function readSources(root: string, entries: readonly string[]): Sources {
  return closureOf(entries, (file) =>
    readFileSync(join(root, file.startsWith('@') ? `node_modules/${file}` : file), 'utf8'),
  );
}

function inputOf(sources: Sources, settings: object): object {
  const content = Object.fromEntries(Object.entries(sources).map(([file, text]) => [file, { content: text }]));
  return { language: 'Solidity', sources: content, settings: { evmVersion: 'prague', ...settings } };
}

function compile(sources: Sources, settings: object): Output {
  return JSON.parse(loadSolc().compile(JSON.stringify(inputOf(sources, settings)))) as Output;
}

export const errorsOf = ({ errors = [] }: Output): readonly Diagnostic[] =>
  errors.filter(({ severity }) => severity === 'error');

/** Names, types, trees: everything but code, in a second or two. */
export function analyse(sources: Sources): Output {
  return compile(sources, { outputSelection: { '*': { '': ['ast'] } } });
}

/** Trees and interfaces with the compiler's input; where code belongs, there is nothing. */
export function compileTrees(sources: Sources): { readonly input: object; readonly output: object } {
  const input = inputOf(sources, { outputSelection: { '*': { '*': ['abi', 'evm.methodIdentifiers'], '': ['ast'] } } });
  const output = JSON.parse(loadSolc().compile(JSON.stringify(input))) as Output;
  const nothing = { object: '', sourceMap: '', linkReferences: {}, opcodes: '' };
  const contracts = Object.entries(output.contracts ?? {}).map(([file, byName]) => {
    const stubbed = Object.entries(byName).map(([name, { evm, ...rest }]) => {
      const code = { ...evm, bytecode: nothing, deployedBytecode: nothing };
      return [name, { ...rest, metadata: '', devdoc: {}, userdoc: {}, evm: code }] as const;
    });
    return [file, Object.fromEntries(stubbed)] as const;
  });
  return { input, output: { ...output, contracts: Object.fromEntries(contracts) } };
}

/**
 * Code of one file's contracts. The optimizer would take minutes over hundreds of mutants and is not what is tested, so
 * only the step that keeps the stack shallow enough is on.
 */
export function compileFile(sources: Sources, file: string): Output {
  return compile(sources, {
    viaIR: true,
    optimizer: { enabled: false, details: { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: ':' } } },
    outputSelection: { [file]: { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
  });
}

/** The trees of the project's own contracts, with one character per byte in the text. */
export function parse(sources: Sources): readonly ParsedSource[] {
  const { sources: parsed = {} } = analyse(sources);
  return Object.entries(sources)
    .filter(([file]) => file.startsWith('contracts/'))
    .map(([file, text]) => {
      const ast = parsed[file]?.ast;
      if (!isNode(ast)) throw new Error(`${file} does not compile`);
      return { file, text: Buffer.from(text, 'utf8').toString('latin1'), ast };
    });
}
