import type { EventView } from '../view.ts';
import type { Field, FieldType, Reading, RowField } from './field.ts';

/** Index = number (RFC 5424). */
const FACILITIES =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp security console solaris-cron local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );
const SEVERITIES = 'emerg alert crit err warn notice info debug'.split(' ');

/** The longest priority, `<191>`, and its message's first line are all within this. */
const SHOWN = 4096;

interface Message {
  readonly facility: number;
  readonly severity: number;
  readonly text: string;
}

/** A line that was written to the system's log: to /dev/log, journald's socket, or a server's port 514. */
export function syslogMessage(view: EventView): Message | null {
  const { fd, type, payload } = view;
  if (type.io !== 'write' || fd === null || payload[0] !== 0x3c) return null;
  const log = fd.kind === 'unix' ? /\/(log|dev-log|syslog)$/.test(fd.name) : fd.remotePort === 514;
  const found = log ? /^<([0-9]{1,3})>(.*)/s.exec(Buffer.from(payload.subarray(0, SHOWN)).toString()) : null;
  const priority = Number(found?.[1]);
  if (found === null || priority > 191) return null;
  return { facility: priority >> 3, severity: priority & 7, text: found[2]!.replace(/[\0\n]+$/, '') };
}

function ofMessage(
  name: string,
  type: FieldType,
  doc: string,
  example: string,
  read: (message: Message) => Reading,
  more: Partial<RowField> = {},
): RowField {
  const readMessage = (view: EventView) => {
    const message = syslogMessage(view);
    return message === null ? null : read(message);
  };
  return { name, type, doc, example, scope: 'event', read: readMessage, ...more };
}

// biome-ignore format: a table
export const SYSLOG_FIELDS: readonly Field[] = [
  ofMessage('syslog.facility', 'number', 'facility of a line written to the system’s log', 'syslog.facility=3', ({ facility }) => facility),
  ofMessage('syslog.facility.str', 'text', 'its name: kern user mail daemon auth cron local0 …', 'syslog.facility.str=daemon', ({ facility }) => FACILITIES[facility]!),
  ofMessage('syslog.severity', 'number', 'severity, 0 (emergency) to 7 (debug)', 'syslog.severity<=3', ({ severity }) => severity, { aliases: ['syslog.level'] }),
  ofMessage('syslog.severity.str', 'text', 'its name: emerg alert crit err warn notice info debug', 'syslog.severity.str=err', ({ severity }) => SEVERITIES[severity]!),
  ofMessage('syslog.message', 'text', 'the line itself', 'syslog.message contains failed', ({ text }) => text, { aliases: ['syslog.msg'] }),
];
