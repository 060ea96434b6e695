/** The shape of a filter, before any field is known. Spans are offsets into the filter's text, end exclusive. */

export interface Span {
  readonly start: number;
  readonly end: number;
}

export const ORDER_OPERATORS = ['<=', '<', '>=', '>'] as const;
/** Take one text; longer ones first where one begins with another. */
export const TEXT_OPERATORS = [
  '==',
  '=',
  '!=',
  'glob',
  'iglob',
  'contains',
  'icontains',
  'bcontains',
  'startswith',
  'bstartswith',
  'endswith',
  'regex',
] as const;
export const LIST_OPERATORS = ['intersects', 'in', 'pmatch'] as const;
export type Operator = 'exists' | (typeof ORDER_OPERATORS)[number] | (typeof TEXT_OPERATORS)[number] | (typeof LIST_OPERATORS)[number];

export const MODIFIERS = ['oneof', 'anyof', 'allof'] as const;
export type Modifier = (typeof MODIFIERS)[number];

export const TRANSFORMERS = ['tolower', 'toupper', 'b64', 'basename', 'len', 'join', 'concat', 'getopt'] as const;
export type Transformer = (typeof TRANSFORMERS)[number];

/** Whether a list stands to the right: between its brackets, names of lists stand for their items. */
export const takesList = (operator: Operator, modifier: Modifier | null): boolean =>
  modifier !== null || (LIST_OPERATORS as readonly Operator[]).includes(operator);

export interface FieldRef extends Span {
  readonly kind: 'field';
  readonly name: string;
  /** From `[…]`. */
  readonly arg: string | null;
}

export interface Literal extends Span {
  readonly kind: 'literal';
  readonly text: string;
  readonly quoted: boolean;
}

export interface Call extends Span {
  readonly kind: 'call';
  readonly name: Transformer;
  readonly args: readonly Operand[];
  /** From `[…]`, of getopt alone: the option wanted. */
  readonly arg: string | null;
}

export interface OperandList extends Span {
  readonly kind: 'list';
  readonly items: readonly Operand[];
}

/** What yields a value. A list occurs only inside a call. */
export type Operand = FieldRef | Literal | Call | OperandList;

/** What a check compares with: texts, the name of a list defined elsewhere, or another field. */
export type Right =
  | { readonly kind: 'values'; readonly values: readonly Literal[] }
  | { readonly kind: 'name'; readonly name: string; readonly span: Span }
  | { readonly kind: 'operand'; readonly operand: Operand };

export interface Check extends Span {
  readonly kind: 'check';
  readonly left: Operand;
  readonly operator: Operator;
  readonly operatorSpan: Span;
  readonly modifier: Modifier | null;
  /** null with `exists`. */
  readonly right: Right | null;
}

export type Expr =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expr[]; readonly brackets: boolean }
  | { readonly kind: 'not'; readonly part: Expr }
  | ({ readonly kind: 'macro'; readonly name: string } & Span)
  | Check;
