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
  type Span,
  TEXT_OPERATORS,
  TRANSFORMERS,
  type Transformer,
} from './ast.ts';
import { closest, didYouMean, FilterError } from './error.ts';
import { closedText, conditionFor, fieldFor, listed, operatorElsewhere, replaced, unexpected } from './hints.ts';

const MAX_DEPTH = 100;

const BLANK = /[ \b\t\n\r]*/y;
const FIELD_NAME = /[a-zA-Z]+[a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_/-]+)+/y;
const IDENTIFIER = /[a-zA-Z]+[a-zA-Z0-9_]*/y;
const FIELD_ARG = /[^ \b\t\n\r[\]"']+/y;
const NUMBER = /(?:0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?)(?:[a-zA-Zµ]+)?/y;
const BARE_TEXT = /[^()"'\s=,]+/y;

/** Single words that may stand for a field, as Wireshark writes them: `tcp contains "x"`. */
const WORD_FIELDS: ReadonlySet<string> = new Set(['tcp', 'udp', 'dns', 'http', 'frame', 'ip']);

/** Parses a whole filter; blank text is null (everything matches). Throws FilterError. */
export function parseFilter(text: string): Expr | null {
  const parser = new Parser(text);
  return text.trim() === '' ? null : parser.whole();
}

/** `name: what it is` of a filter that mixes `and` and `or` without brackets; empty otherwise. */
export function precedenceHint(expr: Expr | null): string {
  if (expr === null || expr.kind === 'macro' || expr.kind === 'check') return '';
  if (expr.kind === 'not') return precedenceHint(expr.part);
  const mixed = expr.kind === 'or' && expr.parts.some((part) => part.kind === 'and' && !part.brackets);
  if (mixed) return '`and` binds tighter than `or`: put brackets around what belongs together';
  return expr.parts.map(precedenceHint).find((hint) => hint !== '') ?? '';
}

class Parser {
  #at = 0;
  #depth = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Expr {
    const expr = this.#or();
    this.#blank();
    if (this.#at < this.#text.length) this.#unexpected();
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
    for (;;) {
      const start = this.#at;
      this.#blank();
      if (this.#takeSymbol(symbol)) parts.push(part());
      else if (this.#word(kind)) {
        this.#needSeparator(kind);
        parts.push(part());
      } else {
        this.#at = start;
        return parts.length === 1 ? parts[0]! : { kind, parts, brackets: false };
      }
    }
  }

  #not(): Expr {
    this.#blank();
    const start = this.#at;
    if (this.#takeSymbol('!')) return this.#negated();
    if (this.#word('not')) {
      if (this.#at < this.#text.length && /[\s(]/.test(this.#text[this.#at]!)) return this.#negated();
      this.#at = start;
    }
    return this.#primary();
  }

  #negated(): Expr {
    return this.#deeper(() => ({ kind: 'not', part: this.#not() }));
  }

  #primary(): Expr {
    this.#blank();
    if (!this.#takeSymbol('(')) return this.#check();
    return this.#deeper(() => {
      const open = this.#at - 1;
      const expr = this.#or();
      this.#blank();
      if (!this.#takeSymbol(')')) this.#unclosed(open);
      return expr.kind === 'and' || expr.kind === 'or' ? { ...expr, brackets: true } : expr;
    });
  }

  #check(): Expr {
    const start = this.#at;
    const left = this.#operand();
    if (left !== null) return this.#condition(left, start);
    const name = this.#match(IDENTIFIER);
    if (name === null) this.#noCondition();
    const span = { start, end: this.#at };
    this.#refuseKeyword(name, span);
    if (WORD_FIELDS.has(name)) {
      const field: FieldRef = { kind: 'field', name, arg: null, ...span };
      const here = this.#at;
      this.#blank();
      if (this.#operator() !== null) {
        this.#at = here;
        return this.#condition(field, start);
      }
      this.#at = here;
    }
    this.#refuseAsField(name, span);
    return { kind: 'macro', name, ...span };
  }

  /** Where a condition must begin and none does. */
  #noCondition(): never {
    const next = this.#text[this.#at];
    if (next === ')') this.#fail('nothing stands between the brackets', this.#here(), 'a condition, such as fd.type=ipv4');
    const start = this.#at;
    const value = this.#peek(/"[^"]*"|'[^']*'|[^\s()]+/y);
    if (value === null) this.#fail('expected a condition', this.#here(), 'for example fd.type=ipv4; `trowel fields` lists the fields');
    const bare = value.replace(/^["']|["']$/g, '');
    const span = { start, end: start + value.length };
    this.#fail(`${value} is a value, not a condition`, span, `a field and an operator go before it: ${conditionFor(bare)}`);
  }

  #refuseKeyword(name: string, span: Span): void {
    const small = name.toLowerCase();
    if (small === 'and' || small === 'or') {
      const twice = /\b(and|or)\s*$/.test(this.#text.slice(0, span.start));
      const fixed = replaced(this.#text, { start: span.start, end: this.#afterBlank() }, '');
      this.#fail(`'${name}' needs a condition before it`, span, twice ? 'one of the two is too many' : '', fixed);
    }
    if (small !== 'not') return;
    if (name === 'not') this.#fail(`'not' needs a condition after it`, span, 'for example not fd.type=ipv4');
    this.#fail(`expected a condition, not '${name}'`, span, 'write and, or, not in small letters', replaced(this.#text, span, 'not'));
  }

  /** A single word before an operator or a bracket: no macro could be meant. */
  #refuseAsField(name: string, span: Span): void {
    const here = this.#at;
    if (this.#text[here] === '(') {
      if (name === 'val') this.#fail('val() stands to the right of an operator', span, 'for example proc.pname = val(proc.name)');
      const hint = didYouMean(name, TRANSFORMERS) || `there are ${TRANSFORMERS.join(' ')}`;
      this.#fail(`no transformer is called ${name}`, span, hint);
    }
    this.#blank();
    const operator = this.#operator() ?? operatorElsewhere(this.#text, this.#at);
    this.#at = here;
    if (operator !== null) throw new FilterError(`'${name}' is not a field`, this.#text, span, ...fieldFor(name, this.#text, span));
  }

  #afterBlank(): number {
    const here = this.#at;
    this.#blank();
    const after = this.#at;
    this.#at = here;
    return after;
  }

  #unclosed(open: number): never {
    const atEnd = this.#text.slice(this.#at).trim() === '';
    if (!atEnd) this.#unexpected();
    this.#fail(`expected ')'`, this.#here(), `to close the '(' at ${open + 1}`, `${this.#text.trimEnd()})`);
  }

  /** A field or a transformer; null where neither stands. */
  #operand(): Operand | null {
    return this.#call() ?? this.#field();
  }

  #field(): FieldRef | null {
    const start = this.#at;
    const name = this.#match(FIELD_NAME);
    if (name === null) return null;
    const arg = this.#fieldArg();
    return { kind: 'field', name, arg, start, end: this.#at };
  }

  #fieldArg(): string | null {
    if (this.#text[this.#at] !== '[') return null;
    const open = this.#at++;
    const quoted = this.#quoted();
    const arg = quoted?.text ?? this.#match(FIELD_ARG);
    if (arg === null)
      this.#fail(
        'expected an argument',
        { start: open, end: this.#at + 1 },
        'a name, a number or a quoted text between [ and ], no blanks',
      );
    if (!this.#takeSymbol(']')) this.#fail(`expected ']'`, this.#here(), `to close the '[' at ${open + 1}`);
    return arg;
  }

  #call(): Call | null {
    const start = this.#at;
    const name = this.#match(IDENTIFIER) as Transformer | null;
    if (name === null || !TRANSFORMERS.includes(name) || this.#text[this.#at] !== '(') {
      this.#at = start;
      return null;
    }
    this.#at++;
    return this.#deeper(() => {
      const args = this.#arguments(() => this.#argument());
      if (!this.#takeSymbol(')')) this.#fail(`expected ')'`, this.#here(), `to close ${name}(`);
      const bracket = this.#here();
      const arg = this.#fieldArg();
      if (arg !== null && name !== 'getopt') this.#fail(`${name}() takes no [argument]`, bracket, 'only getopt() does');
      return { kind: 'call', name, args, arg, start, end: this.#at };
    });
  }

  #argument(): Operand {
    this.#blank();
    const start = this.#at;
    if (this.#takeSymbol('(')) {
      const items = this.#arguments(() => this.#listItem());
      if (!this.#takeSymbol(')')) this.#fail(`expected ')'`, this.#here(), 'to close the list');
      return { kind: 'list', items, start, end: this.#at };
    }
    return this.#listItem();
  }

  #listItem(): Operand {
    this.#blank();
    const operand = this.#operand() ?? this.#quoted() ?? this.#number();
    if (operand === null) this.#fail('expected a field, a transformer, a quoted text or a number', this.#here());
    return operand;
  }

  #arguments(item: () => Operand): Operand[] {
    const items: Operand[] = [];
    this.#blank();
    if (this.#text[this.#at] === ')') return items;
    do {
      items.push(item());
      this.#blank();
    } while (this.#takeSymbol(','));
    return items;
  }

  #condition(left: Operand, start: number): Check {
    this.#blank();
    const operatorStart = this.#at;
    const operator = this.#operator();
    if (operator === null) this.#noOperator(operatorStart);
    const operatorSpan = { start: operatorStart, end: this.#at };
    const check = (modifier: Modifier | null, right: Right | null): Check => {
      return { kind: 'check', left, operator, operatorSpan, modifier, right, start, end: this.#at };
    };
    if (operator === 'exists') return check(null, null);
    const spaced = this.#blank();
    const operand = this.#rightOperand();
    if (operand !== null) return check(null, { kind: 'operand', operand });
    if ((LIST_OPERATORS as readonly string[]).includes(operator)) return check(null, this.#list(operator));
    if ((ORDER_OPERATORS as readonly string[]).includes(operator)) return check(null, this.#orderValue(operator));
    const modifier = spaced ? this.#modifier() : null;
    if (modifier !== null) return check(modifier, this.#list(modifier));
    return check(null, { kind: 'values', values: [this.#textValue(operator)] });
  }

  #operator(): Operator | null {
    for (const symbol of ['<=', '<', '>=', '>', '==', '=', '!='] as const) if (this.#takeSymbol(symbol)) return symbol;
    for (const word of ['exists', ...TEXT_OPERATORS, ...LIST_OPERATORS] as const) {
      const start = this.#at;
      if (!this.#word(word)) continue;
      const next = this.#text[this.#at];
      const list = (LIST_OPERATORS as readonly string[]).includes(word);
      const ends = next === undefined || /\s/.test(next) || (list && next === '(') || (word === 'exists' && next === ')');
      if (ends) return word;
      this.#at = start;
    }
    return null;
  }

  #noOperator(start: number): never {
    this.#at = start;
    const elsewhere = operatorElsewhere(this.#text, start);
    if (elsewhere !== null) {
      const { operator, span } = elsewhere;
      const behind = this.#text.slice(span.end);
      const blank = /\w$/.test(operator) && !behind.startsWith(' ') ? ' ' : '';
      const fixed = this.#text.slice(0, span.start) + operator + blank + behind;
      this.#fail('expected an operator', span, `here that is ${operator}`, fixed);
    }
    const word = this.#match(BARE_TEXT) ?? '';
    if (word === '') this.#fail('expected an operator', { start, end: start + 1 }, 'and a value, or `exists`: for example proc.name=curl');
    if (word === 'not')
      this.#fail(`'not' stands before the whole condition`, { start, end: this.#at }, 'as in not proc.name in (curl, wget)');
    const known = ['exists', ...ORDER_OPERATORS, ...TEXT_OPERATORS, ...LIST_OPERATORS];
    const hint = didYouMean(word, known) || 'one of = != < <= > >= contains startswith endswith glob regex in exists …';
    const span = { start, end: Math.max(this.#at, start + 1) };
    const meant = closest(word, known);
    this.#fail('expected an operator', span, hint, meant === null ? null : replaced(this.#text, span, meant));
  }

  /** `val(field)` or a transformer, on the right of an operator. */
  #rightOperand(): Operand | null {
    const start = this.#at;
    if (this.#text.startsWith('val(', start)) {
      this.#at += 4;
      this.#blank();
      const field = this.#field();
      if (field === null) this.#fail('expected a field', this.#here(), 'val() takes the name of a field; a value stands without it');
      this.#blank();
      if (!this.#takeSymbol(')')) this.#fail(`expected ')'`, this.#here(), 'to close val(');
      return { ...field, start, end: this.#at };
    }
    return this.#call();
  }

  #modifier(): Modifier | null {
    const start = this.#at;
    for (const word of MODIFIERS) {
      if (!this.#word(word)) continue;
      const blanks = this.#blank();
      const identifier = this.#peek(IDENTIFIER);
      const listFollows = this.#text[this.#at] === '(' || (identifier !== null && identifier !== 'and' && identifier !== 'or');
      if (blanks && listFollows) return word;
      this.#at = start;
    }
    return null;
  }

  #list(after: string): Right {
    this.#blank();
    const start = this.#at;
    if (!this.#takeSymbol('(')) {
      const name = this.#match(IDENTIFIER);
      const span = { start, end: this.#at };
      if (name !== null && /^\s*(and\b|or\b|\)|&&|\|\||$)/.test(this.#text.slice(this.#at))) return { kind: 'name', name, span };
      const rest = { start, end: Math.max(start + 1, this.#text.length) };
      this.#fail(
        `'${after}' needs a list`,
        rest,
        `values between brackets: ${after} (a, b)`,
        start < this.#text.length ? listed(this.#text, start) : null,
      );
    }
    const values: Literal[] = [];
    this.#blank();
    if (this.#takeSymbol(')')) return { kind: 'values', values };
    do {
      this.#blank();
      values.push(this.#listValue());
      this.#blank();
    } while (this.#takeSymbol(','));
    if (!this.#takeSymbol(')')) this.#listGoesOn(start);
    return { kind: 'values', values };
  }

  /** A value of a list was read, and neither a comma nor the end follows. */
  #listGoesOn(start: number): never {
    if (this.#at >= this.#text.length)
      this.#fail(`expected ',' or ')'`, this.#here(), `to close the list at ${start + 1}`, `${this.#text.trimEnd()})`);
    const fixed = `${this.#text.slice(0, this.#at).trimEnd()}, ${this.#text.slice(this.#at)}`;
    this.#fail(`expected ',' or ')'`, this.#here(), 'values stand between commas; one with blanks goes in quotes', fixed);
  }

  #listValue(): Literal {
    const value = this.#quoted() ?? this.#bare();
    if (value !== null) return value;
    const comma = this.#text.slice(0, this.#at).lastIndexOf(',');
    const fixed = replaced(this.#text, { start: comma, end: comma + 1 }, '');
    this.#fail('expected a value', this.#here(), 'the comma before it is one too many', comma < 0 ? null : fixed);
  }

  #orderValue(operator: string): Right {
    const start = this.#at;
    const value = this.#quotedNumber() ?? this.#number();
    if (value !== null && !/[\w.:/-]/.test(this.#text[this.#at] ?? '')) return { kind: 'values', values: [value] };
    this.#at = start;
    const word = this.#peek(BARE_TEXT);
    const at = { start: this.#at, end: this.#at + Math.max(1, word?.length ?? 0) };
    if (operator === '<' && word?.startsWith('>')) {
      const span = { start: this.#at - 1, end: this.#at + 1 };
      this.#fail(`'<>' is no operator`, span, 'here that is !=', replaced(this.#text, span, '!='));
    }
    const unquoted = word === null && this.#peek(/["'][^"']*["']/y) === null ? 'such as 42, 1ms or 10KB' : '';
    this.#fail(`'${operator}' needs a number`, at, unquoted || 'such as 42, 1ms or 10KB; texts have no order, = and contains compare them');
  }

  /** A number written in quotes, as shells and JSON produce them. */
  #quotedNumber(): Literal | null {
    const start = this.#at;
    const value = this.#quoted();
    if (value !== null && /^\s*(0[xX][0-9a-fA-F]+|[+-]?[0-9])/.test(value.text)) return value;
    this.#at = start;
    return null;
  }

  #textValue(operator: string): Literal {
    const value = this.#quoted() ?? this.#bare();
    if (value !== null) return value;
    const next = this.#text[this.#at];
    const before = this.#text.slice(0, this.#at).trimEnd().slice(0, -operator.length).trimEnd();
    const rest = this.#text.slice(this.#at + 1);
    if (next === '(') this.#fail(`'${operator}' needs one value`, this.#here(), 'a list goes with in', `${before} in (${rest}`);
    if (next === '=')
      this.#fail(`'${operator}=' is no operator`, this.#here(), `'=' and '==' mean the same`, `${before} = ${rest.trimStart()}`);
    this.#fail(`'${operator}' needs a value`, this.#here(), 'a word, or a text in quotes');
  }

  #bare(): Literal | null {
    const start = this.#at;
    const text = this.#match(BARE_TEXT);
    return text === null ? null : { kind: 'literal', text: unescapeHex(text), quoted: false, start, end: this.#at };
  }

  #number(): Literal | null {
    const start = this.#at;
    const text = this.#match(NUMBER);
    return text === null ? null : { kind: 'literal', text, quoted: false, start, end: this.#at };
  }

  #quoted(): Literal | null {
    const start = this.#at;
    const quote = this.#text[start];
    if (quote !== '"' && quote !== "'") return null;
    let text = '';
    for (let i = start + 1; i < this.#text.length; i++) {
      const char = this.#text[i]!;
      if (char === quote) {
        this.#at = i + 1;
        return { kind: 'literal', text, quoted: true, start, end: this.#at };
      }
      if (char !== '\\') text += char;
      else {
        const { value, length } = this.#escape(i, quote);
        text += value;
        i += length;
      }
    }
    this.#fail(`expected ${quote}`, { start, end: this.#text.length }, 'to close the text', closedText(this.#text, start, quote));
  }

  /** The escape whose backslash is at i, and how many characters follow that backslash. */
  #escape(i: number, quote: string): { value: string; length: number } {
    const next = this.#text[i + 1] ?? '';
    const simple: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '\\': '\\', [quote]: quote };
    if (next in simple) return { value: simple[next]!, length: 1 };
    const hex = /^x([0-9a-fA-F]{2})/.exec(this.#text.slice(i + 1, i + 4));
    if (hex !== null) return { value: byteAsText(hex[1]!), length: 3 };
    if (next === '"' || next === "'") {
      const span = { start: i, end: i + 2 };
      this.#fail(`\\${next} is no escape between ${quote}`, span, `write ${next} alone`, this.#text.replaceAll(`\\${next}`, next));
    }
    return { value: '\\', length: 0 };
  }

  #deeper<T>(work: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.#fail(`brackets and 'not' may nest ${MAX_DEPTH} deep`, this.#here());
    const result = work();
    this.#depth--;
    return result;
  }

  /** Skips blanks; true when there was one. */
  #blank(): boolean {
    return (this.#match(BLANK) ?? '') !== '';
  }

  #takeSymbol(symbol: string): boolean {
    if (!this.#text.startsWith(symbol, this.#at)) return false;
    this.#at += symbol.length;
    return true;
  }

  /** Takes a keyword that does not go on as a longer word. */
  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    const next = this.#text[this.#at + word.length];
    if (next !== undefined && /[a-zA-Z0-9_.]/.test(next)) return false;
    this.#at += word.length;
    return true;
  }

  #needSeparator(word: string): void {
    const next = this.#text[this.#at];
    if (next === undefined) this.#fail(`'${word}' needs a condition after it`, { start: this.#at - word.length, end: this.#at });
    if (!/[\s(]/.test(next)) this.#fail(`expected a blank or '(' after '${word}'`, this.#here());
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #peek(pattern: RegExp): string | null {
    const start = this.#at;
    const found = this.#match(pattern);
    this.#at = start;
    return found;
  }

  #here(): Span {
    return { start: this.#at, end: this.#at + 1 };
  }

  #unexpected(): never {
    this.#blank();
    const { message, span, hint, fixed } = unexpected(this.#text, this.#at);
    this.#fail(message, span, hint, fixed);
  }

  #fail(message: string, span: Span, hint = '', fixed: string | null = null): never {
    throw new FilterError(message, this.#text, span, hint, fixed);
  }
}

/** sysdig reads \\xHH in bare words too. */
function unescapeHex(text: string): string {
  return text.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => byteAsText(hex));
}

/** A byte inside a text: ASCII as itself, others as a lone surrogate that `literalBytes` turns back. */
function byteAsText(hex: string): string {
  const byte = Number.parseInt(hex, 16);
  return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
}

/** The bytes that a literal stands for: UTF-8, and what \\xHH said. */
export function literalBytes(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...Buffer.from(char));
  }
  return Uint8Array.from(bytes);
}
