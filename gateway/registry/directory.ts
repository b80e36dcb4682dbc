import { Role } from '../protocol/constants.ts';
import type { ModelMetadata } from '../protocol/metadata.ts';
import type { NodeSource, RegisteredNode } from './ports.ts';

/** An inference node together with one of its models. */
export type ServedModel = { readonly node: RegisteredNode; readonly model: ModelMetadata };

export type Directory = {
  /** Every (inference node, model), rebuilt only when the source's list is another one. */
  readonly served: () => readonly ServedModel[];
};

export function createDirectory(source: NodeSource): Directory {
  let list: readonly RegisteredNode[] | undefined;
  let served: readonly ServedModel[] = [];
  return {
    served() {
      const current = source.list();
      if (current === list) return served;
      list = current;
      served = current
        .filter((node) => node.role === Role.inference)
        .flatMap((node) => node.metadata.models.map((model) => ({ node, model: withChat(model) })));
      return served;
    },
  };
}

/** Whoever offers a model offers to chat with it, unless it is there for vectors and says nothing of chat. */
function withChat(model: ModelMetadata): ModelMetadata {
  const { capabilities } = model;
  if (capabilities.includes('embeddings') || capabilities.includes('chat')) return model;
  return { ...model, capabilities: ['chat', ...capabilities] };
}
