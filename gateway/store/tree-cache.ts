import { buildBatchTree } from '../protocol/batch-tree.ts';
import type { Hex } from '../protocol/types.ts';

type Leaf = { readonly id: Hex; readonly leaf: Hex };
type Place = { readonly leaf: Hex; readonly proof: readonly Hex[] };
type Places = (id: Hex) => Place | undefined;

export type TreeCache = {
  /** Place of receipt `id` in the tree of `root`; its leaves are read only when the tree is not at hand. */
  readonly placeOf: (root: Hex, id: Hex, readLeaves: () => Promise<readonly Leaf[]>) => Promise<Place>;
};

/** Keeps the trees that were asked for last: building one takes the event loop for as long as a hundred requests. */
export function createTreeCache(maxTrees: number): TreeCache {
  const trees = new Map<Hex, Promise<Places>>();
  return {
    async placeOf(root, id, readLeaves) {
      const places = trees.get(root) ?? readLeaves().then(placesOf);
      trees.delete(root);
      trees.set(root, places);
      for (const oldest of trees.keys()) {
        if (trees.size <= maxTrees) break;
        trees.delete(oldest);
      }
      try {
        const place = (await places)(id);
        if (place === undefined) throw new Error(`receipt ${id} is not among the leaves of its batch`);
        return place;
      } catch (error) {
        trees.delete(root);
        throw error;
      }
    },
  };
}

function placesOf(leaves: readonly Leaf[]): Places {
  const tree = buildBatchTree(leaves.map(({ leaf }) => leaf));
  const indexes = new Map(leaves.map(({ id }, index) => [id, index]));
  return (id) => {
    const index = indexes.get(id);
    const leaf = leaves[index ?? -1]?.leaf;
    return index === undefined || leaf === undefined ? undefined : { leaf, proof: tree.proofOf(index) };
  };
}
