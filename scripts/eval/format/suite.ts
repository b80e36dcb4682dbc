import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

import { createSchemaCheck } from '../../../gateway/poq/dimensions/schema-check.ts';
import type { JsonValue } from '../../../gateway/protocol/canonical-json.ts';
import { remoteReference } from './remote.ts';

/** Drafts of the JSON-Schema-Test-Suite by folder, with the dialect that a schema without `$schema` is written in. */
export const DRAFTS = {
  draft4: 'http://json-schema.org/draft-04/schema#',
  draft6: 'http://json-schema.org/draft-06/schema#',
  draft7: 'http://json-schema.org/draft-07/schema#',
  'draft2019-09': 'https://json-schema.org/draft/2019-09/schema',
  'draft2020-12': 'https://json-schema.org/draft/2020-12/schema',
} as const;
export type DraftName = keyof typeof DRAFTS;

export type Disagreement = {
  readonly file: string;
  readonly group: string;
  readonly test: string;
  readonly expected: boolean;
  /** `undefined` in the check: no verdict could be had. */
  readonly found: boolean | null;
};

export type Remote = {
  readonly file: string;
  readonly group: string;
  readonly tests: number;
  readonly reference: string;
};

export type DraftResult = {
  readonly draft: DraftName;
  readonly cases: number;
  readonly agreed: number;
  /** The same for the folder's `optional` part alone. */
  readonly optional: { readonly cases: number; readonly agreed: number };
  readonly disagreements: readonly Disagreement[];
  /** Groups that refer to documents elsewhere, which are never fetched: not among the cases. */
  readonly remote: readonly Remote[];
};

type Group = {
  readonly description: string;
  readonly schema: JsonValue;
  readonly tests: readonly { readonly description: string; readonly data: JsonValue; readonly valid: boolean }[];
};

/** In the newer drafts `format` is a remark unless a suite file is about asserting it. */
function assertsFormats(draft: DraftName, file: string): boolean {
  return file.includes('/optional/') || !draft.startsWith('draft20');
}

export function runDraft(suite: string, draft: DraftName): DraftResult {
  const checks = { assert: createSchemaCheck(), remark: createSchemaCheck({ assertFormats: false }) };
  const disagreements: Disagreement[] = [];
  const remote: Remote[] = [];
  const counts = { required: 0, optional: 0 };
  for (const path of jsonFiles(join(suite, draft))) {
    const file = relative(suite, path);
    const check = assertsFormats(draft, file) ? checks.assert : checks.remark;
    for (const { description: group, schema, tests } of JSON.parse(readFileSync(path, 'utf8')) as readonly Group[]) {
      const dialected = withDialect(schema, draft);
      const reference = remoteReference(dialected);
      if (reference !== undefined) {
        remote.push({ file, group, tests: tests.length, reference });
        continue;
      }
      counts[file.includes('/optional/') ? 'optional' : 'required'] += tests.length;
      for (const { description: test, data, valid: expected } of tests) {
        const found = check(dialected, data) ?? null;
        if (found !== expected) disagreements.push({ file, group, test, expected, found });
      }
    }
  }
  const optionalMisses = disagreements.filter(({ file }) => file.includes('/optional/')).length;
  return {
    draft,
    cases: counts.required + counts.optional,
    agreed: counts.required + counts.optional - disagreements.length,
    optional: { cases: counts.optional, agreed: counts.optional - optionalMisses },
    disagreements,
    remote,
  };
}

function withDialect(schema: JsonValue, draft: DraftName): JsonValue {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema) || '$schema' in schema) return schema;
  return { $schema: DRAFTS[draft], ...schema };
}

function jsonFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return jsonFiles(path);
      return entry.name.endsWith('.json') ? [path] : [];
    });
}
