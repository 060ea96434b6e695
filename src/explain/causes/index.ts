/** The judges, in the order in which causes of the same cost are told. */
import type { Cause } from '../story.ts';
import type { Facts, Judge } from './cause.ts';
import { judgeConnect } from './connect.ts';
import { judgeDns } from './dns.ts';
import { judgeFiles } from './file.ts';
import { judgeOwn } from './own.ts';
import { judgeServer } from './server.ts';

/** What somebody else is to blame for. */
const OTHERS: readonly Judge[] = [judgeDns, judgeConnect, judgeServer, judgeFiles];

/** Others' causes first, then the process' own; in both the dearest first. */
export function causesOf(facts: Facts): Cause[] {
  const dearest = (causes: Cause[]) => causes.sort((a, b) => b.cost - a.cost);
  return [...dearest(OTHERS.flatMap((judge) => judge(facts))), ...dearest(judgeOwn(facts))];
}
