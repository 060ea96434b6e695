/** Events as a report: the fields that were asked for, or those that `read` shows of its own accord. */
import { outputTime, type TimeForm } from '../../event/fields/evt.ts';
import type { BoundField } from '../../event/fields/field.ts';
import type { EventView } from '../../event/view.ts';
import { fieldNamed } from '../../filter/find-field.ts';
import { column, fieldColumn } from '../../report/column.ts';
import type { Cell, Column, Report } from '../../report/report.ts';
import { dnsText } from '../summary.ts';

/** What programs get where nothing else is asked for. */
const PROGRAM_FIELDS =
  'evt.num evt.rawtime evt.latency evt.cpu evt.dir evt.type evt.res evt.rawres proc.name proc.pid thread.tid container.id fd.num fd.type fd.name evt.info';
/** Added for events with a DNS message. */
const DNS_FIELDS = 'dns.id dns.qr dns.qname dns.qtype dns.rcode dns.addrs dns.latency dns.answered dns.attempt dns.side dns.server';

/** What an event's DNS message says, in a few words; null where it has none. */
export const DNS_SUMMARY: Column<EventView> = column(
  'dns',
  'text',
  'the DNS message in a few words',
  ({ dns }) => (dns === null ? null : dnsText(dns)),
  { nullable: true },
);

/** `items`: events in their order, each the same view. Columns of other fields than DNS' are in all events. */
export function eventReport(columns: readonly Column<EventView>[], items: Iterable<EventView>, epoch: bigint): Report<EventView> {
  return { id: 'events', columns, items, epoch };
}

/** Columns of fields; times to be printed have the form of `-t`. */
export function eventColumns(bounds: readonly BoundField[], time: TimeForm = 'h'): Column<EventView>[] {
  return bounds.map((bound) => {
    const made = fieldColumn(bound);
    return bound.field.name === 'evt.outputtime' ? { ...made, read: outputTimes(time) } : made;
  });
}

export function programColumns(): Column<EventView>[] {
  const ofDns = (made: Column<EventView>): Column<EventView> => ({
    ...made,
    optional: true,
    read: (view): Cell => (view.dns === null ? undefined : made.read(view)),
  });
  const columns = (names: string) => names.split(' ').map((name) => fieldColumn(fieldNamed(name)));
  return [...columns(PROGRAM_FIELDS), ...columns(DNS_FIELDS).map(ofDns)];
}

/** Reads one event after the other; asked twice for the same, it says the same. */
function outputTimes(form: TimeForm): (view: EventView) => string {
  let before: number | null = null;
  let current: { readonly num: number; readonly time: number } | null = null;
  return (view) => {
    const num = view.columnValue('num') ?? 0;
    if (current === null || current.num !== num) {
      before = current?.time ?? null;
      current = { num, time: view.time };
    }
    return outputTime(view, form, before);
  };
}
