/** Events in the order of their time: a binary heap. */
export type Event = { readonly atMs: number; readonly run: () => void };

export function createQueue() {
  const heap: Event[] = [];
  const atOf = (place: number): number => heap[place]?.atMs ?? Infinity;
  const swap = (a: number, b: number): void => {
    const [one, other] = [heap[a], heap[b]];
    if (one === undefined || other === undefined) return;
    [heap[a], heap[b]] = [other, one];
  };
  const up = (start: number): void => {
    for (let place = start; place > 0;) {
      const parent = (place - 1) >> 1;
      if (atOf(parent) <= atOf(place)) return;
      swap(parent, place);
      place = parent;
    }
  };
  const down = (): void => {
    for (let place = 0; ;) {
      const left = 2 * place + 1;
      const lesser = atOf(left + 1) < atOf(left) ? left + 1 : left;
      if (atOf(lesser) >= atOf(place)) return;
      swap(lesser, place);
      place = lesser;
    }
  };
  return {
    push(atMs: number, run: () => void): void {
      heap.push({ atMs, run });
      up(heap.length - 1);
    },
    /** The earliest one, if it is not later than `toMs`. */
    popUntil(toMs: number): Event | undefined {
      const [first] = heap;
      if (first === undefined || first.atMs > toMs) return undefined;
      swap(0, heap.length - 1);
      heap.pop();
      down();
      return first;
    },
  };
}
