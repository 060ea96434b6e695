/**
 * Every cause that `explain` can name, by its id. Each stands beside the rule that finds it (causes/), which gives what is known as
 * data; src/output writes its sentence. A new cause is a row and a rule there, and a sentence.
 */
import { CONNECT_CAUSES } from './causes/connect.ts';
import { DATAGRAM_CAUSES } from './causes/datagram.ts';
import { DNS_CAUSES } from './causes/dns.ts';
import { DNS_ANSWERED_CAUSES } from './causes/dns-answered.ts';
import { DNS_SILENT_CAUSES } from './causes/dns-silent.ts';
import { ENDED_CAUSES } from './causes/ended.ts';
import { EXPECTATION_CAUSES } from './causes/expectation.ts';
import { FAILED_CAUSES } from './causes/failed.ts';
import { FIFO_CAUSES } from './causes/fifo.ts';
import { FILE_CAUSES } from './causes/file.ts';
import { HELD_BACK_CAUSES } from './causes/held-back.ts';
import { OWN_CAUSES } from './causes/own.ts';
import { RETRY_CAUSES } from './causes/retry.ts';
import type { CatalogRow } from './causes/row.ts';
import { SERVER_CAUSES } from './causes/server.ts';
import { STARVED_CAUSES } from './causes/starved.ts';
import { STOPPED_CAUSES } from './causes/stopped.ts';

const ROWS = {
  ...DNS_CAUSES,
  ...DNS_SILENT_CAUSES,
  ...DNS_ANSWERED_CAUSES,
  ...CONNECT_CAUSES,
  ...SERVER_CAUSES,
  ...STARVED_CAUSES,
  ...STOPPED_CAUSES,
  ...EXPECTATION_CAUSES,
  ...HELD_BACK_CAUSES,
  ...DATAGRAM_CAUSES,
  ...FIFO_CAUSES,
  ...FILE_CAUSES,
  ...RETRY_CAUSES,
  ...FAILED_CAUSES,
  ...ENDED_CAUSES,
  ...OWN_CAUSES,
};

export type CauseId = keyof typeof ROWS;
/** What is known of each cause where it is found. */
export type CauseFacts = { readonly [Id in CauseId]: (typeof ROWS)[Id] extends CatalogRow<infer Facts> ? Facts : never };

export const CATALOG: Readonly<Record<CauseId, CatalogRow>> = ROWS;
