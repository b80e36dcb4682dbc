import { markdownOf } from './markdown.ts';
import type { Page } from './markdown.ts';

/** What the documentation may refer to. */
export type Project = {
  /** Files by their path from the root. */
  readonly files: readonly string[];
  readonly npmScripts: Readonly<Record<string, string>>;
  /** Environment names and error codes that the code knows. */
  readonly names: ReadonlySet<string>;
  /** Help text of every program, by path: an option exists where this mentions it. */
  readonly help: ReadonlyMap<string, string>;
};

/** Files that a reader makes while following the pages. */
const READERS_FILES: ReadonlySet<string> = new Set([
  'api-keys.json',
  'config.json',
  'consent.json',
  'metadata.json',
  'receipt.json',
]);

/** Everything that a page refers to and that is not there: one line each, empty when all is well. */
export function docProblems(pages: readonly Page[], project: Project): string[] {
  const places = placesOf(project.files);
  const helps = [...project.help.values()];
  return pages.flatMap((page) => {
    const { links, spans, code } = markdownOf(page.text);
    const commands = code.flatMap((line) => commandsOf(line));
    const wrong = [
      ...links.filter((link) => !places.has(resolve(page.path, link))).map((link) => `link to ${link}`),
      ...spans.filter((span) => isPath(span, project.files) && !pathExists(span, places)).map((span) => `path ${span}`),
      ...namesOf(page.text).filter((name) => !project.names.has(name)),
      ...commands.flatMap((command) => commandProblems(command, project)),
      ...code
        .flatMap(optionsOf)
        .filter((option) => !helps.some((help) => mentions(help, option)))
        .map((option) => `option ${option}`),
    ];
    return [...new Set(wrong)].map((what) => `${page.path}: ${what}`);
  });
}

/** Files and the folders they are in. */
function placesOf(files: readonly string[]): ReadonlySet<string> {
  const parts = files.map((file) => file.split('/'));
  return new Set(['', ...parts.flatMap((names) => names.map((_name, index) => names.slice(0, index + 1).join('/')))]);
}

/** A relative link as a path from the root; one that leaves the repository stays as it is and is not found. */
function resolve(page: string, link: string): string {
  const target = link.replace(/#.*$/, '');
  if (target === '') return page;
  const names = page.split('/').slice(0, -1);
  for (const name of target.split('/')) {
    if (name === '..' && names.pop() === undefined) return target;
    if (!['..', '.', ''].includes(name)) names.push(name);
  }
  return names.join('/');
}

const FILE = /^[\w.<>*/-]+\.(?:ts|mjs|sol|json|md)$/;
const FOLDER = /^[\w.<>*/-]+\/$/;
const PLACE = /^[\w.<>*-]+(?:\/[\w.<>*-]+)+$/;

/** A span is taken for a path by its ending, or because it starts with a folder of the root. */
function isPath(span: string, files: readonly string[]): boolean {
  if (span.startsWith('/') || READERS_FILES.has(span)) return false;
  if (FILE.test(span) || FOLDER.test(span)) return true;
  const [top = ''] = span.split('/');
  return PLACE.test(span) && files.some((file) => file.startsWith(`${top}/`));
}

/** From the root, or from any folder: `score.ts` is enough where the text says which room it speaks of. */
function pathExists(span: string, places: ReadonlySet<string>): boolean {
  const escaped = span.replace(/\/$/, '').replaceAll('.', String.raw`\.`);
  const pattern = new RegExp(`(?:^|/)${escaped.replaceAll(/\*+|<[^>]*>/g, '[^/]*')}$`);
  return [...places].some((place) => pattern.test(place));
}

const namesOf = (text: string): string[] => text.match(/\bDGRID_[A-Z0-9_]*[A-Z0-9]\b(?![*_…])/g) ?? [];
const optionsOf = (text: string): string[] => text.match(/(?<![\w-])--[a-z][a-z0-9-]*/g) ?? [];
const mentions = (help: string, option: string): boolean => new RegExp(`${option}(?![\\w-])`).test(help);

type Command = { readonly program: string; readonly rest: string };

/** `npm run x -- …`, `npm test`, `npx node x.ts …`: as many as a line of code holds. */
function commandsOf(line: string): Command[] {
  const pattern = /\bnpm (?:run )?([a-z][\w:-]*)([^|>&;]*)|\bnode ([\w./-]+\.m?[jt]s)([^|>&;]*)/g;
  return [...line.matchAll(pattern)].map(([, script, scriptRest, file, fileRest]) =>
    file === undefined
      ? { program: `npm run ${script ?? ''}`, rest: scriptRest ?? '' }
      : { program: file, rest: fileRest ?? '' },
  );
}

function commandProblems({ program, rest }: Command, project: Project): string[] {
  const file = program.startsWith('npm run ') ? npmProgram(program.slice('npm run '.length), project) : program;
  if (file === undefined) return [program];
  if (file !== '' && !project.files.includes(file)) return [`program ${file}`];
  const help = project.help.get(file);
  if (help === undefined) return [];
  return optionsOf(rest)
    .filter((option) => !mentions(help, option))
    .map((option) => `${file} ${option}`);
}

/** The program behind an npm script, empty where it is not one of ours; undefined where there is no such script. */
function npmProgram(name: string, { npmScripts }: Project): string | undefined {
  const script = npmScripts[name];
  return script === undefined ? undefined : (/^node (scripts\/[\w-]+\.ts)$/.exec(script)?.[1] ?? '');
}
