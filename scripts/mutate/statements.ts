import { childOf, isNode, listOf, rangeOf, textOf, typeOf } from './ast.ts';
import type { AstNode, Range } from './ast.ts';
import { swappedCalls } from './expressions.ts';
import type { Site } from './expressions.ts';
import type { Mutation, Operator } from './mutation.ts';

/** Places where a statement may stand, other than the head of a loop. */
function isStatementSlot(node: AstNode, parent: AstNode | undefined): boolean {
  if (parent === undefined) return false;
  if (parent.nodeType === 'Block' || parent.nodeType === 'UncheckedBlock') return true;
  return ['trueBody', 'falseBody', 'body'].some((key) => parent[key] === node);
}

/** With its semicolon, which solc leaves out. */
function statementRange(node: AstNode, source: string): Range {
  const [start, end] = rangeOf(node);
  const semicolon = source.indexOf(';', end);
  return source.slice(end, semicolon).trim() === '' ? [start, semicolon + 1] : [start, end];
}

const COMPOUND: Readonly<Record<string, readonly string[]>> = { '+=': ['-=', '='], '-=': ['+='], '|=': ['='] };

function ofAssignment(expression: AstNode, text: Site['text']): readonly string[] {
  if (expression.nodeType !== 'Assignment') return [];
  const left = text(childOf(expression, 'leftHandSide'));
  const right = text(childOf(expression, 'rightHandSide'));
  return (COMPOUND[textOf(expression, 'operator')] ?? []).map((other) => `${left} ${other} ${right};`);
}

function isRemovable(expression: AstNode): boolean {
  if (expression.nodeType === 'UnaryOperation') return textOf(expression, 'operator') === 'delete';
  if (expression.nodeType === 'FunctionCall') return true;
  // solc refuses a storage reference that may be left unset.
  return (
    expression.nodeType === 'Assignment' && !typeOf(childOf(expression, 'leftHandSide')).includes('storage pointer')
  );
}

function ofExpressionStatement(site: Site, source: string): readonly Mutation[] {
  const { node, text } = site;
  const expression = childOf(node, 'expression');
  const range = statementRange(node, source);
  const make = (operator: Operator, replacement: string): Mutation => ({
    operator,
    kind: 'statement',
    range,
    replacement,
  });
  const swaps =
    expression.nodeType === 'FunctionCall' && typeOf(expression) === 'tuple()'
      ? swappedCalls({ ...site, node: expression }).map((call) => make('arguments', `${call};`))
      : [];
  return [
    ...(isRemovable(expression) ? [make('statement', '')] : []),
    ...ofAssignment(expression, text).map((other) => make('arithmetic', other)),
    ...swaps,
  ];
}

function ofEmit(site: Site, source: string): readonly Mutation[] {
  const range = statementRange(site.node, source);
  const swaps = swappedCalls({ ...site, node: childOf(site.node, 'eventCall') });
  return [
    { operator: 'event', kind: 'statement', range, replacement: '' },
    ...swaps.map((call): Mutation => ({
      operator: 'arguments',
      kind: 'statement',
      range,
      replacement: `emit ${call};`,
    })),
  ];
}

/** Whether an `if` does nothing but refuse. */
function isGuard(node: AstNode): boolean {
  const body = childOf(node, 'trueBody');
  const only = body.nodeType === 'Block' ? listOf(body, 'statements') : [body];
  return only.length === 1 && only[0]?.nodeType === 'RevertStatement';
}

function ofIf({ node }: Site): readonly Mutation[] {
  const range = rangeOf(childOf(node, 'condition'));
  const forced = isGuard(node) ? ['false'] : ['false', 'true'];
  return forced.map((replacement): Mutation => ({ operator: 'guard', kind: 'expression', range, replacement }));
}

export function mutateStatement(site: Site, source: string): readonly Mutation[] {
  const { node, parent } = site;
  if (node.nodeType === 'IfStatement') return ofIf(site);
  if (!isStatementSlot(node, parent)) return [];
  if (node.nodeType === 'ExpressionStatement') return ofExpressionStatement(site, source);
  return node.nodeType === 'EmitStatement' ? ofEmit(site, source) : [];
}

/** A function without one of its modifiers. Base constructors look the same and stay. */
export function mutateModifiers(definition: AstNode, text: Site['text']): readonly Mutation[] {
  return listOf(definition, 'modifiers')
    .filter((node) => textOf(node, 'kind') === 'modifierInvocation' && !isNode(listOf(node, 'arguments')[0]))
    .map((node) => ({
      operator: 'modifier',
      kind: 'modifier',
      range: rangeOf(node),
      replacement: text(childOf(node, 'modifierName')),
    }));
}
