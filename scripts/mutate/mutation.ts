import type { Range } from './ast.ts';

/** How likely a function's candidates of each kind are drawn. Easy ones are rare: they say little about the tests. */
export const OPERATOR_WEIGHTS = {
  /** `<` for `<=` and so on: one second, one wei, one element too far. */
  boundary: 6,
  /** `if (…) revert` that never reverts, `if (…)` that is always or never taken. */
  guard: 4,
  /** One operand of `&&` or `||` dropped. */
  operand: 5,
  /** A literal, constant or immutable one off. */
  constant: 3,
  /** `+` for `-`, `*` for `/`, `min` for `max`, `+=` for `=`. */
  arithmetic: 4,
  /** `&&` for `||`, `==` for `!=`, a dropped `!`. */
  logic: 1,
  /** A write or a call that does not happen. */
  statement: 4,
  /** An event that is not emitted. */
  event: 2,
  /** Two neighbouring arguments of one type exchanged. */
  arguments: 3,
  /** A modifier taken off one function. */
  modifier: 5,
  /** In assembly: the same ideas on opcodes. */
  assembly: 4,
} as const;

export type Operator = keyof typeof OPERATOR_WEIGHTS;

/** What is done to the text in `range`. */
export type Mutation = {
  readonly operator: Operator;
  readonly kind: 'expression' | 'statement' | 'modifier' | 'yul-expression' | 'yul-statement';
  readonly range: Range;
  /** Empty for a statement that is left out. */
  readonly replacement: string;
  /** The assembly block around a Yul mutation. */
  readonly assembly?: Range;
};

export type Candidate = Mutation & {
  readonly file: string;
  /** `Contract.function` */
  readonly scope: string;
  readonly original: string;
};

export type Mutant = Candidate & { readonly id: number };
