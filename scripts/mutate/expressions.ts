import { childOf, commonTypeOf, isNode, listOf, rangeOf, textOf, typeOf } from './ast.ts';
import type { AstNode } from './ast.ts';
import type { Mutation, Operator } from './mutation.ts';

/** Everything an operator may look at besides the node itself. */
export type Site = {
  readonly node: AstNode;
  readonly parent: AstNode | undefined;
  readonly text: (node: AstNode) => string;
  /** Declarations of constants and immutables by id. */
  readonly fixed: ReadonlyMap<number, AstNode>;
};

const ARITHMETIC: Readonly<Record<string, string>> = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '&': '|',
  '|': '&',
  '<<': '>>',
  '>>': '<<',
};
const BOUNDARY: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };
const EQUALITY: Readonly<Record<string, string>> = { '==': '!=', '!=': '==' };
const LOGICAL: Readonly<Record<string, string>> = { '&&': '||', '||': '&&' };

const mutation = (operator: Operator, node: AstNode, replacement: string): Mutation => ({
  operator,
  kind: 'expression',
  range: rangeOf(node),
  replacement,
});

const isInteger = (type: string): boolean => /^uint\d+$/.test(type);

function ofBinary({ node, text }: Site): readonly Mutation[] {
  if (!/^(uint\d+|bytes32|bool|address|enum )/.test(commonTypeOf(node))) return [];
  const operator = textOf(node, 'operator');
  const left = text(childOf(node, 'leftExpression'));
  const right = text(childOf(node, 'rightExpression'));
  const swap = (table: Readonly<Record<string, string>>, kind: Operator): readonly Mutation[] => {
    const other = table[operator];
    return other === undefined ? [] : [mutation(kind, node, `${left} ${other} ${right}`)];
  };
  const drops = operator in LOGICAL ? [left, right].map((one) => mutation('operand', node, one)) : [];
  return [
    ...swap(ARITHMETIC, 'arithmetic'),
    ...swap(BOUNDARY, 'boundary'),
    ...swap(EQUALITY, 'logic'),
    ...swap(LOGICAL, 'logic'),
    ...drops,
  ];
}

function ofUnary({ node, text }: Site): readonly Mutation[] {
  return textOf(node, 'operator') === '!' ? [mutation('logic', node, text(childOf(node, 'subExpression')))] : [];
}

function ofConditional({ node, text }: Site): readonly Mutation[] {
  const type = typeOf(node);
  const cast = (branch: AstNode): string => (isInteger(type) ? `${type}(${text(branch)})` : text(branch));
  return ['trueExpression', 'falseExpression'].map((key) => mutation('guard', node, cast(childOf(node, key))));
}

/** Where the type that a literal is read as is written down, by what stands around it. */
const LITERAL_TYPES: Readonly<Record<string, (parent: AstNode, node: AstNode) => string>> = {
  BinaryOperation: commonTypeOf,
  Assignment: (parent) => typeOf(childOf(parent, 'leftHandSide')),
  VariableDeclarationStatement: (parent) => typeOf(listOf(parent, 'declarations')[0]),
  IndexAccess: (parent, node) => (parent['indexExpression'] === node ? 'uint256' : ''),
};

/** The integer type a literal is read as where it stands; undefined where changing it makes no sense. */
function literalType({ node, parent }: Site): string | undefined {
  if (parent === undefined) return undefined;
  const type = LITERAL_TYPES[parent.nodeType]?.(parent, node);
  return type !== undefined && isInteger(type) ? type : undefined;
}

function ofLiteral(site: Site): readonly Mutation[] {
  const { node, text } = site;
  if (textOf(node, 'kind') === 'bool') return [mutation('logic', node, `!${text(node)}`)];
  const type = literalType(site);
  if (textOf(node, 'kind') !== 'number' || type === undefined) return [];
  const steps = textOf(node, 'value') === '0' ? ['+'] : ['+', '-'];
  return steps.map((step) => mutation('constant', node, `${type}(${text(node)} ${step} 1)`));
}

/** Neighbours of a constant or immutable: the largest number has none above, zero none below. */
function neighbours(declaration: AstNode): readonly string[] {
  const value = declaration['value'];
  if (!isNode(value)) return ['+', '-'];
  if (value.nodeType !== 'Literal') return ['-'];
  return textOf(value, 'value') === '0' ? ['+'] : ['+', '-'];
}

/** What is named here is read, not set and not called. */
function isRead(node: AstNode, parent: AstNode): boolean {
  const place = { Assignment: 'leftHandSide', FunctionCall: 'expression' }[parent.nodeType];
  return place === undefined || parent[place] !== node;
}

/** A constant or an immutable read by name, through a library or not. */
function ofFixed({ node, parent, text, fixed }: Site): readonly Mutation[] {
  const declaration = fixed.get(Number(node['referencedDeclaration']));
  if (declaration === undefined || parent === undefined || !isRead(node, parent)) return [];
  const name = text(node);
  const type = typeOf(node);
  if (type === 'bytes32') return [mutation('constant', node, `bytes32(uint256(${name}) ^ 1)`)];
  if (!isInteger(type)) return [];
  return neighbours(declaration).map((step) => mutation('constant', node, `${name} ${step} 1`));
}

const hasNoEffect = (node: AstNode): boolean => /^(Identifier|MemberAccess|IndexAccess)$/.test(node.nodeType);

/** The literal behind a constant's name; undefined for whatever else. */
function literalOf(node: AstNode, fixed: Site['fixed']): string | undefined {
  const value = fixed.get(Number(node['referencedDeclaration']))?.['value'];
  return isNode(value) && value.nodeType === 'Literal' ? textOf(value, 'value') : undefined;
}

/** Two names of one number: exchanged, they are what they were. */
function sameNumber(first: AstNode, second: AstNode, fixed: Site['fixed']): boolean {
  const number = literalOf(first, fixed);
  return number !== undefined && number === literalOf(second, fixed);
}

/** The call with each pair of neighbouring arguments of one type exchanged. */
export function swappedCalls({ node, text, fixed }: Site): readonly string[] {
  const args = listOf(node, 'arguments');
  if (args.length < 2 || textOf(node, 'kind') === 'typeConversion' || listOf(node, 'names').length > 0) return [];
  const callee = text(childOf(node, 'expression'));
  // The order of these arguments means nothing.
  if (/^Math\.(min|max|average)$/.test(callee)) return [];
  return args.slice(1).flatMap((second, index) => {
    const first = args[index];
    if (first === undefined || ![first, second].every(hasNoEffect) || text(first) === text(second)) return [];
    if (typeOf(first) === '' || typeOf(first) !== typeOf(second) || sameNumber(first, second, fixed)) return [];
    const swapped = args.map((one) => (one === first ? text(second) : one === second ? text(first) : text(one)));
    return [`${callee}(${swapped.join(', ')})`];
  });
}

function ofCall(site: Site): readonly Mutation[] {
  const { node, text } = site;
  const type = typeOf(node);
  if (type === '' || type.startsWith('tuple(')) return [];
  const args = listOf(node, 'arguments').map(text);
  const callee = text(childOf(node, 'expression'));
  const other: Readonly<Record<string, string>> = {
    'Math.min': `Math.max(${args.join(', ')})`,
    'Math.max': `Math.min(${args.join(', ')})`,
    'Math.ceilDiv': `(${args[0] ?? ''}) / (${args[1] ?? ''})`,
  };
  const swaps = swappedCalls(site).map((call) => mutation('arguments', node, call));
  return callee in other ? [...swaps, mutation('arithmetic', node, other[callee] ?? '')] : swaps;
}

const OPERATORS: Readonly<Record<string, (site: Site) => readonly Mutation[]>> = {
  BinaryOperation: ofBinary,
  UnaryOperation: ofUnary,
  Conditional: ofConditional,
  Literal: ofLiteral,
  Identifier: ofFixed,
  MemberAccess: ofFixed,
  FunctionCall: ofCall,
};

export function mutateExpression(site: Site): readonly Mutation[] {
  return OPERATORS[site.node.nodeType]?.(site) ?? [];
}
