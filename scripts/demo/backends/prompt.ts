import { findQuantities } from './quantities.ts';
import { splitSentences, wordCount } from './text.ts';

/** The parts of a chat request that the backends look at. */
export type ChatMessage = { readonly role: string; readonly content: string };
export type SchemaNode = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly description?: string;
};

export type Intent = 'reading' | 'extraction' | 'maths' | 'summary' | 'classification' | 'other';

/** A request, taken apart: what is asked, and the text it is asked about. */
export type Assignment = {
  readonly intent: Intent;
  readonly instruction: string;
  readonly material: string;
  readonly question: string;
  readonly schema: SchemaNode | undefined;
  readonly labels: readonly string[];
  readonly maxWords: number | undefined;
  readonly maxSentences: number | undefined;
};

type Sections = { readonly instruction: string; readonly material: string; readonly marked: boolean };

const FENCE = /"""([\s\S]+?)"""|'''([\s\S]+?)'''|<(?:text|passage|document)>([\s\S]+?)<\/(?:text|passage|document)>/i;
const HEADING = /^(?:the )?([A-Z][A-Za-z ]{2,18}):\s*/i;
const MATERIAL_HEADING =
  /^(?:passage|text|context|article|document|review|message|note|e-?mail|report|story|letter|notice|input|invoice|comment|headline|ticket|announcement|entry|post|transcript|feedback|order)$/i;
const COMMAND =
  /^(?:please\s+)?(?:answer|summari[sz]e|classify|categori[sz]e|extract|read|use|give|return|reply|respond|label|decide|choose|pick|tell|write|shorten|condense|solve|calculate|compute|work out|find|list|assign|fill|name|state|explain|judge|determine|say|put|sort|turn|pull|report|keep|produce|what|which|who|when|where|why|how)\b/i;

export function parseAssignment(messages: readonly ChatMessage[], schema: SchemaNode | undefined): Assignment {
  const system = messages.filter((message) => message.role === 'system').map((message) => message.content);
  const user = messages.filter((message) => message.role === 'user').at(-1)?.content ?? '';
  const sections = divide(user);
  const instruction = [...system, sections.instruction].join('\n').trim();
  const found = schema ?? schemaInText(user);
  const question = findQuestion(sections.instruction) ?? findQuestion(sections.material) ?? sections.instruction;
  const labels = findLabels(instruction);
  const limits = findLimits(instruction);
  const base = { instruction, material: sections.material, question, schema: found, labels, ...limits };
  return { ...base, intent: classifyIntent(base, sections.marked) };
}

/** A last paragraph about the answer's own form; what it quotes is neither heading nor text. */
const DEMAND = /\n\s*\n((?:begin|start|end|finish|write|use|keep) [^\n]{1,200})$/i;

function divide(prompt: string): Sections {
  const demand = DEMAND.exec(prompt);
  if (demand === null) return divideTask(prompt);
  const sections = divideTask(prompt.slice(0, demand.index));
  return { ...sections, instruction: `${sections.instruction}\n${demand[1] ?? ''}`.trim() };
}

/** Separates the task from the text: by fence, by heading, by paragraph, and last by the form of each sentence. */
function divideTask(prompt: string): Sections {
  const fence = FENCE.exec(prompt);
  if (fence !== null) {
    const material = (fence[1] ?? fence[2] ?? fence[3] ?? '').trim();
    return { instruction: prompt.replace(fence[0], ' ').trim(), material, marked: true };
  }
  return divideByHeading(prompt) ?? divideByParagraph(prompt) ?? divideBySentence(prompt);
}

const TASK_HEADING = /^(?:question|task|q|instructions?|labels|categories|options|schema|fields|answer):/i;

function divideByHeading(prompt: string): Sections | undefined {
  const lines = prompt.split('\n');
  const start = lines.findIndex((line) => MATERIAL_HEADING.test(HEADING.exec(line)?.[1]?.trim() ?? ''));
  if (start === -1) return undefined;
  // A new section or an order ends the text; the keyed lines of a form ("Date: …") do not.
  const length = lines.slice(start + 1).findIndex((line) => TASK_HEADING.test(line) || isCommand(line));
  const end = length === -1 ? lines.length : start + 1 + length;
  const text = lines.slice(start, end).join('\n');
  const material = text.replace(HEADING, '').trim();
  if (material === '') return undefined;
  const instruction = [...lines.slice(0, start), ...lines.slice(end)].join('\n').trim();
  return { instruction, material, marked: true };
}

function isCommand(line: string): boolean {
  return COMMAND.test(line.trim()) && (line.trim().endsWith('?') || wordCount(line) < 40) && !/^\w+:/.test(line.trim());
}

function divideByParagraph(prompt: string): Sections | undefined {
  const paragraphs = prompt.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== '');
  if (paragraphs.length < 2) return undefined;
  const isTask = (paragraph: string): boolean =>
    isCommand(splitSentences(paragraph)[0] ?? '') || paragraph.trim().endsWith('?');
  const tasks = paragraphs.filter(isTask);
  const texts = paragraphs.filter((paragraph) => !isTask(paragraph));
  if (tasks.length === 0 || texts.length === 0) return undefined;
  return { instruction: tasks.join('\n'), material: texts.join('\n'), marked: true };
}

function divideBySentence(prompt: string): Sections {
  const sentences = splitSentences(prompt);
  const isTask = (sentence: string): boolean => sentence.endsWith('?') || COMMAND.test(sentence);
  const colon = /^([^.?!\n]{4,200}?):\s+(\S[\s\S]{20,})$/.exec(prompt.trim());
  if (colon !== null && isTask(colon[1] ?? ''))
    return { instruction: colon[1] ?? '', material: colon[2] ?? '', marked: true };
  return {
    instruction: sentences.filter(isTask).join(' '),
    material: sentences.filter((sentence) => !isTask(sentence)).join(' '),
    marked: false,
  };
}

function findQuestion(text: string): string | undefined {
  return splitSentences(text)
    .map((sentence) => sentence.replace(/^(?:question|q|problem):\s*/i, ''))
    .findLast((sentence) => sentence.endsWith('?'));
}

/** A JSON Schema written into the prompt: the first balanced `{…}` that parses and has properties. */
function schemaInText(text: string): SchemaNode | undefined {
  for (let start = text.indexOf('{'); start !== -1; start = text.indexOf('{', start + 1)) {
    let depth = 0;
    for (let end = start; end < text.length; end += 1) {
      depth += text[end] === '{' ? 1 : text[end] === '}' ? -1 : 0;
      if (depth !== 0) continue;
      const parsed = parseSchema(text.slice(start, end + 1));
      if (parsed !== undefined) return parsed;
      break;
    }
  }
  return undefined;
}

function parseSchema(text: string): SchemaNode | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'properties' in value ? (value as SchemaNode) : undefined;
  } catch {
    return undefined;
  }
}

const LABEL_LEADS = [
  /(?:labels?|categories|options|classes|topics|choices|departments|queues)[^:.?\n]*:\s*([^\n.?]+)/i,
  /one of(?: these| the following)?(?: \w+){0,2}:?\s+([^\n.?]+)/i,
  /\bas(?: either)?:?\s+([^\n.?]*?,?[^\n.?,]*\bor\b[^\n.?]+)/i,
  /\bfrom(?: these)?:?\s+([^\n.?]*,[^\n.?]+)/i,
  /\b(?:is it|between|either|sentiment)\b(?: either| mostly| being)?:?\s+([^\n.?]*?,?[^\n.?,]*\bor\b[^\n.?]+)/i,
  /:\s*([^\n.?:]*\bor\b[^\n.?]+)/i,
  /((?:[\p{L}-]+,\s+)*[\p{L}-]+,?\s+or\s+[\p{L}-]+)(?=[?.\n]|$)/iu,
];

export function findLabels(instruction: string): string[] {
  for (const lead of LABEL_LEADS) {
    const list = lead.exec(instruction)?.[1];
    if (list === undefined) continue;
    const labels = list
      .split(/\s*[,;|/]\s*(?:or\s+|and\s+)?|\s+or\s+|\s+and\s+/)
      .map((label) => label.replace(/^["'“‘*-]+|["'”’*.]+$/g, '').trim())
      .filter((label) => label !== '');
    if (labels.length >= 2 && labels.every((label) => wordCount(label) <= 4)) return labels;
  }
  return [];
}

function findLimits(instruction: string): Pick<Assignment, 'maxWords' | 'maxSentences'> {
  const [word, sentence] = ['words?', 'sentences?'].map((unit) => {
    const limit = new RegExp(String.raw`(\d+|[a-z]+)(?:-|\s+)(?:short\s+)?${unit}\b`, 'i').exec(instruction)?.[1];
    return limit === undefined ? undefined : findQuantities(limit === 'single' ? 'one' : limit)[0]?.value;
  });
  const below = /(?:under|fewer than|less than)\s+(\d+)\s+words/i.test(instruction) && word !== undefined;
  return { maxWords: below ? word - 1 : word, maxSentences: sentence };
}

type Unclassified = Omit<Assignment, 'intent'>;

function classifyIntent(parts: Unclassified, marked: boolean): Intent {
  const { instruction, material, question, labels } = parts;
  const rules: readonly (readonly [Intent, boolean])[] = [
    ['extraction', parts.schema !== undefined || /\bextract\b|\bas json\b|\bin json\b|json object/i.test(instruction)],
    ['summary', /summar|shorten|condense|main (?:point|idea)|in brief|tl;?dr|boil (?:it|this) down/i.test(instruction)],
    [
      'classification',
      labels.length > 0 &&
        /classif|categor|label|sentiment|topic|one of|which|belong|route|sort|tone|is (?:it|this|the)|choose|pick/i.test(
          instruction,
        ),
    ],
    ['maths', isMaths(instruction, material, question, marked)],
    ['reading', material !== '' && question.trim() !== ''],
  ];
  return rules.find(([, applies]) => applies)?.[0] ?? 'other';
}

function isMaths(instruction: string, material: string, question: string, marked: boolean): boolean {
  const numbers = findQuantities(`${material} ${instruction}`).length;
  if (/\b(?:solve|calculate|compute|work out|maths?|arithmetic)\b/i.test(instruction) && numbers >= 1) return true;
  if (/[\d)]\s*[-+*/×÷]\s*[\d(]/.test(question)) return true;
  const asks =
    /\bhow (?:many|much|long|far|old|fast|tall)\b|\bwhat (?:is|was|are) the (?:total|difference|sum|average|price|cost|distance)|\bpercent/i;
  return !marked && numbers >= 2 && asks.test(question);
}
