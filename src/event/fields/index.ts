/** All fields. Validation, evaluation, completion, `trowel fields`, JSON keys and column titles all come from these rows. */
import { CONTAINER_FIELDS } from './container.ts';
import { DNS_FIELDS } from './dns.ts';
import { EVT_FIELDS } from './evt.ts';
import { FD_FIELDS } from './fd.ts';
import type { Field } from './field.ts';
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
