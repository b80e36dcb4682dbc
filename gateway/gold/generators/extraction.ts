import type { JsonValue } from '../../protocol/canonical-json.ts';
import { between, pickOne, pickSome } from '../random.ts';
import type { RandomInt } from '../random.ts';
import { GOODS, madeDate, personName, placeName, reference } from '../words.ts';
import type { Draft, Generator } from './draft.ts';

/** Facts told in sentences or in a form; the same facts as JSON are the reference. */
type Fact = {
  readonly key: string;
  readonly node: JsonValue;
  readonly value: JsonValue;
  readonly sentence: string;
  readonly shown: string;
};

const TEXT = { type: 'string' } as const;
const WHOLE = { type: 'integer' } as const;
const AMOUNT = { type: 'number' } as const;
const DATE = { type: 'string', format: 'date' } as const;

const ORDERS = [
  'Extract the details as JSON.',
  'Return the facts of this text as a JSON object.',
  'Fill the schema from the text. Reply with JSON only.',
];

export const extraction: Generator = (random): Draft => {
  const facts = pickSome(random, pickOne(random, CASES)(random), between(random, 3, 5));
  const isForm = random(3) === 0;
  const text = isForm ? facts.map(formLine).join('\n') : facts.map((fact) => fact.sentence).join(' ');
  const schema = {
    type: 'object',
    properties: Object.fromEntries(facts.map(({ key, node }) => [key, node])),
    required: facts.map(({ key }) => key),
    additionalProperties: false,
  };
  const value = Object.fromEntries(facts.map((fact) => [fact.key, fact.value]));
  const prompt = `${pickOne(random, ORDERS)}\n\n${pickOne(random, ['Text', 'Note', 'Message'])}:${isForm ? '\n' : ' '}${text}`;
  return { family: 'extraction', prompt, schema, reference: { kind: 'json', value } };
};

function formLine({ key, shown }: Fact): string {
  const label = key.replaceAll('_', ' ');
  return `${label.charAt(0).toUpperCase()}${label.slice(1)}: ${shown}`;
}

const CASES: readonly ((random: RandomInt) => readonly Fact[])[] = [purchase, event, parcel];

function purchase(random: RandomInt): readonly Fact[] {
  const [buyer, date, code, goods] = [personName(random), madeDate(random), reference(random), pickOne(random, GOODS)];
  const [quantity, price] = [between(random, 2, 60), between(random, 500, 90_000) / 100];
  return [
    { key: 'customer', node: TEXT, value: buyer, shown: buyer, sentence: `The customer is ${buyer}.` },
    {
      key: 'order_date',
      node: DATE,
      value: date.iso,
      shown: date.written,
      sentence: `The order was placed on ${date.written}.`,
    },
    {
      key: 'quantity',
      node: WHOLE,
      value: quantity,
      shown: String(quantity),
      sentence: `A quantity of ${quantity} ${goods} was ordered.`,
    },
    {
      key: 'total_price',
      node: AMOUNT,
      value: price,
      shown: `${price.toFixed(2)} EUR`,
      sentence: `The total price is ${price.toFixed(2)} euros.`,
    },
    { key: 'order_code', node: TEXT, value: code, shown: code, sentence: `Its order code is ${code}.` },
  ];
}

function event(random: RandomInt): readonly Fact[] {
  const [speaker, date, city] = [personName(random), madeDate(random), placeName(random)];
  const [guests, fee] = [between(random, 12, 900), between(random, 4, 95)];
  return [
    {
      key: 'speaker',
      node: TEXT,
      value: speaker,
      shown: speaker,
      sentence: `The speaker of the evening is ${speaker}.`,
    },
    { key: 'date', node: DATE, value: date.iso, shown: date.written, sentence: `It takes place on ${date.written}.` },
    { key: 'city', node: TEXT, value: city, shown: city, sentence: `The talk is held in the city of ${city}.` },
    {
      key: 'guests',
      node: WHOLE,
      value: guests,
      shown: String(guests),
      sentence: `The hall has room for ${guests} guests.`,
    },
    { key: 'fee', node: AMOUNT, value: fee, shown: `${fee} EUR`, sentence: `The fee is ${fee} euros.` },
  ];
}

function parcel(random: RandomInt): readonly Fact[] {
  const [recipient, date, city, code] = [personName(random), madeDate(random), placeName(random), reference(random)];
  const weight = between(random, 3, 480) / 10;
  return [
    {
      key: 'tracking_code',
      node: TEXT,
      value: code,
      shown: code,
      sentence: `The tracking code of the parcel is ${code}.`,
    },
    { key: 'recipient', node: TEXT, value: recipient, shown: recipient, sentence: `Its recipient is ${recipient}.` },
    {
      key: 'destination',
      node: TEXT,
      value: city,
      shown: city,
      sentence: `The destination of the parcel lies in ${city}.`,
    },
    {
      key: 'delivery_date',
      node: DATE,
      value: date.iso,
      shown: date.written,
      sentence: `Its delivery date is ${date.written}.`,
    },
    {
      key: 'weight',
      node: AMOUNT,
      value: weight,
      shown: `${weight} kg`,
      sentence: `The parcel has a weight of ${weight} kilograms.`,
    },
  ];
}
