/** The part of solc's syntax tree that the mutation operators look at. */
export type AstNode = { readonly nodeType: string; readonly src: string; readonly [key: string]: unknown };

/** Half-open, in bytes of the source. */
export type Range = readonly [start: number, end: number];

export function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && 'nodeType' in value && 'src' in value;
}

/** A child that the tree always has at this place. */
export function childOf(node: AstNode, key: string): AstNode {
  const child = node[key];
  if (!isNode(child)) throw new Error(`${node.nodeType} at ${node.src} has no ${key}`);
  return child;
}

export function listOf(node: AstNode, key: string): readonly AstNode[] {
  const list = node[key];
  return Array.isArray(list) ? list.filter(isNode) : [];
}

export function textOf(node: AstNode, key: string): string {
  const value = node[key];
  return typeof value === 'string' ? value : '';
}

/** solc's name of an expression's type, e.g. `uint96`; empty for statements. */
export function typeOf(node: AstNode | undefined): string {
  return typeStringOf(node?.['typeDescriptions']);
}

/** The type that both operands of a binary operation are brought to. */
export function commonTypeOf(node: AstNode): string {
  return typeStringOf(node['commonType']);
}

function typeStringOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('typeString' in value)) return '';
  return typeof value.typeString === 'string' ? value.typeString : '';
}

export function rangeOf(node: AstNode): Range {
  const [start = 0, length = 0] = node.src.split(':').map(Number);
  return [start, start + length];
}

/** Types and documentation hold nothing that runs. */
const NOT_CODE = new Set(['typeName', 'documentation', 'overrides', 'baseContracts']);

export function childrenOf(node: AstNode): readonly AstNode[] {
  return Object.entries(node).flatMap(([key, value]) => {
    if (NOT_CODE.has(key)) return [];
    return (Array.isArray(value) ? value : [value]).filter(isNode);
  });
}

/** Depth first, parents before their children. `visit` returns false to skip what lies below. */
export function walk(
  node: AstNode,
  visit: (node: AstNode, parent: AstNode | undefined) => boolean,
  parent?: AstNode,
): void {
  if (!visit(node, parent)) return;
  for (const child of childrenOf(node)) walk(child, visit, node);
}

/** Every node for which `wanted` holds, in source order. */
export function collect(root: AstNode, wanted: (node: AstNode) => boolean): readonly AstNode[] {
  const found: AstNode[] = [];
  walk(root, (node) => {
    if (wanted(node)) found.push(node);
    return true;
  });
  return found.sort((a, b) => rangeOf(a)[0] - rangeOf(b)[0]);
}
