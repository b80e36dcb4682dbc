import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Holds the table of boundaries: which room may import which, and that no room is part of a cycle. */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const gateway = join(root, 'gateway');

/** Everybody may import these two; what they may import themselves stands in their rows. */
const COMMON = ['protocol', 'lib'];

type Allowed = Readonly<Record<string, readonly string[]>>;
const names = (cell: string): string[] => [...cell.matchAll(/`([\w/-]+)`/g)].map(([, name = '']) => name);

/** The table of docs/architecture.md: rooms with the others that they may import, and the rooms that may import all. */
function readTable(page: string): { readonly allowed: Allowed; readonly wiring: readonly string[] } {
  const section = page.split(/^## /m).find((part) => part.startsWith('Rooms')) ?? '';
  const rows = [...section.matchAll(/^\| (`.*?) +\|.*\| (.*?) +\|$/gm)].map(([, rooms = '', imports = '']) => {
    assert.match(imports, /^(nothing|everything|`[\w/-]+`(, `[\w/-]+`)*)$/, `row of ${rooms}`);
    return { rooms: names(rooms), imports };
  });
  const bound = rows.filter(({ imports }) => imports !== 'everything');
  return {
    allowed: Object.fromEntries(bound.flatMap(({ rooms, imports }) => rooms.map((room) => [room, names(imports)]))),
    wiring: rows.filter(({ imports }) => imports === 'everything').flatMap(({ rooms }) => rooms),
  };
}

const { allowed, wiring } = readTable(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));

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
  const [first = '', second = ''] = relative(gateway, path).split('/');
  // Two servers live under agents/, and neither is the other's business.
  return (first === 'agents' ? `${first}/${second}` : first).replace(/\.ts$/, '');
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
  const crossing = imports.filter(({ from, to }) => from !== to && from in allowed);
  const isCommon = ({ from, to }: Import): boolean => COMMON.includes(to) && !COMMON.includes(from);

  it('keeps every import within the table of boundaries', () => {
    assert.ok(files.length > 50, 'the rooms were found');
    const broken = crossing
      .filter((entry) => !isCommon(entry) && allowed[entry.from]?.includes(entry.to) !== true)
      .map(({ file, to }) => `${file} imports ${to}`);
    assert.deepEqual(broken, []);
  });

  it('allows nothing that no room needs', () => {
    const unused = Object.entries(allowed).flatMap(([room, others]) =>
      others
        .filter((other) => !crossing.some(({ from, to }) => from === room && to === other))
        .map((other) => `${room} no longer imports ${other}`),
    );
    assert.deepEqual(unused, []);
  });

  it('knows every room', () => {
    const known = [...Object.keys(allowed), ...wiring];
    assert.deepEqual([...new Set(files.map(roomOf))].toSorted(), known.toSorted());
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
      if (typeOnly || from === to || !(from in allowed)) continue;
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
