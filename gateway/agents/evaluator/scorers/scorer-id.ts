import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { canonicalJson } from '../../../protocol/canonical-json.ts';
import type { JsonValue } from '../../../protocol/canonical-json.ts';
import { keccakText } from '../../../protocol/keccak.ts';
import type { Hex } from '../../../protocol/types.ts';

/** keccak256 of a scorer's name, its configuration, and the text of every source file that decides its scores. */
export function scorerId(name: string, config: JsonValue, sources: readonly { path: string; text: string }[]): Hex {
  const files = sources
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, text }) => [path, keccakText(text)]);
  return keccakText(canonicalJson({ name, config, files }));
}

/** TypeScript sources and JSON data (weights) of a folder, with names relative to it. */
export function sourcesOf(folder: URL): { path: string; text: string }[] {
  const path = fileURLToPath(folder);
  return readdirSync(path)
    .filter((name) => /\.(?:ts|mjs|json)$/.test(name))
    .map((name) => ({ path: name, text: readFileSync(new URL(name, folder), 'utf8') }));
}
