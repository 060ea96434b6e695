/** The words of a query in SQLite's SQL (lang_expr.html): enough to see where clauses, calls and columns are. */

export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'sign';
  /** As it is written; words in small letters. */
  readonly text: string;
}

const TOKEN =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<word>[a-z_][a-z0-9_]*)|(?<string>'(?:[^']|'')*')|(?<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]))|(?<sign>->>|->|\|\||<=|>=|<>|!=|==|<<|>>|[-+*/%&|~<>=(),.])/giy;
const KINDS = ['word', 'string', 'number', 'sign'] as const;

/** Null: it has something else, such as quoted names or parameters. */
export function tokensOf(sql: string): readonly Token[] | null {
  const text = sql.trim().replace(/;$/, '');
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) return null;
    const kind = KINDS.find((one) => groups[one] !== undefined);
    if (kind !== undefined) tokens.push({ kind, text: kind === 'word' ? groups.word!.toLowerCase() : groups[kind]! });
  }
  return tokens;
}

export const textOf = (tokens: readonly Token[]): string => tokens.map(({ text }) => text).join(' ');

/** What stands between separators, usually commas, that are in no brackets. */
export function partsOf(tokens: readonly Token[], separator = ','): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    if (token.text === separator && depth === 0) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts;
}

/** Where the bracket that opens at `from` closes; -1: nowhere. */
export function closing(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    if (tokens[i]!.text === '(') depth++;
    if (tokens[i]!.text === ')' && --depth === 0) return i;
  }
  return -1;
}
