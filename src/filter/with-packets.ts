/**
 * A recording of some pods is to have what the kernel says of their packets, too. A packet belongs to no thread, so `k8s.ns=shop` is
 * never true of it: its two ends say whose it is. Each condition on names of a thread's pod gets its like for packets beside it.
 */
import type { Check, Expr } from './ast.ts';
import { fieldNamed } from './find-field.ts';
import { parseFilter } from './parse.ts';

/** What the two ends of a connection call the same. */
const ENDS: Readonly<Record<string, string>> = {
  'k8s.ns.name': 'ns',
  'k8s.pod.name': 'pod',
  'k8s.node.name': 'node',
  'k8s.svc.name': 'svc',
  'k8s.workload.name': 'workload',
};
const OF_PACKETS = '(net.event exists or net.state.new exists)';

/** The filter's text, widened where it names pods; else the text as it is. Throws FilterError. */
export function withPackets(text: string): string {
  const expr = parseFilter(text);
  if (expr === null) return text;
  let widened = text;
  for (const check of named(expr).sort((a, b) => b.start - a.start)) widened = spliced(widened, check);
  return widened;
}

function spliced(text: string, check: Check): string {
  const { start, end, left } = check;
  const condition = text.slice(start, end);
  const rest = text.slice(left.end, end);
  const name = ENDS[nameOf(check)!]!;
  return `${text.slice(0, start)}(${condition} or ${OF_PACKETS} and (k8s.src.${name}${rest} or k8s.dst.${name}${rest}))${text.slice(end)}`;
}

/** What is said to be not so of a pod says nothing of packets: only conditions that are not denied. */
function named(expr: Expr): Check[] {
  if (expr.kind === 'and' || expr.kind === 'or') return expr.parts.flatMap(named);
  if (expr.kind !== 'check' || expr.operator === '!=') return [];
  return nameOf(expr) === null ? [] : [expr];
}

function nameOf({ left }: Check): string | null {
  if (left.kind !== 'field' || left.arg !== null) return null;
  const { name } = fieldNamed(left.name).field;
  return name in ENDS ? name : null;
}
