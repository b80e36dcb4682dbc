export type Page = { readonly path: string; readonly text: string };

export type Markdown = {
  /** Targets of links within the repository. */
  readonly links: readonly string[];
  /** Inline code outside of blocks. */
  readonly spans: readonly string[];
  /** Inline code and the lines of shell blocks: continued lines joined, comments gone. */
  readonly code: readonly string[];
};

const BLOCK = /^ *```(\w*)\n([\s\S]*?)^ *```$/gm;
const SHELLS: ReadonlySet<string> = new Set(['', 'sh', 'bash', 'console']);

/** As much of Markdown as finding references takes. */
export function markdownOf(text: string): Markdown {
  const prose = text.replaceAll(BLOCK, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  const blocks = [...text.matchAll(BLOCK)].flatMap(([, language = '', body = '']) =>
    SHELLS.has(language) ? shellLines(body) : [],
  );
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return { links: links.filter((target) => !/^[a-z]+:/.test(target)), spans, code: [...spans, ...blocks] };
}

function shellLines(body: string): string[] {
  const joined = body.replaceAll(/\\\n\s*/g, '');
  return joined.split('\n').map((line) => line.replace(/(?:^|\s)#.*$/, ''));
}
