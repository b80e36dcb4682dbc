import assert from 'node:assert/strict';

import { chancesAt } from '../../../scripts/lib/chances.ts';
import { failWith, startFakeNode } from './support/fake-node.ts';
import { account, inferenceNode, startGateway } from './support/gateway.ts';

type View = {
  readonly requests: Readonly<Record<'won' | 'lost' | 'leastShareBps', number>> & { readonly keptOut: object };
  readonly breakers: { readonly demo: { readonly state: string } };
};

describe('GET /v1/nodes/:id', () => {
  it('tells an operator why requests went elsewhere', async () => {
    const node = await startFakeNode();
    const broken = await startFakeNode(failWith(500));
    const dear = inferenceNode(1, node.url);
    const models = dear.metadata.models.map((model) => ({ ...model, price: { input: 9_000_000, output: 9_000_000 } }));
    const nodes = [
      inferenceNode(0, node.url),
      { ...dear, metadata: { ...dear.metadata, models } },
      inferenceNode(2, broken.url),
    ];
    const gateway = await startGateway(nodes);
    const ask = async (provider: object): Promise<void> => {
      const body = { model: 'demo', messages: [{ role: 'user', content: 'hi' }], provider };
      const headers = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' };
      await (
        await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) })
      ).text();
    };
    for (let index = 0; index < 3; index += 1) await ask({ only: ['node-2'] });
    await ask({ max_price: { prompt: 1 } });
    await ask({});
    const view = async (index: number): Promise<View> =>
      (await (await fetch(`${gateway.url}/v1/nodes/${account(index)}`)).json()) as View;
    const cheap = await view(0);
    assert.deepEqual([cheap.requests.won, cheap.requests.keptOut], [2, { not_allowed: 3 }]);
    const expensive = await view(1);
    assert.deepEqual(expensive.requests.keptOut, { not_allowed: 3, price: 1 });
    assert.equal(expensive.requests.lost, 1);
    assert.ok(expensive.requests.leastShareBps < 5_000);
    const blocked = await view(2);
    assert.deepEqual([blocked.requests.won, blocked.requests.keptOut], [2, { breaker: 3 }]);
    // Who refuses everybody is told why, too.
    await ask({ max_price: { prompt: 0 } });
    assert.deepEqual((await view(0)).requests.keptOut, { not_allowed: 3, price: 1 });
    const lines = await chancesAt(gateway.url, account(2));
    const odds = 'its share of the draws: 100.0 % to 100.0 %';
    assert.deepEqual(lines[0], ['last 10 min', `2 requests won, 0 draws lost (${odds})`]);
    assert.match(String(lines[1]), /,(breaker 3, price 1|breaker 4)$/);
    assert.match(String(lines[2]), /,demo open for \d+ s$/);
    assert.match(String(await chancesAt(gateway.url, account(9))), /^requests,/);
    assert.equal(blocked.breakers.demo.state, 'open');
    await gateway.close();
    await Promise.all([node.close(), broken.close()]);
  });
});
