/**
 * A recording of some pods is to have what the kernel says of their packets, too. A packet belongs to no thread, so `k8s.ns=shop` is
 * never true of it: its two ends say whose it is. Each condition on names of a thread's pod gets its like for packets beside it.
 */
import { OF_PACKETS } from '../event/fields/net.ts';
import type { Check, Expr } from './ast.ts';
import { fieldNamed } from './find-field.ts';
import { parseFilter } from './parse.ts';

/** The filter's text, widened where it names pods; else the text as it is. Throws FilterError. */
export function withPackets(text: string): string {
  const expr = parseFilter(text);
  if (expr === null) return text;
  return asked(expr)
    .sort((a, b) => b.start - a.start)
    .reduce((widened, check) => spliced(widened, check), text);
}

function spliced(text: string, check: Check): string {
  const { start, end, left } = check;
  const rest = text.slice(left.end, end);
  const ends = endsOf(check)!.map((name) => name + rest);
  return `${text.slice(0, start)}(${text.slice(start, end)} or ${OF_PACKETS} and (${ends.join(' or ')}))${text.slice(end)}`;
}

/** What is said not to be so of a pod says nothing of packets: only conditions that are not denied. */
function asked(expr: Expr): Check[] {
  if (expr.kind === 'and' || expr.kind === 'or') return expr.parts.flatMap(asked);
  return expr.kind === 'check' && expr.operator !== '!=' && endsOf(expr) !== null ? [expr] : [];
}

function endsOf({ left }: Check): readonly string[] | null {
  return left.kind === 'field' && left.arg === null ? (fieldNamed(left.name).field.packets ?? null) : null;
}
