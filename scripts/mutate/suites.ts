import type { AbiItem, Code } from './compile.ts';
import type { ArtifactId, EdrArtifact } from './edr.ts';

/** Code by source and contract name, as the compiler gives it. */
export type Codes = Readonly<Record<string, Readonly<Record<string, Code>>>>;
export type Suite = { readonly id: ArtifactId; readonly tests: readonly string[] };
/** Everything compiled, in the form that the test engine takes. */
export type Compiled = { readonly artifacts: readonly EdrArtifact[]; readonly suites: readonly Suite[] };

const SOLC_VERSION = '0.8.37';

const testsOf = (abi: readonly AbiItem[]): readonly string[] =>
  abi.flatMap(({ type, name = '' }) => (type === 'function' && /^(test|invariant)/.test(name) ? [name] : []));

export function toCompiled(codes: Codes): Compiled {
  const all = Object.entries(codes).flatMap(([source, byName]) =>
    Object.entries(byName).map(([name, code]) => ({ id: { name, source, solcVersion: SOLC_VERSION }, code })),
  );
  const artifacts = all.map(({ id, code: { abi, evm } }): EdrArtifact => ({
    id,
    contract: {
      abi: JSON.stringify(abi),
      bytecode: `0x${evm.bytecode.object}`,
      deployedBytecode: `0x${evm.deployedBytecode.object}`,
    },
  }));
  const suites = all
    .filter(({ id, code }) => id.source.startsWith('test/') && code.evm.bytecode.object !== '')
    .map(({ id, code }) => ({ id, tests: testsOf(code.abi) }));
  return { artifacts, suites: suites.filter(({ tests }) => tests.length > 0) };
}

/** Suites in the order in which they are likely to notice a change of `file`; the invariants, slow and vague, last. */
export function likelyFirst(suites: readonly Suite[], file: string): readonly Suite[] {
  const contract = /([^/]+)\.sol$/.exec(file)?.[1] ?? '';
  const rank = ({ id: { name } }: Suite): number => {
    if (name.startsWith(contract)) return 0;
    if (file.includes('/libraries/') && /^(Libraries|Vectors)/.test(name)) return 1;
    return name.endsWith('Invariants') ? 3 : 2;
  };
  return [...suites].sort((a, b) => rank(a) - rank(b) || a.id.name.localeCompare(b.id.name));
}
