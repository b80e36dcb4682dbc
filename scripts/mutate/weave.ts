import type { Range } from './ast.ts';
import { collect, listOf, rangeOf, textOf } from './ast.ts';
import type { ParsedSource } from './candidates.ts';
import type { Mutant } from './mutation.ts';

/** Source unit of the switch that all woven sources import. */
export const SWITCH_FILE = 'mutants/Switch.sol';
/** Whose balance says which mutant is switched on; 0 is none. */
export const SWITCH_ADDRESS = '0x000000000000000000000000000000006d757461';

/**
 * Mutants live in pure functions too, so a view function is passed off as a pure one; the balance is out of reach of
 * the optimizer and of everything that the contracts and tests do.
 */
export const SWITCH_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

function readSwitch(uint256 id) view returns (bool on) {
    assembly ("memory-safe") { on := eq(balance(${SWITCH_ADDRESS}), id) }
}

function MUTANT(uint256 id) pure returns (bool) {
    function(uint256) view returns (bool) reading = readSwitch;
    function(uint256) pure returns (bool) asPure;
    assembly ("memory-safe") { asPure := reading }
    return asPure(id);
}
`;

/** One wrapper around the text of its range; those of smaller ranges are applied inside. */
type Wrapper = { readonly range: Range; readonly wrap: (inner: string) => string };

function wrapperOf({ id, kind, range, replacement }: Mutant): Wrapper {
  const wraps: Readonly<Record<Mutant['kind'], (inner: string) => string>> = {
    expression: (inner) => `(MUTANT(${id}) ? (${replacement}) : (${inner}))`,
    statement: (inner) =>
      replacement === ''
        ? `{ if (!MUTANT(${id})) { ${inner} } }`
        : `{ if (MUTANT(${id})) { ${replacement} } else { ${inner} } }`,
    modifier: () => `${replacement}_switched(MUTANT(${id}))`,
    'yul-expression': (inner) => `choose(mutant${id}, ${replacement}, ${inner})`,
    'yul-statement': (inner) => `if iszero(mutant${id}) { ${inner} }`,
  };
  return { range, wrap: wraps[kind] };
}

const CHOOSE = 'function choose(on, other, usual) -> chosen { chosen := usual if on { chosen := other } }';

/** The switches of an assembly block are read in front of it. */
function assemblyWrappers(mutants: readonly Mutant[]): readonly Wrapper[] {
  const blocks = new Map(mutants.flatMap(({ assembly }) => (assembly === undefined ? [] : [[assembly[0], assembly]])));
  return [...blocks.values()].map((range) => {
    const ids = mutants.filter(({ assembly }) => assembly?.[0] === range[0]).map(({ id }) => id);
    const switches = ids.map((id) => `bool mutant${id} = MUTANT(${id});`).join(' ');
    return { range, wrap: (inner) => `{ ${switches} ${inner.replace('{', () => `{ ${CHOOSE} `)} }` };
  });
}

const sameRange = (a: Range, b: Range): boolean => a[0] === b[0] && a[1] === b[1];
const sizeOf = ([start, end]: Range): number => end - start;

function weaveRange(text: string, range: Range, wrappers: readonly Wrapper[]): string {
  const own = wrappers.filter((one) => sameRange(one.range, range));
  const nested = wrappers.filter((one) => !sameRange(one.range, range));
  let result = '';
  let position = range[0];
  // Source order, the larger of two that begin together first: it holds the other.
  for (const next of [...nested].sort((a, b) => a.range[0] - b.range[0] || sizeOf(b.range) - sizeOf(a.range))) {
    if (next.range[0] < position) continue;
    const inside = nested.filter((one) => one.range[0] >= next.range[0] && one.range[1] <= next.range[1]);
    result += text.slice(position, next.range[0]) + weaveRange(text, next.range, inside);
    position = next.range[1];
  }
  result += text.slice(position, range[1]);
  return own.reduce((inner, { wrap }) => wrap(inner), result);
}

/** A copy of each modifier that a switch can turn off, with the same mutants in it, beside the modifier itself. */
function switchedModifiers({ ast }: ParsedSource): readonly Wrapper[] {
  return collect(ast, ({ nodeType }) => nodeType === 'ModifierDefinition').map((node) => {
    const head = `modifier ${textOf(node, 'name')}_switched(bool off) { if (off) { _; } else `;
    return {
      range: rangeOf(node),
      wrap: (inner) => `${inner} ${head}${inner.slice(inner.indexOf('{'))} }`,
    };
  });
}

/** OpenZeppelin's `restricted`, whose source is not woven. */
const RESTRICTED = 'modifier restricted_switched(bool off) { if (!off) _checkCanCall(_msgSender(), _msgData()); _; }';

function restrictedWrappers({ ast, text }: ParsedSource, mutants: readonly Mutant[]): readonly Wrapper[] {
  if (!mutants.some(({ kind, replacement }) => kind === 'modifier' && replacement === 'restricted')) return [];
  return collect(ast, ({ nodeType }) => nodeType === 'ContractDefinition').flatMap((contract) => {
    const last = listOf(contract, 'nodes').at(-1);
    if (last === undefined || !text.slice(...rangeOf(contract)).includes('restricted')) return [];
    return [{ range: rangeOf(last), wrap: (inner: string) => `${inner} ${RESTRICTED}` }];
  });
}

/** The source with all of its mutants in it, each behind its switch. Returns real UTF-8 text. */
export function weave(source: ParsedSource, mutants: readonly Mutant[]): string {
  const { text } = source;
  const own = mutants.filter(({ file }) => file === source.file);
  const wrappers = [
    ...own.map(wrapperOf),
    ...assemblyWrappers(own),
    ...switchedModifiers(source),
    ...restrictedWrappers(source, own),
  ];
  const woven = weaveRange(text, [0, text.length], wrappers);
  const withImport = woven.replace(
    /^pragma solidity [^;]+;/m,
    (pragma) => `${pragma}\nimport {MUTANT} from "${SWITCH_FILE}";`,
  );
  return Buffer.from(withImport, 'latin1').toString('utf8');
}
