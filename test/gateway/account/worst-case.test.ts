import assert from 'node:assert/strict';

import fc from 'fast-check';

import { worstCase } from '../../../gateway/account/worst-case.ts';
import { countPrompt } from '../../../gateway/execute/tokens.ts';
import { runs } from '../../deep.ts';

const expected = { promptTokens: 1, outputTokens: 20 };
const model = { price: { input: 1_000_000, output: 0 }, maxOutputTokens: 100 };

describe('the worst case of a request', () => {
  it('covers the tokens of any prompt', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('∰', '0', ' ', '\n', '🜁', 'é') }),
    );
    const part = fc.oneof(
      fc.record({ type: fc.constant('text'), text }),
      fc.record({ type: fc.constant('image_url') }),
    );
    const content = fc.oneof(text, fc.array(part, { maxLength: 4 }));
    const messages = fc.array(fc.record({ role: fc.constantFrom('user', 'a'), content }), {
      minLength: 1,
      maxLength: 5,
    });
    const tools = fc.array(fc.record({ type: fc.constant('function'), function: fc.jsonValue() }), { maxLength: 2 });
    const body = fc.oneof(
      fc.record({ messages, tools }),
      fc.record({ prompt: fc.oneof(text, fc.array(text), fc.array(fc.nat()), fc.array(fc.array(fc.nat()))) }),
    );
    fc.assert(
      fc.property(body, (sent) => {
        const { microUsd } = worstCase({ body: sent, maxTokens: 1, answers: 1, models: [model], expected });
        assert.ok(microUsd >= BigInt(countPrompt(sent)), JSON.stringify(sent));
      }),
      { seed: 11, numRuns: runs(200, 5_000) },
    );
  });

  it('takes the dearest of those that may be asked, for as many answers as are wanted', () => {
    const of = (maxTokens: number | undefined) =>
      worstCase({
        body: {},
        maxTokens,
        answers: 3,
        models: [
          { price: { input: 0, output: 1_000_000 }, maxOutputTokens: 100 },
          { price: { input: 0, output: 2_000_000 }, maxOutputTokens: 40 },
        ],
        expected,
      });
    assert.deepEqual(of(undefined), { microUsd: 300n, tokens: 61n });
    assert.deepEqual(of(50), { microUsd: 300n, tokens: 151n });
  });
});
