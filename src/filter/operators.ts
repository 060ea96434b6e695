import { LIST_OPERATORS, type Operator, TEXT_OPERATORS } from './ast.ts';
import type { Scanner } from './scanner.ts';

const SYMBOLS = ['<=', '<', '>=', '>', '==', '=', '!='] as const;
const WORDS = ['exists', ...TEXT_OPERATORS, ...LIST_OPERATORS] as const;

/** Takes the operator that stands at the place; null: none does. */
export function takeOperator(scanner: Scanner): Operator | null {
  for (const symbol of SYMBOLS) if (scanner.symbol(symbol)) return symbol;
  for (const word of WORDS) {
    const taken = scanner.attempt(() => (scanner.word(word) && endsOperator(word, scanner.next) ? word : null));
    if (taken !== null) return taken;
  }
  return null;
}

/** Words need a blank after them, or the bracket that their list begins with. */
function endsOperator(word: Operator, next: string | undefined): boolean {
  const list = (LIST_OPERATORS as readonly Operator[]).includes(word);
  return next === undefined || /\s/.test(next) || (list && next === '(') || (word === 'exists' && next === ')');
}
