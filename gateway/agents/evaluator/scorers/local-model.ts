import { reasonOf } from '../../../lib/reason.ts';
import type { Embedder, Vector } from './vectors.ts';

/**
 * Vectors from a model in this process, by transformers.js. It is not among our dependencies (its native runtime is large):
 * an operator who wants it installs `@huggingface/transformers` next to the gateway.
 */
export type LocalModelOptions = {
  /** Name on the model hub, or the path of a folder with the model. */
  readonly model: string;
  /** Replaced in tests. */
  readonly load?: (name: string) => Promise<unknown>;
};

const LIBRARY = '@huggingface/transformers';

type Tensor = { readonly tolist: () => unknown };
type Extractor = (texts: readonly string[], options: { pooling: 'mean'; normalize: boolean }) => Promise<Tensor>;
type Library = { readonly pipeline: (task: 'feature-extraction', model: string) => Promise<Extractor> };

/** Loads the model; rejects with what to do when the library is missing or does not know the model. */
export async function createLocalEmbedder({ model, load = importLibrary }: LocalModelOptions): Promise<Embedder> {
  const library = await load(LIBRARY).catch((error: unknown) => {
    throw new Error(`a local model needs ${LIBRARY}: run "npm install ${LIBRARY}" (${reasonOf(error)})`);
  });
  if (!isLibrary(library)) throw new Error(`${LIBRARY} has no pipeline: install its current version`);
  const extract = await library.pipeline('feature-extraction', model).catch((error: unknown) => {
    throw new Error(`${LIBRARY} cannot load ${model}: ${reasonOf(error)}`);
  });
  // One batch at a time: the runtime is not told what to do while it works.
  let last: Promise<unknown> = Promise.resolve();
  return (texts) => {
    const vectors = last.then(async () =>
      vectorsOf(await extract(texts, { pooling: 'mean', normalize: true }), texts.length),
    );
    last = vectors.catch(() => undefined);
    return vectors;
  };
}

const importLibrary = (name: string): Promise<unknown> => import(name);

function isLibrary(library: unknown): library is Library {
  return (
    typeof library === 'object' && library !== null && 'pipeline' in library && typeof library.pipeline === 'function'
  );
}

function vectorsOf(tensor: Tensor, count: number): Vector[] {
  const rows = tensor.tolist();
  if (!Array.isArray(rows) || rows.length !== count)
    throw new Error(`model gave something other than ${count} vectors`);
  return rows.map((row: unknown) => {
    if (
      !Array.isArray(row) ||
      !row.every((value): value is number => typeof value === 'number' && Number.isFinite(value))
    )
      throw new Error('model gave a vector that holds something other than numbers');
    return row;
  });
}
