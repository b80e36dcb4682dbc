import { readFileSync } from 'node:fs';

import { UsageError } from '../lib/command.ts';

/** One inference node of the demo: which OpenAI-compatible server stands behind it, and what its model costs. */
export type DemoNode = {
  readonly name: string;
  readonly backendUrl: string;
  readonly model: string;
  /** micro-USD per million tokens */
  readonly price: { readonly input: number; readonly output: number };
};

const MAX_NODES = 16;
const MAX_PRICE = 1_000_000_000_000;

/** `--network file.json`: a list of nodes. @throws UsageError naming the first entry that is wrong. */
export function readNetworkFile(file: string): DemoNode[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--network: cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseNetwork(text, file);
}

export function parseNetwork(text: string, source: string): DemoNode[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    throw new UsageError(`${source}: not JSON`);
  }
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > MAX_NODES)
    throw new UsageError(`${source}: expected a list of 1 to ${MAX_NODES} nodes {name, backendUrl, model, price}`);
  const nodes = (entries as readonly unknown[]).map((entry, index) => {
    const node = parseNode(entry);
    if (typeof node === 'string') throw new UsageError(`${source}: node ${index + 1}: ${node}`);
    return node;
  });
  const names = nodes.map((node) => node.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`${source}: two nodes are called ${twice}`);
  return nodes;
}

function parseNode(entry: unknown): DemoNode | string {
  if (typeof entry !== 'object' || entry === null) return 'not an object';
  const { name, backendUrl, model, price, ...rest } = entry as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) return `unknown field "${unknown}" (there are name, backendUrl, model, price)`;
  if (!isText(name, /^[\w .-]{1,40}$/)) return 'name must be 1 to 40 letters, figures or "-._ "';
  if (!isText(backendUrl, /^https?:\/\//) || !URL.canParse(backendUrl)) return 'backendUrl must be an http(s) URL';
  if (!isText(model, /^.{1,200}$/)) return 'model must be a model id';
  const parsed = parsePrice(price);
  if (parsed === undefined) return 'price must be {input, output} in micro-USD per million tokens, whole numbers';
  // The agent gives a bare host its /v1 and takes a path as it stands: hosted APIs have theirs.
  return { name, backendUrl, model, price: parsed };
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

function parsePrice(price: unknown): DemoNode['price'] | undefined {
  if (typeof price !== 'object' || price === null) return undefined;
  const { input, output } = price as Readonly<Record<string, unknown>>;
  return isPrice(input) && isPrice(output) ? { input, output } : undefined;
}

function isPrice(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_PRICE;
}
