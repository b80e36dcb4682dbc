/** Requests that are alike for what they ask of a node: a family and a tenth of the complexity scale. */
export function cellOf({ family, complexity }: { readonly family: number; readonly complexity: number }): string {
  return `${family}:${Math.min(9, Math.floor(complexity / 1_000))}`;
}
