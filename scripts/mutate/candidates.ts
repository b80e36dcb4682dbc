import { childOf, collect, isNode, listOf, rangeOf, textOf, walk } from './ast.ts';
import type { AstNode } from './ast.ts';
import { mutateAssembly } from './assembly.ts';
import { mutateExpression } from './expressions.ts';
import type { Candidate, Mutation } from './mutation.ts';
import { mutateModifiers, mutateStatement } from './statements.ts';

/** A parsed source; `text` holds one character per byte, as solc counts. */
export type ParsedSource = { readonly file: string; readonly text: string; readonly ast: AstNode };

/** A function or modifier, with what can be changed in it. */
export type MutableFunction = {
  readonly scope: string;
  readonly file: string;
  /** How much depends on it: decides its share of the sample. */
  readonly weight: number;
  readonly candidates: readonly Candidate[];
};

/**
 * Three for the libraries and for every function that moves or promises tokens (itself, through a function that it calls,
 * or because such a function calls it), two for what changes other state, one for views and constructors.
 */
export const FUNCTION_WEIGHTS = { money: 3, state: 2, other: 1 } as const;

/** Calls that move tokens, or have another contract move them. */
const TOKEN_CALLS = new Set(['safeTransfer', 'safeTransferFrom', 'burn', 'permit', 'slash', 'chargeAnchor', 'resolve']);
/** Storage that says how much somebody owns, owes or may claim, or decides whether it is paid twice. */
const MONEY_STORAGE =
  /^(stake|unbonding|pendingBurn|_fees|reserve|amount|paid|returned|commitment|total|_claimed|slashBase|slashedBps|_offences|units|_challenges|seed|recordsRoot|root|electorate|claimable|state)$/;

type Definition = { readonly node: AstNode; readonly scope: string; readonly file: string; readonly library: boolean };

const isRunning = (node: AstNode): boolean =>
  ['FunctionDefinition', 'ModifierDefinition'].includes(node.nodeType) && isNode(node['body']);

function definitionsOf({ ast, file }: ParsedSource): readonly Definition[] {
  return collect(ast, (node) => node.nodeType === 'ContractDefinition').flatMap((contract) =>
    listOf(contract, 'nodes')
      .filter(isRunning)
      .map((node) => ({
        node,
        file,
        scope: `${textOf(contract, 'name')}.${textOf(node, 'name') || textOf(node, 'kind')}`,
        library: file.includes('/libraries/'),
      })),
  );
}

/** The name behind `a`, `a.b`, `a[i].b`. */
function writtenName(node: AstNode): string {
  if (node.nodeType === 'IndexAccess') return writtenName(childOf(node, 'baseExpression'));
  return textOf(node, node.nodeType === 'MemberAccess' ? 'memberName' : 'name');
}

function touchesMoney({ node }: Definition): boolean {
  return collect(node, ({ nodeType }) => nodeType === 'Assignment' || nodeType === 'FunctionCall').some((one) =>
    one.nodeType === 'Assignment'
      ? MONEY_STORAGE.test(writtenName(childOf(one, 'leftHandSide')))
      : TOKEN_CALLS.has(textOf(childOf(one, 'expression'), 'memberName')),
  );
}

function calleesOf(definition: Definition, byId: ReadonlyMap<number, Definition>): readonly Definition[] {
  return collect(definition.node, (node) => 'referencedDeclaration' in node).flatMap((node) => {
    const found = byId.get(Number(node['referencedDeclaration']));
    return found === undefined ? [] : [found];
  });
}

/** Everything from which `start` is reached over `edges`, itself included. */
function closure(start: ReadonlySet<Definition>, edges: (one: Definition) => readonly Definition[]): Set<Definition> {
  const seen = new Set(start);
  // A set that grows while it is walked: each member is visited once.
  for (const one of seen) for (const next of edges(one)) seen.add(next);
  return seen;
}

/** The functions that move or promise tokens, with all they call and all that call them. */
function moneyFunctions(definitions: readonly Definition[]): ReadonlySet<Definition> {
  const byId = new Map(definitions.map((one) => [Number(one.node['id']), one]));
  const callees = new Map(definitions.map((one) => [one, calleesOf(one, byId)]));
  const callers = (one: Definition): readonly Definition[] =>
    definitions.filter((other) => callees.get(other)?.includes(one) === true);
  const up = closure(new Set(definitions.filter(touchesMoney)), callers);
  return closure(up, (one) => callees.get(one) ?? []);
}

function weightOf(one: Definition, money: ReadonlySet<Definition>): number {
  if (one.library) return FUNCTION_WEIGHTS.money;
  if (textOf(one.node, 'kind') === 'constructor') return FUNCTION_WEIGHTS.other;
  if (money.has(one)) return FUNCTION_WEIGHTS.money;
  const constant = ['view', 'pure'].includes(textOf(one.node, 'stateMutability'));
  return constant ? FUNCTION_WEIGHTS.other : FUNCTION_WEIGHTS.state;
}

function mutationsOf(one: Definition, source: ParsedSource, fixed: ReadonlyMap<number, AstNode>): readonly Mutation[] {
  const text = (node: AstNode): string => source.text.slice(...rangeOf(node));
  const found: Mutation[] = [...mutateModifiers(one.node, text)];
  walk(childOf(one.node, 'body'), (node, parent) => {
    if (node.nodeType === 'InlineAssembly') {
      found.push(...mutateAssembly(node, text));
      return false;
    }
    const site = { node, parent, text, fixed };
    found.push(...mutateStatement(site, source.text), ...mutateExpression(site));
    // Below a constant's qualified name is nothing to change.
    return node.nodeType !== 'RevertStatement' && !fixed.has(Number(node['referencedDeclaration']));
  });
  return found;
}

/** Constants and immutables of all sources, by id. */
function fixedDeclarations(sources: readonly ParsedSource[]): ReadonlyMap<number, AstNode> {
  const declarations = sources.flatMap(({ ast }) =>
    collect(ast, ({ nodeType, mutability }) => {
      return nodeType === 'VariableDeclaration' && (mutability === 'constant' || mutability === 'immutable');
    }),
  );
  return new Map(declarations.map((node) => [Number(node['id']), node]));
}

/** Every function of the sources that has anything to change. */
export function findCandidates(sources: readonly ParsedSource[]): readonly MutableFunction[] {
  const definitions = sources.flatMap(definitionsOf);
  const money = moneyFunctions(definitions);
  const fixed = fixedDeclarations(sources);
  return definitions.flatMap((one) => {
    const source = sources.find(({ file }) => file === one.file);
    if (source === undefined) return [];
    const candidates = mutationsOf(one, source, fixed).map((mutation): Candidate => ({
      ...mutation,
      file: one.file,
      scope: one.scope,
      original: source.text.slice(...mutation.range),
    }));
    if (candidates.length === 0) return [];
    return [{ scope: one.scope, file: one.file, weight: weightOf(one, money), candidates }];
  });
}
