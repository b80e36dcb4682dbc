import { childOf, childrenOf, listOf, rangeOf, textOf } from './ast.ts';
import type { AstNode, Range } from './ast.ts';
import type { Mutation } from './mutation.ts';

type Text = (node: AstNode) => string;

/** Opcode → the call that replaces it, with both arguments. */
const OPCODES: Readonly<Record<string, readonly ((a: string, b: string) => string)[]>> = {
  gt: [(a, b) => `iszero(lt(${a}, ${b}))`, (a, b) => `lt(${a}, ${b})`],
  lt: [(a, b) => `iszero(gt(${a}, ${b}))`, (a, b) => `gt(${a}, ${b})`],
  eq: [(a, b) => `iszero(eq(${a}, ${b}))`],
  add: [(a, b) => `sub(${a}, ${b})`],
  sub: [(a, b) => `add(${a}, ${b})`],
  mul: [(a) => a],
  and: [(a, b) => `or(${a}, ${b})`, (a) => a, (_a, b) => b],
  or: [(a, b) => `and(${a}, ${b})`, (a) => a, (_a, b) => b],
  shl: [(a, b) => `shr(${a}, ${b})`],
  iszero: [(a) => a],
};

function ofCall(node: AstNode, text: Text): readonly string[] {
  const [a = '', b = ''] = listOf(node, 'arguments').map(text);
  return (OPCODES[textOf(childOf(node, 'functionName'), 'name')] ?? []).map((make) => make(a, b));
}

function ofLiteral(node: AstNode, text: Text): readonly string[] {
  return textOf(node, 'kind') === 'number' ? [`add(${text(node)}, 1)`] : [];
}

const REMOVABLE = new Set(['YulAssignment', 'YulExpressionStatement', 'YulBreak']);

/** What can be changed in one assembly block. The head of a loop keeps its statements, or it would never end. */
export function mutateAssembly(block: AstNode, text: Text): readonly Mutation[] {
  const assembly: Range = rangeOf(block);
  const found: Mutation[] = [];
  const visit = (node: AstNode, inHead: boolean): void => {
    const add = (kind: Mutation['kind'], replacement: string): void => {
      found.push({ operator: 'assembly', kind, range: rangeOf(node), replacement, assembly });
    };
    if (node.nodeType === 'YulFunctionCall') for (const other of ofCall(node, text)) add('yul-expression', other);
    if (node.nodeType === 'YulLiteral') for (const other of ofLiteral(node, text)) add('yul-expression', other);
    if (!inHead && REMOVABLE.has(node.nodeType)) add('yul-statement', '');
    const head = [node['pre'], node['post']];
    for (const child of childrenOf(node)) visit(child, inHead || head.includes(child));
  };
  visit(childOf(block, 'AST'), false);
  return found;
}
