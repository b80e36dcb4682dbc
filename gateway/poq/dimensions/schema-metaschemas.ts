import draft06 from 'ajv/dist/refs/json-schema-draft-06.json' with { type: 'json' };
import draft07 from 'ajv/dist/refs/json-schema-draft-07.json' with { type: 'json' };
import applicator2019 from 'ajv/dist/refs/json-schema-2019-09/meta/applicator.json' with { type: 'json' };
import content2019 from 'ajv/dist/refs/json-schema-2019-09/meta/content.json' with { type: 'json' };
import core2019 from 'ajv/dist/refs/json-schema-2019-09/meta/core.json' with { type: 'json' };
import format2019 from 'ajv/dist/refs/json-schema-2019-09/meta/format.json' with { type: 'json' };
import metadata2019 from 'ajv/dist/refs/json-schema-2019-09/meta/meta-data.json' with { type: 'json' };
import validation2019 from 'ajv/dist/refs/json-schema-2019-09/meta/validation.json' with { type: 'json' };
import schema2019 from 'ajv/dist/refs/json-schema-2019-09/schema.json' with { type: 'json' };
import applicator2020 from 'ajv/dist/refs/json-schema-2020-12/meta/applicator.json' with { type: 'json' };
import content2020 from 'ajv/dist/refs/json-schema-2020-12/meta/content.json' with { type: 'json' };
import core2020 from 'ajv/dist/refs/json-schema-2020-12/meta/core.json' with { type: 'json' };
import format2020 from 'ajv/dist/refs/json-schema-2020-12/meta/format-annotation.json' with { type: 'json' };
import metadata2020 from 'ajv/dist/refs/json-schema-2020-12/meta/meta-data.json' with { type: 'json' };
import unevaluated2020 from 'ajv/dist/refs/json-schema-2020-12/meta/unevaluated.json' with { type: 'json' };
import validation2020 from 'ajv/dist/refs/json-schema-2020-12/meta/validation.json' with { type: 'json' };
import schema2020 from 'ajv/dist/refs/json-schema-2020-12/schema.json' with { type: 'json' };

import type { JsonValue } from '../../protocol/canonical-json.ts';

/** The schemas of schemas, by their published identifiers: the only documents beside its own that a schema may name. */
const positive: JsonValue = { type: 'integer', minimum: 0 };
const list: JsonValue = { type: 'array', minItems: 1, items: { $ref: '#' } };
const map: JsonValue = { type: 'object', additionalProperties: { $ref: '#' } };
const texts: JsonValue = { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true };
const either = (...anyOf: readonly JsonValue[]): JsonValue => ({ anyOf });
const self: JsonValue = { $ref: '#' };
const flag: JsonValue = { type: 'boolean' };
const TYPE_NAMES: JsonValue = { enum: ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] };

/** Draft-04, which no package here brings along, in the shape of its public text. */
const draft04: JsonValue = {
  id: 'http://json-schema.org/draft-04/schema#',
  $schema: 'http://json-schema.org/draft-04/schema#',
  type: 'object',
  properties: {
    id: { type: 'string' },
    $schema: { type: 'string' },
    title: { type: 'string' },
    description: { type: 'string' },
    default: {},
    multipleOf: { type: 'number', minimum: 0, exclusiveMinimum: true },
    maximum: { type: 'number' },
    exclusiveMaximum: flag,
    minimum: { type: 'number' },
    exclusiveMinimum: flag,
    maxLength: positive,
    minLength: positive,
    pattern: { type: 'string', format: 'regex' },
    additionalItems: either(flag, self),
    items: either(self, list),
    maxItems: positive,
    minItems: positive,
    uniqueItems: flag,
    maxProperties: positive,
    minProperties: positive,
    required: texts,
    additionalProperties: either(flag, self),
    definitions: map,
    properties: map,
    patternProperties: map,
    dependencies: { type: 'object', additionalProperties: either(self, texts) },
    enum: { type: 'array', minItems: 1, uniqueItems: true },
    type: either(TYPE_NAMES, { type: 'array', items: TYPE_NAMES, minItems: 1, uniqueItems: true }),
    format: { type: 'string' },
    allOf: list,
    anyOf: list,
    oneOf: list,
    not: self,
  },
  dependencies: { exclusiveMaximum: ['maximum'], exclusiveMinimum: ['minimum'] },
};

const DOCUMENTS: readonly unknown[] = [
  draft04,
  draft06,
  draft07,
  schema2019,
  applicator2019,
  content2019,
  core2019,
  format2019,
  metadata2019,
  validation2019,
  schema2020,
  applicator2020,
  content2020,
  core2020,
  format2020,
  metadata2020,
  unevaluated2020,
  validation2020,
];

export const METASCHEMAS: ReadonlyMap<string, JsonValue> = new Map(
  DOCUMENTS.map((document): [string, JsonValue] => {
    const schema = document as { readonly id?: string; readonly $id?: string };
    return [(schema.$id ?? schema.id ?? '').replace(/#$/, ''), schema];
  }),
);
