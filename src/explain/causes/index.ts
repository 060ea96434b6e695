/** The rules, in the order in which causes of the same cost are told. */
import { CATALOG } from '../catalog.ts';
import { confirmText } from '../confirm.ts';
import { FATAL } from '../problems.ts';
import type { Cause } from '../story.ts';
import type { Facts, Found, Rule } from './cause.ts';
import { connectRule } from './connect.ts';
import { datagramRule } from './datagram.ts';
import { dnsRule } from './dns.ts';
import { endedRule } from './ended.ts';
import { expectationRule } from './expectation.ts';
import { failedRule } from './failed.ts';
import { fifoRule } from './fifo.ts';
import { fileRule } from './file.ts';
import { ownRule } from './own.ts';
import { retryRule } from './retry.ts';
import { serverRule } from './server.ts';
import { stoppedRule } from './stopped.ts';

/** What somebody else is to blame for. */
const OTHERS: readonly Rule[] = [
  dnsRule,
  connectRule,
  serverRule,
  expectationRule,
  datagramRule,
  fileRule,
  fifoRule,
  retryRule,
  stoppedRule,
];
const FAILED: readonly Rule[] = [failedRule, endedRule];

/**
 * What the process ended for comes first, where no wait was in vain; then others' causes, then its own, the dearest of each first.
 */
export function causesOf(facts: Facts): Cause[] {
  const dearest = (causes: Found[]) => causes.sort((a, b) => b.cost - a.cost);
  const others = OTHERS.flatMap((rule) => rule(facts));
  const all = FAILED.flatMap((rule) => rule(facts));
  const explained = others.length > 0 || all.length > 1;
  const failed = all.filter(({ id }) => id !== 'program-failed' || !explained);
  const fatal = facts.weight >= FATAL && !facts.phases.some(({ socket, duration }) => isVain(socket?.outcome) && duration >= facts.floor);
  const first = fatal ? [...failed, ...others.filter((found) => isFailedLookup(found, facts))] : [];
  const rest = [...others, ...failed].filter((found) => !first.includes(found));
  const [inside, outside] = [rest.filter(isInside), rest.filter((found) => !isInside(found))];
  return [...first, ...dearest(outside), ...dearest([...inside, ...ownRule(facts)])].map(completed);
}

/** A name that it had to do without, and did not wait for: that is what it ended for. */
function isFailedLookup({ facts: known, cost }: Found, { over }: Facts): boolean {
  return cost < over && 'qtype' in known && known.failed;
}

/** That one thread waited for another says little where it is known what the others waited for. */
function isInside({ id }: Found): boolean {
  return id === 'lock-futex';
}

function completed(found: Found): Cause {
  const { fixes, confidence } = CATALOG[found.id];
  const known = { fixes: fixes.map((fix) => (fix.endsWith(' PID') ? confirmText(fix, found as Cause) : fix)), confidence, ...found };
  return known as Cause; // id and facts belong together, as cause() saw to: a union cannot be told so
}

function isVain(outcome: string | undefined): boolean {
  return outcome === 'given up' || outcome === 'open' || outcome === 'closed';
}
