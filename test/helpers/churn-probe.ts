/**
 * A program that a recorder can start in the place of its probe (TROWEL_PROBE): a node on which programs come and go, PROBE_EVENTS events
 * a second (24,000). It says goodbye when it is told to stop.
 */
import { Churn } from './churn.ts';
import { TestProbe } from './probe.ts';
import { runUntilStopped } from './probe-end.ts';

const EVERY_MS = 20;
const each = Math.round((Number(process.env.PROBE_EVENTS ?? 24_000) * EVERY_MS) / 1000);
/** As many bytes as an event of a mixed load has, in the mean. */
const PAYLOAD = 24;

const [files, connections, processes] = [Math.ceil(each / 48), Math.ceil(each / 120), Math.ceil(each / 80)];
const churn = new Churn({ files, connections, processes, reads: each - files - connections - 2 * processes }, EVERY_MS, PAYLOAD);

const probe = new TestProbe(process.argv.at(-1)!);
const boot = process.hrtime.bigint();
const now = () => Number(process.hrtime.bigint() - boot);
const clock = { bootNs: String(boot), wallNs: String(BigInt(Date.now()) * 1_000_000n) };
probe.say({ hello: { layout: 1, hostname: 'node-1', cpus: 2, clock } }, { ready: { hook: 'test', startNs: String(boot) } });
let said = 0;
/** As many rounds as the time that went by: a timer that is late is made up for. */
const timer = setInterval(() => {
  for (const due = now() / (EVERY_MS * 1e6); said < due; said++) probe.say({ batch: churn.next() });
}, EVERY_MS);
await runUntilStopped(probe, timer, now);
