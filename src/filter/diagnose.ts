/** What is wrong with a filter that the grammar refuses, where, and how it was probably meant. All are pure functions of text and place. */
import { type Expr, LIST_OPERATORS, ORDER_OPERATORS, type Span, TEXT_OPERATORS, TRANSFORMERS } from './ast.ts';
import { closest, didYouMean, FilterError } from './error.ts';
import { closedText, conditionFor, fieldFor, listed, operatorElsewhere, replaced, unexpected } from './hints.ts';
import { takeOperator } from './operators.ts';
import { Scanner } from './scanner.ts';

const WORD = /^[^()"'\s=,]+/;
const QUOTED = /^["'][^"']*["']/;

const OPERATORS = ['exists', ...ORDER_OPERATORS, ...TEXT_OPERATORS, ...LIST_OPERATORS];

/** An error at one character. */
export function failureAt(text: string, at: number, message: string, hint = '', fixed: string | null = null): FilterError {
  return new FilterError(message, text, { start: at, end: at + 1 }, hint, fixed);
}

/** `name: what it is` of a filter that mixes `and` and `or` without brackets; empty otherwise. */
export function precedenceHint(expr: Expr | null): string {
  if (expr === null || expr.kind === 'macro' || expr.kind === 'check') return '';
  if (expr.kind === 'not') return precedenceHint(expr.part);
  const mixed = expr.kind === 'or' && expr.parts.some((part) => part.kind === 'and' && !part.brackets);
  if (mixed) return '`and` binds tighter than `or`: put brackets around what belongs together';
  return expr.parts.map(precedenceHint).find((hint) => hint !== '') ?? '';
}

/** Something stands behind a complete condition. */
export function goesOn(text: string, at: number): FilterError {
  const { message, span, hint, fixed } = unexpected(text, afterBlank(text, at));
  return new FilterError(message, text, span, hint, fixed);
}

/** A bracket is not closed where its condition ends. */
export function unclosed(text: string, open: number, at: number): FilterError {
  if (text.slice(at).trim() !== '') return goesOn(text, at);
  return failureAt(text, at, `expected ')'`, `to close the '(' at ${open + 1}`, `${text.trimEnd()})`);
}

/** No condition begins where one must. */
export function noCondition(text: string, at: number): FilterError {
  if (text[at] === ')') return failureAt(text, at, 'nothing stands between the brackets', 'a condition, such as fd.type=ipv4');
  const value = /^(?:"[^"]*"|'[^']*'|[^\s()]+)/.exec(text.slice(at))?.[0];
  if (value === undefined) return failureAt(text, at, 'expected a condition', 'for example fd.type=ipv4; `trowel fields` lists the fields');
  const bare = value.replace(/^["']|["']$/g, '');
  const span = { start: at, end: at + value.length };
  return new FilterError(`${value} is a value, not a condition`, text, span, `a field and an operator go before it: ${conditionFor(bare)}`);
}

/** `and`, `or` or `not` where a condition must begin; null: the word is none of them. */
export function keywordAlone(text: string, name: string, span: Span): FilterError | null {
  const small = name.toLowerCase();
  if (small === 'and' || small === 'or') {
    const twice = /\b(and|or)\s*$/.test(text.slice(0, span.start));
    const fixed = replaced(text, { start: span.start, end: afterBlank(text, span.end) }, '');
    return new FilterError(`'${name}' needs a condition before it`, text, span, twice ? 'one of the two is too many' : '', fixed);
  }
  if (small !== 'not') return null;
  if (name === 'not') return new FilterError(`'not' needs a condition after it`, text, span, 'for example not fd.type=ipv4');
  const fixed = replaced(text, span, 'not');
  return new FilterError(`expected a condition, not '${name}'`, text, span, 'write and, or, not in small letters', fixed);
}

/** A single word before an operator or a bracket: no macro could be meant. Null: it could. */
export function wordAsField(text: string, name: string, span: Span): FilterError | null {
  if (text[span.end] === '(') {
    if (name === 'val')
      return new FilterError('val() stands to the right of an operator', text, span, 'for example proc.pname = val(proc.name)');
    const hint = didYouMean(name, TRANSFORMERS) || `there are ${TRANSFORMERS.join(' ')}`;
    return new FilterError(`no transformer is called ${name}`, text, span, hint);
  }
  const scanner = new Scanner(text);
  scanner.at = afterBlank(text, span.end);
  const operator = scanner.ahead(() => takeOperator(scanner)) ?? operatorElsewhere(text, scanner.at);
  return operator === null ? null : new FilterError(`'${name}' is not a field`, text, span, ...fieldFor(name, text, span));
}

/** Behind a field stands no operator. */
export function noOperator(text: string, at: number): FilterError {
  const elsewhere = operatorElsewhere(text, at);
  if (elsewhere !== null) {
    const { operator, span } = elsewhere;
    const behind = text.slice(span.end);
    const blank = /\w$/.test(operator) && !behind.startsWith(' ') ? ' ' : '';
    const fixed = text.slice(0, span.start) + operator + blank + behind;
    return new FilterError('expected an operator', text, span, `here that is ${operator}`, fixed);
  }
  const word = WORD.exec(text.slice(at))?.[0] ?? '';
  if (word === '') return failureAt(text, at, 'expected an operator', 'and a value, or `exists`: for example proc.name=curl');
  const span = { start: at, end: at + word.length };
  if (word === 'not') return new FilterError(`'not' stands before the whole condition`, text, span, 'as in not proc.name in (curl, wget)');
  const hint = didYouMean(word, OPERATORS) || 'one of = != < <= > >= contains startswith endswith glob regex in exists …';
  const meant = closest(word, OPERATORS);
  return new FilterError('expected an operator', text, span, hint, meant === null ? null : replaced(text, span, meant));
}

/** `after`: the word that a list must follow. */
export function noList(text: string, after: string, at: number): FilterError {
  const rest = { start: at, end: Math.max(at + 1, text.length) };
  const fixed = at < text.length ? listed(text, at) : null;
  return new FilterError(`'${after}' needs a list`, text, rest, `values between brackets: ${after} (a, b)`, fixed);
}

/** A value of a list was read, and neither a comma nor the end follows. `open`: where the list begins. */
export function listGoesOn(text: string, open: number, at: number): FilterError {
  const message = `expected ',' or ')'`;
  if (at >= text.length) return failureAt(text, at, message, `to close the list at ${open + 1}`, `${text.trimEnd()})`);
  const fixed = `${text.slice(0, at).trimEnd()}, ${text.slice(at)}`;
  return failureAt(text, at, message, 'values stand between commas; one with blanks goes in quotes', fixed);
}

export function noListValue(text: string, at: number): FilterError {
  const comma = text.slice(0, at).lastIndexOf(',');
  const fixed = comma < 0 ? null : replaced(text, { start: comma, end: comma + 1 }, '');
  return failureAt(text, at, 'expected a value', 'the comma before it is one too many', fixed);
}

/** Behind an operator of order stands no number. */
export function noNumber(text: string, operator: string, at: number): FilterError {
  const word = WORD.exec(text.slice(at))?.[0];
  if (operator === '<' && word?.startsWith('>') === true) {
    const span = { start: at - 1, end: at + 1 };
    return new FilterError(`'<>' is no operator`, text, span, 'here that is !=', replaced(text, span, '!='));
  }
  const examples = 'such as 42, 1ms or 10KB';
  const nothing = word === undefined && !QUOTED.test(text.slice(at));
  const hint = nothing ? examples : `${examples}; texts have no order, = and contains compare them`;
  return new FilterError(`'${operator}' needs a number`, text, { start: at, end: at + Math.max(1, word?.length ?? 0) }, hint);
}

/** Behind an operator stands no value. */
export function noValue(text: string, operator: string, at: number): FilterError {
  const before = text.slice(0, at).trimEnd().slice(0, -operator.length).trimEnd();
  const rest = text.slice(at + 1);
  if (text[at] === '(') return failureAt(text, at, `'${operator}' needs one value`, 'a list goes with in', `${before} in (${rest}`);
  if (text[at] === '=')
    return failureAt(text, at, `'${operator}=' is no operator`, `'=' and '==' mean the same`, `${before} = ${rest.trimStart()}`);
  return failureAt(text, at, `'${operator}' needs a value`, 'a word, or a text in quotes');
}

/** `word`: `and` or `or`, which ends at the place. */
export function noSeparator(text: string, word: string, at: number): FilterError {
  if (at < text.length) return failureAt(text, at, `expected a blank or '(' after '${word}'`);
  return new FilterError(`'${word}' needs a condition after it`, text, { start: at - word.length, end: at });
}

/** A text that does not end. */
export function unclosedText(text: string, start: number, quote: string): FilterError {
  return new FilterError(`expected ${quote}`, text, { start, end: text.length }, 'to close the text', closedText(text, start, quote));
}

/** A quote is escaped between quotes of the other kind. */
export function noEscape(text: string, at: number, quote: string): FilterError {
  const escaped = text[at + 1]!;
  const fixed = text.replaceAll(`\\${escaped}`, escaped);
  return new FilterError(`\\${escaped} is no escape between ${quote}`, text, { start: at, end: at + 2 }, `write ${escaped} alone`, fixed);
}

function afterBlank(text: string, at: number): number {
  const scanner = new Scanner(text);
  scanner.at = at;
  scanner.blank();
  return scanner.at;
}
