/** All fields. Validation, evaluation, completion, `trowel fields`, JSON keys and column titles all come from these rows. */
import { CONTAINER_FIELDS } from './container.ts';
import { DNS_FIELDS } from './dns.ts';
import { EVT_FIELDS } from './evt.ts';
import { FD_FIELDS } from './fd.ts';
import type { Field, Pushdown } from './field.ts';
import { HTTP_FIELDS } from './http.ts';
import { K8S_FIELDS } from './k8s.ts';
import { NET_FIELDS } from './net.ts';
import { PATH_FIELDS } from './path.ts';
import { PROC_FIELDS, USER_FIELDS } from './proc.ts';
import { SYSLOG_FIELDS } from './syslog.ts';

export const FIELDS: readonly Field[] = [
  ...EVT_FIELDS,
  ...PATH_FIELDS,
  ...FD_FIELDS,
  ...PROC_FIELDS,
  ...USER_FIELDS,
  ...CONTAINER_FIELDS,
  ...K8S_FIELDS,
  ...DNS_FIELDS,
  ...NET_FIELDS,
  ...HTTP_FIELDS,
  ...SYSLOG_FIELDS,
];

const byName: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [field.name, field]));

/** The field of that very name. */
export function fieldCalled(name: string): Field | undefined {
  return byName.get(name);
}

/** The first field that the kernel compares in a way: what is told of that is told by its name. */
export function fieldPushedAs(pushdown: Pushdown): Field {
  const found = FIELDS.find((field) => field.pushdown === pushdown);
  if (found === undefined) throw new Error(`no field is pushed down as ${pushdown}`);
  return found;
}
