import assert from 'node:assert/strict';

import { createFormatRunner } from '../../../../gateway/agents/evaluator/format-runner.ts';
import { createSchemaCheck } from '../../../../gateway/poq/dimensions/schema-check.ts';
import type { JsonValue } from '../../../../gateway/protocol/canonical-json.ts';

const check = createSchemaCheck();
const DRAFT_04 = 'http://json-schema.org/draft-04/schema#';
const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';
const DRAFT_2019 = 'https://json-schema.org/draft/2019-09/schema';

/** Each schema with values that meet it and values that do not. */
type Case = { readonly schema: JsonValue; readonly yes: readonly JsonValue[]; readonly no: readonly JsonValue[] };

function hold({ schema, yes, no }: Case): void {
  for (const value of yes)
    assert.equal(check(schema, value), true, `${JSON.stringify(schema)} ${JSON.stringify(value)}`);
  for (const value of no)
    assert.equal(check(schema, value), false, `${JSON.stringify(schema)} ${JSON.stringify(value)}`);
}

describe('schema check', () => {
  it('returns verdicts on schemas that refer to themselves', () => {
    hold({
      schema: { properties: { next: { $ref: '#' }, value: { type: 'integer' } }, required: ['value'] },
      yes: [{ value: 1 }, { value: 1, next: { value: 2 } }],
      no: [{}, { value: 1, next: { value: 'two' } }],
    });
    hold({
      schema: {
        $id: 'http://example.org/tree',
        $defs: { leaf: { $anchor: 'leaf', type: 'string' }, other: { $id: 'other', type: 'number' } },
        properties: { a: { $ref: '#leaf' }, b: { $ref: 'other' }, c: { $ref: '#/$defs/leaf' } },
      },
      yes: [{ a: 'x', b: 1, c: 'y' }],
      no: [{ a: 1 }, { b: 'x' }, { c: 2 }],
    });
  });

  it('returns verdicts on references that the outermost schema decides', () => {
    const tree: JsonValue = {
      $id: 'https://example.org/tree',
      $dynamicAnchor: 'node',
      properties: { children: { type: 'array', items: { $dynamicRef: '#node' } } },
    };
    hold({
      schema: {
        $id: 'https://example.org/strict-tree',
        $dynamicAnchor: 'node',
        $ref: 'tree',
        unevaluatedProperties: false,
        $defs: { tree },
      },
      yes: [{ children: [{ children: [] }] }],
      no: [{ children: [{ childern: [] }] }],
    });
    hold({
      schema: {
        $schema: DRAFT_2019,
        $id: 'https://example.org/list',
        $recursiveAnchor: true,
        anyOf: [{ type: 'integer' }, { type: 'array', items: { $recursiveRef: '#' } }],
      },
      yes: [1, [1, [2]]],
      no: ['x', [1, ['x']]],
    });
  });

  it('returns what is left over when branches have looked at the rest', () => {
    hold({
      schema: {
        properties: { a: true },
        anyOf: [
          { properties: { b: { const: 1 } }, required: ['b'] },
          { required: ['c'], properties: { c: true } },
        ],
        unevaluatedProperties: false,
      },
      yes: [{ a: 0, b: 1 }, { c: 1 }],
      no: [
        { b: 1, d: 1 },
        { b: 2, c: 1 },
      ],
    });
    hold({
      schema: { prefixItems: [{ type: 'string' }], contains: { type: 'integer' }, unevaluatedItems: false },
      yes: [['a', 1, 2]],
      no: [['a', 1, null], ['a']],
    });
  });

  it('returns what each draft means by the same word', () => {
    hold({ schema: { $schema: DRAFT_04, maximum: 3, exclusiveMaximum: true }, yes: [2], no: [3] });
    hold({
      schema: { $schema: DRAFT_07, $ref: '#/definitions/a', maximum: 1, definitions: { a: {} } },
      yes: [2],
      no: [],
    });
    hold({ schema: { $ref: '#/$defs/a', maximum: 1, $defs: { a: {} } }, yes: [1], no: [2] });
    hold({ schema: { items: [{ type: 'string' }], additionalItems: false }, yes: [['a']], no: [['a', 1], [1]] });
    hold({ schema: { $schema: DRAFT_07, if: { const: 1 }, then: false }, yes: [2], no: [1] });
    hold({ schema: { $ref: DRAFT_07 }, yes: [{ type: 'string' }], no: [{ type: 'strnig' }] });
  });

  it('returns exact multiples and equality by value', () => {
    hold({ schema: { multipleOf: 0.1 }, yes: [0.3, 1e20], no: [0.35] });
    hold({ schema: { const: { a: [1, 2], b: null } }, yes: [{ b: null, a: [1, 2] }], no: [{ a: [2, 1], b: null }] });
    hold({
      schema: { uniqueItems: true },
      yes: [[1, '1', [1]]],
      no: [
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      ],
    });
  });

  it('returns formats by their grammars', () => {
    const cases: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
      'date-time': [
        ['2026-11-22T23:59:60Z', '2026-02-28t00:00:00+01:00'],
        ['2026-11-22T22:00:60Z', '2026-02-30T00:00:00Z'],
      ],
      duration: [
        ['P1Y2M3DT4H', 'P2W'],
        ['P', 'P1YT', 'P1Y2D', 'PT1H2S'],
      ],
      uri: [
        ['http://[::1]:80/a?b#c', 'urn:isbn:1'],
        ['/a', 'http://[::01.2.3.4]', 'http://a b'],
      ],
      'uri-template': [['/a/{b.c,d*}{?e:3}'], ['{a', '{a:0}', 'a b']],
      email: [
        ['"a b"@example.org', 'a@[127.0.0.1]'],
        ['a@', 'a b@example.org', 'a@@b.org'],
      ],
      hostname: [
        ['xn--mnchen-3ya.de', 'a.b'],
        ['a.', '-a', 'xn--a', 'ab--c'],
      ],
      'idn-hostname': [
        ['münchen.de', '例え.jp', 'אב.com'],
        ['a..b', 'ÄB', 'אa.com', 'a·b'],
      ],
    };
    for (const [format, [yes, no]] of Object.entries(cases)) hold({ schema: { format }, yes, no });
    assert.equal(createSchemaCheck({ assertFormats: false })({ format: 'date' }, 'soon'), true);
  });
});

describe('hostile schemas', () => {
  it('returns no verdict from ones without an end', () => {
    const doubling = Object.fromEntries(
      Array.from({ length: 40 }, (_, index): [string, JsonValue] => {
        const next = { $ref: `#/$defs/d${index + 1}` };
        return [`d${index}`, { allOf: [next, next] }];
      }),
    );
    const mutual: JsonValue = {
      $ref: '#/$defs/a',
      $defs: { a: { $ref: '#/$defs/b' }, b: { anyOf: [{ $ref: '#/$defs/a' }] } },
    };
    for (const schema of [
      { $ref: '#' },
      { not: { $ref: '#' } },
      mutual,
      { $ref: '#/$defs/d0', $defs: { ...doubling, d40: {} } },
    ]) {
      assert.equal(check(schema, { a: 1 }), undefined);
    }
  });

  it('returns no verdict from deep, huge and broken ones, and never fetches', () => {
    let deep: JsonValue = {};
    for (let index = 0; index < 5_000; index += 1) deep = { properties: { a: deep } };
    const broken: readonly JsonValue[] = [
      deep,
      { enum: Array.from({ length: 100_000 }, (_, index) => index) },
      { $ref: 'http://127.0.0.1:1/schema.json' },
      { $ref: '#/nowhere' },
      { $ref: '#%' },
      { $id: 'http://[', type: 'string' },
      { pattern: '(' },
      { properties: 3 },
      { required: [3] },
      { type: 'no-type' },
    ];
    for (const schema of broken) assert.equal(check(schema, schema === broken[6] ? 'a' : { a: 1 }), undefined);
  });

  it('returns the verdict although the schema claims to be asynchronous', () => {
    hold({
      schema: { $async: true, type: 'object', properties: { a: { $async: true, type: 'number' } } },
      yes: [{ a: 1 }],
      no: [{ a: 'x' }],
    });
  });

  it('returns verdicts on names that objects have by nature', () => {
    const schema = JSON.parse(
      '{"properties":{"__proto__":{"type":"number"},"constructor":{"type":"number"}}}',
    ) as JsonValue;
    assert.equal(check(schema, JSON.parse('{"__proto__":"x"}') as JsonValue), false);
    hold({ schema, yes: [{}], no: [{ constructor: 'x' }] });
    hold({ schema: { required: ['toString'] }, yes: [{ toString: 1 }], no: [{}] });
  });

  it('returns the rest of a score in time when a pattern would run for ever, and works on', async () => {
    let timeouts = 0;
    const runner = createFormatRunner({ deadlineMs: 150, onTimeout: () => (timeouts += 1) });
    const answer = JSON.stringify('a'.repeat(40));
    const of = (schema: JsonValue): Promise<number> =>
      runner.score(answer, [{ kind: 'json', raw: true, objectOnly: false, schema }]);
    try {
      assert.equal(await of({ pattern: '^(a+)+b$' }), 10_000);
      assert.equal(timeouts, 1);
      assert.equal(await of({ type: 'number' }), 0);
    } finally {
      await runner.close();
    }
  });
});
