import assert from 'node:assert/strict';

import fc from 'fast-check';

import { solve } from '../../../scripts/demo/backends/arithmetic.ts';
import { evaluateExpression } from '../../../scripts/demo/backends/expression.ts';
import { findDates, findQuantities, wordsToNumber } from '../../../scripts/demo/backends/quantities.ts';

function answerOf(problem: string, level: 'full' | 'signs' | 'sum' = 'full'): number {
  return Number(/The answer is (-?[\d.]+)\.$/.exec(solve(problem, level))?.[1]);
}

describe('demo/backends arithmetic', () => {
  const problems: readonly (readonly [string, number])[] = [
    ['A baker has 24 rolls. She sells 9 in the morning and bakes 12 more. How many rolls does she have now?', 27],
    ['There are 7 boxes with 12 pencils in each box. How many pencils are there in total?', 84],
    ['A bus carries 38 passengers. At the first stop 12 get off and 7 get on. How many passengers are on the bus?', 33],
    ['Tom buys 3 books at 8 euros each and a pen for 2 euros. How much does he pay?', 26],
    ['Ana has 50 euros. She buys 4 tickets that cost 9 euros each. How much money is left?', 14],
    ['Forty-eight sweets are shared equally among six children. How many sweets does each child get?', 8],
    ['A car travels at 60 kilometres per hour for 3 hours. How far does it travel?', 180],
    ['Ben has 14 marbles. Carla has three times as many. How many marbles do they have together?', 56],
    ['Ben has 14 marbles. Carla has twice as many. How many marbles does Carla have?', 28],
    ['A jacket costs 80 euros. It is reduced by 25 percent. What is the price now?', 60],
    ['A class of 30 pupils: 40% walk to school. How many pupils walk to school?', 12],
    ['Each carton holds 6 eggs. How many cartons are needed for 45 eggs?', 8],
    ['A farmer picked 156 apples and packs them into bags. Each bag holds 12 apples. How many bags does he fill?', 13],
    ['Lena is 152 cm tall and her brother is 137 cm tall. How much taller is Lena than her brother?', 15],
    ['A library has 1,240 books. It buys 85 new books and gives 125 books away. How many books does it have?', 1200],
    ['What is (17 + 5) * 3?', 66],
    ['A tank holds 200 litres of water. 35 litres leak out every hour. How many litres are left after 4 hours?', 60],
    ['Every day Mia reads 15 pages. How many pages does she read in 12 days?', 180],
    ['Paul earns 11 euros per hour. He works 6 hours on Monday and 5 hours on Tuesday. How much does he earn?', 121],
    ['A ticket costs 14 euros for an adult and 9 euros for a child. How much do 2 adults and 3 children pay?', 55],
    [
      'A school orders 15 packs of paper. Each pack has 500 sheets. The office uses 1,200 sheets. How many sheets remain?',
      6300,
    ],
    ['Sam runs 4 km every morning for 6 days and 10 km on Sunday. How many km does he run in total?', 34],
    [
      'A train leaves with 120 people. At one station 35 people leave and 18 people join. How many people are on the train now?',
      103,
    ],
    ['Rosa pays with a 20 euro note for two cakes at 3.50 euros each. How much change does she get?', 13],
    ['A hall has 18 rows with 24 seats each. How many seats are there in total?', 432],
    ['A shirt costs 40 dollars. The shop raises the price by 10%. What is the new price?', 44],
    ['Three friends split a bill of 96 euros equally. How much does each friend pay?', 32],
    ['Kim had 63 stickers. She gave 17 to Leo and 9 to Zoe. How many stickers does Kim have left?', 37],
    ['A gardener plants 9 rows of 14 tulips. 20 tulips die. How many tulips are left?', 106],
    ['Mark read 45 pages on Monday and twice as many on Tuesday. How many pages did he read in total?', 135],
    ['A bakery makes 20 trays of 15 buns. It sells 220 buns. How many buns are left?', 80],
    ['A bottle holds 750 millilitres. How many millilitres do 6 bottles hold?', 4500],
    ['Half of the 36 guests leave early. How many guests are left?', 18],
    ['A van can carry 8 crates. How many trips are needed to move 50 crates?', 7],
    ['Nora has 5 packets of 24 seeds and 13 loose seeds. How many seeds does she have?', 133],
    ['A cyclist rides 18 km per hour. How many hours does she need for 72 km?', 4],
  ];
  for (const [problem, expected] of problems) {
    it(`returns ${expected} for: ${problem}`, () => assert.equal(answerOf(problem), expected));
  }

  it('returns the same result for the same problem with other numbers', () => {
    const count = fc.integer({ min: 2, max: 60 });
    fc.assert(
      fc.property(count, count, count, (boxes, each, gone) => {
        fc.pre(gone < boxes * each);
        const text = `A shop has ${boxes} boxes with ${each} pears in each box. It sells ${gone} pears. How many pears are left?`;
        assert.equal(answerOf(text), boxes * each - gone);
      }),
    );
  });

  it('returns another, wrong result at the weaker levels', () => {
    const problem = 'There are seven boxes with 12 pencils in each box. 9 pencils break. How many pencils are left?';
    assert.equal(answerOf(problem), 75);
    assert.notEqual(answerOf(problem, 'signs'), 75);
    assert.equal(answerOf(problem, 'sum'), 21);
  });

  it('returns the value of written expressions and rejects what is none', () => {
    assert.equal(evaluateExpression('(17 + 5) * 3'), 66);
    assert.equal(evaluateExpression('2 + 3 * 4 - 6 / 2'), 11);
    assert.equal(evaluateExpression('-(2 - 5)'), 3);
    for (const text of ['', '12', '(1 + 2', '1 + ', '1 / 0', 'a + b'])
      assert.equal(evaluateExpression(text), undefined);
  });

  it('returns numbers written in words and figures', () => {
    assert.equal(wordsToNumber('three hundred and five'), 305);
    assert.equal(wordsToNumber('twenty-four'), 24);
    assert.equal(wordsToNumber('two three'), undefined);
    const values = findQuantities('1,250 kilos in forty-two sacks for 3.5 million euros').map((found) => found.value);
    assert.deepEqual(values, [1250, 42, 3_500_000]);
  });

  it('returns dates as ISO 8601', () => {
    const text = 'From 2 June 2026 to Aug. 3rd, 2026, paid on 2026-09-30 and 1.10.2026; not on 45 May 2026.';
    assert.deepEqual(
      findDates(text).map((date) => date.iso),
      ['2026-06-02', '2026-08-03', '2026-09-30', '2026-10-01'],
    );
  });
});
