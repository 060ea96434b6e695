/**
 * Text → Expr. The grammar is the one of today's sysdig and Falco, with `&&`, `||`, `!` beside the words:
 *
 *   expr    = and ('or' and)*                  and = not ('and' not)*                not = 'not'* primary
 *   primary = '(' expr ')' | operand condition | identifier                          (identifier: a macro)
 *   operand = field | transformer '(' argument (',' argument)* ')'                   field = name('.'name)+ ('[' argument ']')?
 *   condition = 'exists' | order number | textop text | textop modifier list | listop list
 *             | any operator, then a transformer or val(field)
 *
 * Words need a blank or a bracket after them. One method per production; what a token may look like depends on the place,
 * so there is no separate lexer.
 */
import { WORD_FIELDS } from '../event/fields/aliases.ts';
import {
  type Call,
  type Check,
  type Expr,
  type FieldRef,
  LIST_OPERATORS,
  type Literal,
  MODIFIERS,
  type Modifier,
  type Operand,
  type Operator,
  ORDER_OPERATORS,
  type Right,
  TRANSFORMERS,
  type Transformer,
} from './ast.ts';
import * as diagnose from './diagnose.ts';
import { FilterError } from './error.ts';
import { takeOperator } from './operators.ts';
import { Scanner } from './scanner.ts';
import { takeListValue, takeNumber, takeOrderValue, takeQuoted, takeTextValue } from './take-literal.ts';

const MAX_DEPTH = 100;

const FIELD_NAME = /[a-zA-Z]+[a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_/-]+)+/y;
const IDENTIFIER = /[a-zA-Z]+[a-zA-Z0-9_]*/y;
const FIELD_ARG = /[^ \b\t\n\r[\]"']+/y;

/** Parses a whole filter; blank text is null (everything matches). Throws FilterError. */
export function parseFilter(text: string): Expr | null {
  return text.trim() === '' ? null : new Parser(text).whole();
}

class Parser {
  #depth = 0;
  readonly #text: string;
  readonly #scan: Scanner;

  constructor(text: string) {
    this.#text = text;
    this.#scan = new Scanner(text);
  }

  whole(): Expr {
    const expr = this.#or();
    this.#scan.blank();
    if (!this.#scan.atEnd) throw diagnose.goesOn(this.#text, this.#scan.at);
    return expr;
  }

  #or(): Expr {
    return this.#chain('or', '||', () => this.#and());
  }

  #and(): Expr {
    return this.#chain('and', '&&', () => this.#not());
  }

  #chain(kind: 'and' | 'or', symbol: string, part: () => Expr): Expr {
    const parts = [part()];
    while (this.#scan.attempt(() => this.#joint(kind, symbol))) parts.push(part());
    return parts.length === 1 ? parts[0]! : { kind, parts, brackets: false };
  }

  #joint(word: 'and' | 'or', symbol: string): true | null {
    const scan = this.#scan;
    scan.blank();
    if (scan.symbol(symbol)) return true;
    if (!scan.word(word)) return null;
    if (!/^[\s(]/.test(this.#text.slice(scan.at))) throw diagnose.noSeparator(this.#text, word, scan.at);
    return true;
  }

  #not(): Expr {
    const scan = this.#scan;
    scan.blank();
    const negated = scan.symbol('!') || scan.attempt(() => (scan.word('not') && /^[\s(]/.test(this.#text.slice(scan.at)) ? true : null));
    return negated ? this.#deeper(() => ({ kind: 'not', part: this.#not() })) : this.#primary();
  }

  #primary(): Expr {
    this.#scan.blank();
    const open = this.#scan.at;
    if (!this.#scan.symbol('(')) return this.#check();
    return this.#deeper(() => {
      const expr = this.#or();
      this.#scan.blank();
      if (!this.#scan.symbol(')')) throw diagnose.unclosed(this.#text, open, this.#scan.at);
      return expr.kind === 'and' || expr.kind === 'or' ? { ...expr, brackets: true } : expr;
    });
  }

  #check(): Expr {
    const scan = this.#scan;
    const start = scan.at;
    const left = this.#operand();
    if (left !== null) return this.#condition(left, start);
    const name = scan.match(IDENTIFIER);
    if (name === null) throw diagnose.noCondition(this.#text, scan.at);
    const span = scan.span(start);
    const keyword = diagnose.keywordAlone(this.#text, name, span);
    if (keyword !== null) throw keyword;
    if (WORD_FIELDS.has(name) && this.#operatorFollows()) return this.#condition({ kind: 'field', name, arg: null, ...span }, start);
    const field = diagnose.wordAsField(this.#text, name, span);
    if (field !== null) throw field;
    return { kind: 'macro', name, ...span };
  }

  #operatorFollows(): boolean {
    return this.#scan.ahead(() => {
      this.#scan.blank();
      return takeOperator(this.#scan) !== null;
    });
  }

  /** A field or a transformer; null where neither stands. */
  #operand(): Operand | null {
    return this.#call() ?? this.#field();
  }

  #field(): FieldRef | null {
    const start = this.#scan.at;
    const name = this.#scan.match(FIELD_NAME);
    if (name === null) return null;
    const arg = this.#fieldArg();
    return { kind: 'field', name, arg, ...this.#scan.span(start) };
  }

  #fieldArg(): string | null {
    const open = this.#scan.at;
    if (!this.#scan.symbol('[')) return null;
    const arg = takeQuoted(this.#scan)?.text ?? this.#scan.match(FIELD_ARG);
    if (arg === null) {
      const span = { start: open, end: this.#scan.at + 1 };
      const hint = 'a name, a number or a quoted text between [ and ], no blanks';
      throw new FilterError('expected an argument', this.#text, span, hint);
    }
    this.#close(']', `to close the '[' at ${open + 1}`);
    return arg;
  }

  #call(): Call | null {
    const start = this.#scan.at;
    const name = this.#scan.attempt(() => this.#transformer());
    if (name === null) return null;
    return this.#deeper(() => {
      const args = this.#arguments(() => this.#argument());
      this.#close(')', `to close ${name}(`);
      const bracket = this.#scan.at;
      const arg = this.#fieldArg();
      if (arg !== null && name !== 'getopt')
        throw diagnose.failureAt(this.#text, bracket, `${name}() takes no [argument]`, 'only getopt() does');
      return { kind: 'call', name, args, arg, ...this.#scan.span(start) };
    });
  }

  #transformer(): Transformer | null {
    const word = this.#scan.match(IDENTIFIER);
    const name = TRANSFORMERS.find((transformer) => transformer === word);
    return name !== undefined && this.#scan.symbol('(') ? name : null;
  }

  #argument(): Operand {
    this.#scan.blank();
    const start = this.#scan.at;
    if (!this.#scan.symbol('(')) return this.#listItem();
    const items = this.#arguments(() => this.#listItem());
    this.#close(')', 'to close the list');
    return { kind: 'list', items, ...this.#scan.span(start) };
  }

  #listItem(): Operand {
    this.#scan.blank();
    const operand = this.#operand() ?? takeQuoted(this.#scan) ?? takeNumber(this.#scan);
    if (operand === null) throw diagnose.failureAt(this.#text, this.#scan.at, 'expected a field, a transformer, a quoted text or a number');
    return operand;
  }

  #arguments(item: () => Operand): Operand[] {
    const items: Operand[] = [];
    this.#scan.blank();
    if (this.#scan.next === ')') return items;
    do {
      items.push(item());
      this.#scan.blank();
    } while (this.#scan.symbol(','));
    return items;
  }

  #condition(left: Operand, start: number): Check {
    this.#scan.blank();
    const operatorStart = this.#scan.at;
    const operator = takeOperator(this.#scan);
    if (operator === null) throw diagnose.noOperator(this.#text, operatorStart);
    const operatorSpan = this.#scan.span(operatorStart);
    const { modifier, right } = this.#right(operator);
    return { kind: 'check', left, operator, operatorSpan, modifier, right, ...this.#scan.span(start) };
  }

  #right(operator: Operator): Pick<Check, 'modifier' | 'right'> {
    if (operator === 'exists') return { modifier: null, right: null };
    const spaced = this.#scan.blank();
    const operand = this.#rightOperand();
    if (operand !== null) return { modifier: null, right: { kind: 'operand', operand } };
    if ((LIST_OPERATORS as readonly Operator[]).includes(operator)) return { modifier: null, right: this.#list(operator) };
    if ((ORDER_OPERATORS as readonly Operator[]).includes(operator))
      return { modifier: null, right: values(takeOrderValue(this.#scan, operator)) };
    const modifier = spaced ? this.#modifier() : null;
    return { modifier, right: modifier === null ? values(takeTextValue(this.#scan, operator)) : this.#list(modifier) };
  }

  /** `val(field)` or a transformer, on the right of an operator. */
  #rightOperand(): Operand | null {
    const start = this.#scan.at;
    if (!this.#scan.symbol('val(')) return this.#call();
    this.#scan.blank();
    const field = this.#field();
    if (field === null)
      throw diagnose.failureAt(this.#text, this.#scan.at, 'expected a field', 'val() takes the name of a field; a value stands without it');
    this.#scan.blank();
    this.#close(')', 'to close val(');
    return { ...field, ...this.#scan.span(start) };
  }

  #modifier(): Modifier | null {
    const scan = this.#scan;
    for (const word of MODIFIERS) {
      const taken = scan.attempt(() => (scan.word(word) && scan.blank() && this.#listFollows() ? word : null));
      if (taken !== null) return taken;
    }
    return null;
  }

  #listFollows(): boolean {
    const identifier = this.#scan.ahead(() => this.#scan.match(IDENTIFIER));
    return this.#scan.next === '(' || (identifier !== null && identifier !== 'and' && identifier !== 'or');
  }

  #list(after: string): Right {
    const scan = this.#scan;
    scan.blank();
    const start = scan.at;
    if (!scan.symbol('(')) return this.#listName(after);
    const values: Literal[] = [];
    scan.blank();
    if (scan.symbol(')')) return { kind: 'values', values };
    do {
      scan.blank();
      values.push(takeListValue(scan));
      scan.blank();
    } while (scan.symbol(','));
    if (!scan.symbol(')')) throw diagnose.listGoesOn(this.#text, start, scan.at);
    return { kind: 'values', values };
  }

  #listName(after: string): Right {
    const start = this.#scan.at;
    const name = this.#scan.match(IDENTIFIER);
    const ends = /^\s*(and\b|or\b|\)|&&|\|\||$)/.test(this.#text.slice(this.#scan.at));
    if (name === null || !ends) throw diagnose.noList(this.#text, after, start);
    return { kind: 'name', name, span: this.#scan.span(start) };
  }

  #close(bracket: ')' | ']', hint: string): void {
    if (!this.#scan.symbol(bracket)) throw diagnose.failureAt(this.#text, this.#scan.at, `expected '${bracket}'`, hint);
  }

  #deeper<T>(work: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw diagnose.failureAt(this.#text, this.#scan.at, `brackets and 'not' may nest ${MAX_DEPTH} deep`);
    const result = work();
    this.#depth--;
    return result;
  }
}

function values(value: Literal): Right {
  return { kind: 'values', values: [value] };
}
