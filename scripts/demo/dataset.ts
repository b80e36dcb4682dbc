/** An epoch's published dataset: canonical JSON lines, taken apart by the type of each line. */
type Fields = Readonly<Record<string, string | number>>;

export type BatchLine = {
  readonly batchId: string;
  readonly root: string;
  readonly recordsRoot: string;
  readonly count: number;
  readonly units: string;
};
export type ReceiptLine = {
  readonly batchId: string;
  readonly receipt: Fields;
  readonly record: Fields;
  readonly entries: readonly unknown[];
};
export type GoldLine = {
  readonly leaf: Fields;
  readonly used: { readonly receiptId: string; readonly truth: number } | null;
};

export type Dataset = {
  readonly text: string;
  readonly batches: readonly BatchLine[];
  readonly receipts: readonly ReceiptLine[];
  readonly golds: readonly GoldLine[];
  readonly table: readonly Fields[];
  readonly rewards: readonly Fields[];
};

export function parseDataset(text: string): Dataset {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly type: string; readonly leaf: Fields });
  const of = <Line>(type: string): readonly Line[] =>
    lines.filter((line) => line.type === type) as unknown as readonly Line[];
  return {
    text,
    batches: of<BatchLine>('batch'),
    receipts: of<ReceiptLine>('receipt'),
    golds: of<GoldLine>('gold'),
    table: of<{ readonly leaf: Fields }>('table').map(({ leaf }) => leaf),
    rewards: of<{ readonly leaf: Fields }>('reward').map(({ leaf }) => leaf),
  };
}
