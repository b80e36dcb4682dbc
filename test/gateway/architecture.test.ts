import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Holds the table of boundaries: which room may import which, and that no room is part of a cycle. */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const gateway = join(root, 'gateway');

const PURE = ['protocol', 'lib'];

/** Rooms (and top-level leaves) that each room may import besides itself, `protocol` and `lib`. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  lib: [],
  errors: [],
  serve: [],
  telemetry: ['errors'],
  config: ['errors'],
  poq: [],
  route: ['errors'],
  receipt: [],
  outbox: [],
  account: ['errors'],
  registry: ['chain'],
  gold: ['poq', 'serve'],
  evaluate: ['poq', 'outbox'],
  execute: ['errors', 'telemetry', 'receipt'],
  batch: ['receipt'],
  epoch: ['poq', 'receipt', 'evaluate', 'anchor', 'gold'],
  anchor: ['batch', 'epoch', 'outbox'],
  claim: ['epoch', 'anchor', 'poq'],
  chain: ['anchor', 'registry'],
  store: ['receipt', 'batch', 'anchor', 'evaluate', 'epoch', 'gold', 'outbox', 'account'],
  http: ['errors', 'serve', 'receipt', 'claim', 'account', 'telemetry'],
  agents: ['poq', 'execute', 'errors', 'telemetry'],
};

/** Rooms whose result may depend on nothing but their arguments. */
const NO_EFFECTS = ['protocol', 'poq', 'route'];
const EFFECTS = /^(node:fs|node:net|node:http|node:child_process|node:process|fastify|undici|pino|viem\/accounts)/;

type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean; readonly file: string };

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function roomOf(path: string): string {
  const [first = ''] = relative(gateway, path).split('/');
  return first.replace(/\.ts$/, '');
}

const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;

function importsOf(path: string): { readonly specifier: string; readonly typeOnly: boolean }[] {
  return [...readFileSync(path, 'utf8').matchAll(IMPORT)].map(([, type, specifier = '']) => ({
    specifier,
    typeOnly: type !== undefined,
  }));
}

const files = sources(gateway);
const imports: Import[] = files.flatMap((path) =>
  importsOf(path)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, typeOnly }) => ({
      from: roomOf(path),
      to: roomOf(resolve(dirname(path), specifier)),
      typeOnly,
      file: relative(root, path),
    })),
);

describe('architecture', () => {
  it('keeps every import within the table of boundaries', () => {
    assert.ok(files.length > 50, 'the rooms were found');
    const broken = imports
      .filter(({ from, to }) => from !== to && from in ALLOWED)
      .filter(({ from, to }) => !PURE.includes(to) && !(ALLOWED[from] ?? []).includes(to))
      .map(({ file, to }) => `${file} imports ${to}`);
    assert.deepEqual(broken, []);
  });

  it('knows every room', () => {
    const wiring = ['app', 'main', 'pipeline', 'shapes', 'wiring', 'workers'];
    const unknown = [...new Set(files.map(roomOf))].filter((room) => !(room in ALLOWED) && !wiring.includes(room));
    assert.deepEqual(unknown, []);
  });

  it('keeps pure rooms away from files, network, processes and logs', () => {
    const broken = files
      .filter((path) => NO_EFFECTS.includes(roomOf(path)))
      .flatMap((path) => importsOf(path).map(({ specifier }) => ({ path, specifier })))
      .filter(({ specifier }) => EFFECTS.test(specifier))
      .map(({ path, specifier }) => `${relative(root, path)} imports ${specifier}`);
    assert.deepEqual(broken, []);
  });

  it('has no cycle of values between rooms', () => {
    const edges = new Map<string, Set<string>>();
    for (const { from, to, typeOnly } of imports) {
      if (typeOnly || from === to || !(from in ALLOWED)) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
    const state = new Map<string, 'open' | 'done'>();
    const visit = (room: string, path: readonly string[]): void => {
      if (state.get(room) === 'done') return;
      assert.notEqual(state.get(room), 'open', `cycle: ${[...path, room].join(' → ')}`);
      state.set(room, 'open');
      for (const next of edges.get(room) ?? []) visit(next, [...path, room]);
      state.set(room, 'done');
    };
    for (const room of edges.keys()) visit(room, []);
  });

  it('keeps verification and audit apart from the gateway', () => {
    const independent = sources(join(root, 'scripts')).filter((path) =>
      /\/(verify|audit|lib\/)/.test(relative(root, path)),
    );
    assert.ok(independent.length > 0, 'the independent programs were found');
    const broken = independent
      .filter((path) => importsOf(path).some(({ specifier }) => specifier.includes('gateway/')))
      .map((path) => relative(root, path));
    assert.deepEqual(broken, []);
  });
});
