import { between, pickOne } from '../random.ts';
import type { RandomInt } from '../random.ts';
import { CONTAINERS, GOODS, firstName, placeName, plural } from '../words.ts';
import type { Draft, Generator } from './draft.ts';

/** Word problems and expressions whose result is computed beside the text. */
type Problem = { readonly text: string; readonly result: number };

const LEADS = ['', '', 'Solve the problem. ', 'Work out the answer and give the number at the end. '];

export const arithmetic: Generator = (random): Draft => {
  const { text, result } = pickOne(random, PROBLEMS)(random);
  return { family: 'maths', prompt: `${pickOne(random, LEADS)}${text}`, reference: { kind: 'number', value: result } };
};

const PROBLEMS: readonly ((random: RandomInt) => Problem)[] = [
  (random) => {
    const [goods, container] = [pickOne(random, GOODS), pickOne(random, CONTAINERS)];
    const [count, each] = [between(random, 3, 40), between(random, 4, 36)];
    const sold = between(random, 1, count * each - 1);
    const text = `A shop in ${placeName(random)} has ${count} ${plural(container)} with ${each} ${goods} in each ${container}. It sells ${sold} ${goods}. How many ${goods} are left?`;
    return { text, result: count * each - sold };
  },
  (random) => {
    const goods = pickOne(random, GOODS);
    const [start, gone, more] = [between(random, 60, 400), between(random, 5, 55), between(random, 5, 90)];
    const name = firstName(random);
    const text = `${name} had ${start} ${goods}. ${name} gave ${gone} ${goods} to a neighbour and then bought ${more} ${goods}. How many ${goods} does ${name} have now?`;
    return { text, result: start - gone + more };
  },
  (random) => {
    const [hours, wage, second] = [between(random, 2, 9), between(random, 9, 38), between(random, 2, 9)];
    const text = `${firstName(random)} earns ${wage} euros per hour and works ${hours} hours on Monday and ${second} hours on Friday. How much money is that in total?`;
    return { text, result: wage * (hours + second) };
  },
  (random) => {
    const [people, share] = [between(random, 3, 12), between(random, 6, 45)];
    const goods = pickOne(random, GOODS);
    const text = `${people * share} ${goods} are shared equally among ${people} families. How many ${goods} does each family get?`;
    return { text, result: share };
  },
  (random) => {
    const [price, percent] = [20 * between(random, 2, 60), 5 * between(random, 1, 12)];
    const text = `A machine costs ${price} euros. Its price is reduced by ${percent} percent. What is the price now?`;
    return { text, result: price - (price * percent) / 100 };
  },
  (random) => {
    const [speed, hours] = [between(random, 12, 140), between(random, 2, 9)];
    const text = `A lorry drives from ${placeName(random)} at ${speed} kilometres per hour for ${hours} hours. How far does it drive?`;
    return { text, result: speed * hours };
  },
  (random) => {
    const [a, b, c] = [between(random, 11, 99), between(random, 11, 99), between(random, 3, 19)];
    const text = pickOne(random, [`What is (${a} + ${b}) * ${c}?`, `Calculate (${a} + ${b}) * ${c}.`]);
    return { text, result: (a + b) * c };
  },
  (random) => {
    const [adults, children] = [between(random, 2, 9), between(random, 2, 9)];
    const [full, half] = [between(random, 9, 30), between(random, 3, 8)];
    const text = `A ticket costs ${full} euros for an adult and ${half} euros for a child. How much do ${adults} adults and ${children} children pay?`;
    return { text, result: adults * full + children * half };
  },
];
