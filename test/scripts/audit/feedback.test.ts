import assert from 'node:assert/strict';

import { feedbackBps } from '../../../gateway/poq/feedback.ts';
import { multiplierOf } from '../../../scripts/audit/feedback.ts';

describe("the audit's feedback", () => {
  it('is the formula of the network, for every count of votes', () => {
    for (let all = 0; all <= 120; all += 1)
      for (let good = 0; good <= all; good += 1)
        assert.equal(multiplierOf(BigInt(good), BigInt(all)), BigInt(feedbackBps(good, all)), `${good} of ${all}`);
  });
});
