import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { FAMILIES } from '../../gateway/protocol/constants.ts';
import type { FamilyName } from '../../gateway/protocol/constants.ts';
import { seededRandom } from './random.ts';
import type { Random } from './random.ts';

/** A text with its task family; rows of one group stand or fall together when some are held out. */
export type TaskRow = {
  readonly text: string;
  readonly family: FamilyName;
  readonly group: string;
  /** The public set it is of, where that has a manner of its own. */
  readonly set?: string | undefined;
};

const fileOf = (name: string): string => fileURLToPath(new URL(`tasks/${name}`, import.meta.url));
const ROWS_PER_TEMPLATE = 6;
/** A template with alternatives says more than one that differs in its material only. */
const ROWS_WITH_CHOICES = 20;
/** Slots that hold material: it may be in any language, whatever the instruction's. */
const MATERIAL = new Set(['passage', 'mail', 'review', 'dialogue', 'sentence', 'short']);
const NATIVE_SHARE = 0.4;
const LINE = /^(\S+) \| (\S+) \| (.*)$/;
const SLOT = /\{([a-z]+)\}/g;
const CHOICE = /\[([^[\]]*\|[^[\]]*)\]/g;

type Line = { readonly kind: string; readonly language: string; readonly text: string };

function readLines(name: string): Line[] {
  return readFileSync(fileOf(name), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, kind, language, text] = LINE.exec(line) ?? [];
      if (kind === undefined || language === undefined || text === undefined) return [];
      return [{ kind, language, text: text.replaceAll('\\n', '\n') }];
    });
}

/** Rows of our own: every template with a few fillings of its slots, the same ones each time. */
export function ownTaskRows(): TaskRow[] {
  const slots = readLines('slots.txt');
  const random = seededRandom(7);
  const templates = readLines('templates.txt').map((line) => ({
    ...line,
    length: line.text.search(CHOICE) === -1 ? ROWS_PER_TEMPLATE : ROWS_WITH_CHOICES,
    make: () => fill(choose(line.text, random), line.language, slots, random),
  }));
  const requests = readLines('requests.txt').map((line) => ({
    ...line,
    length: ROWS_PER_TEMPLATE,
    make: () => line.text,
  }));
  return [...templates, ...requests].flatMap(({ kind, language, length, make }, index) => {
    const filled = Array.from({ length }, () => say(make(), language, random));
    return [...new Set(filled)].map((row) => ({ text: row, family: familyOf(kind), group: `own-${index}` }));
  });
}

/** Rows that nothing was trained on or tuned by: what the committed weights make of them is the honest figure. */
export const heldOutRows = (): TaskRow[] =>
  readLines('held-out.txt').map(({ kind, text }, index) => ({ text, family: familyOf(kind), group: `held-${index}` }));

const oneOf = <T>(items: readonly T[], random: Random): T | undefined => items[Math.floor(random() * items.length)];

const choose = (template: string, random: Random): string =>
  template.replace(CHOICE, (_, choices: string) => oneOf(choices.split('|'), random) ?? '');

const OPENINGS: Readonly<Record<string, readonly string[]>> = {
  en: [
    'Hi, ',
    'Hello! ',
    'please ',
    'Hey, ',
    'Quick question: ',
    'Could you help me? ',
    'Ok, ',
    'Next: ',
    'I need help. ',
    'User: ',
  ],
  de: ['Hallo, ', 'Bitte ', 'Kurze Frage: ', 'Guten Tag! '],
  fr: ['Bonjour, ', 'Salut, ', "S'il te plaît, "],
  es: ['Hola, ', 'Por favor, ', 'Buenas, '],
};
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  en: [' Thanks!', '\n\nThank you.', ' pls', ' Thanks in advance', '\n\nBest, Alex', ' Keep it short.', ' Be precise.'],
  de: [' Danke!', '\n\nViele Grüße', ' Vielen Dank im Voraus.'],
  fr: [' Merci !', '\n\nMerci d’avance.'],
  es: [' ¡Gracias!', ' Gracias de antemano.'],
};

/** People greet, thank, write in small letters and forget the full stop, whatever they want. */
function say(text: string, language: string, random: Random): string {
  const before = random() < 0.12 ? (oneOf(OPENINGS[language] ?? [], random) ?? '') : '';
  const after = random() < 0.12 ? (oneOf(ENDINGS[language] ?? [], random) ?? '') : '';
  const said = `${before}${text.trim()}${after}`;
  const plain = random() < 0.15 ? said.replace(/[.?!]+$/, '') : said;
  return random() < 0.2 ? plain.toLowerCase() : plain;
}

function fill(template: string, language: string, slots: readonly Line[], random: Random): string {
  return template.replace(SLOT, (whole, name: string) => {
    const all = slots.filter(({ kind }) => kind === name);
    const native = all.filter((slot) => slot.language === language);
    const usual = native.length > 0 ? native : all.filter((slot) => slot.language === 'en');
    const choices = MATERIAL.has(name) && random() > NATIVE_SHARE ? all : usual;
    const text = choices[Math.floor(random() * choices.length)]?.text;
    if (text === undefined) return whole;
    return name === 'passage' ? excerpt(text, random) : text;
  });
}

/** Some sentences in a row: the same passage does not come twice in the same form. */
function excerpt(text: string, random: Random): string {
  const sentences = text.split(/(?<=[.!?]) |(?<=。)/);
  const count = 1 + Math.floor(random() * sentences.length);
  const start = Math.floor(random() * (sentences.length - count + 1));
  return sentences.slice(start, start + count).join(' ');
}

function familyOf(name: string): FamilyName {
  const family = FAMILIES.find((known) => known === name);
  if (family === undefined) throw new RangeError(`templates.txt names the family "${name}", which does not exist`);
  return family;
}

/**
 * Public task sets as families. Questions that ask for a fact are knowledge; those that need a step beyond it
 * (science exams, common sense, logic grids) are reasoning; a bare list of words is no task at all.
 */
export const FAMILY_OF_TASK: Readonly<Record<string, FamilyName>> = {
  natural_qa: 'knowledge',
  trivia_qa: 'knowledge',
  mmlu: 'reading',
  gpqa: 'reasoning',
  commonsense_qa: 'reasoning',
  openbook_qa: 'reasoning',
  arc_challenge: 'reasoning',
  'agentverse-logicgrid': 'reasoning',
  math: 'maths',
  gsm8k: 'maths',
  'agentverse-mgsm': 'maths',
  mbpp: 'code',
  human_eval: 'code',
  commongen: 'other',
};

/**
 * Sets whose questions are of a manner of their own: exam questions without their choices have little in common with
 * logic grids, though both are reasoning. Each is learnt as a class beside the families, and counts for its family.
 */
const SETS: readonly string[] = [
  'commonsense_qa',
  'openbook_qa',
  'arc_challenge',
  'natural_qa',
  'trivia_qa',
  'mmlu',
  'gpqa',
];
const SET_OF_TASK: Readonly<Record<string, string>> = { 'agentverse-logicgrid': 'gpqa' };

export function setOf(task: string): string | undefined {
  const name = SET_OF_TASK[task] ?? task;
  return SETS.includes(name) ? name : undefined;
}

/** The family of every class: all families, then the sets. */
export const TASK_CLASSES: readonly number[] = [
  ...FAMILIES.keys(),
  ...SETS.map((set) => FAMILIES.indexOf(FAMILY_OF_TASK[set] ?? 'other')),
];

export const classOf = ({ family, set }: TaskRow): number =>
  set === undefined ? FAMILIES.indexOf(family) : FAMILIES.length + SETS.indexOf(set);

/** How hard a row of our own is, where no model has been asked: what the family usually is, 0…1. */
export const OWN_COMPLEXITY: Readonly<Record<FamilyName, number>> = {
  chat: 0.1,
  code: 0.5,
  maths: 0.3,
  reasoning: 0.6,
  reading: 0.3,
  knowledge: 0.3,
  summary: 0.35,
  extraction: 0.3,
  classification: 0.2,
  translation: 0.35,
  creative: 0.4,
  other: 0.3,
};
