/**
 * A program that a recorder can start in the place of its probe (TROWEL_PROBE): every 20 ms it tells of PROBE_EVENTS events of one
 * thread and, after PROBE_STALL_MS, of one that took two seconds. It says goodbye when it is told to stop.
 */
import { raisePriority } from '../../src/collector/priority.ts';
import { EventFlag } from '../../src/model/chunk.ts';
import { typeId } from '../../src/model/event-type.ts';
import { batch, TestProbe } from './probe.ts';
import { runUntilStopped } from './probe-end.ts';

const EVERY_MS = 20;
const STALL_NS = 2e9;
const events = Number(process.env.PROBE_EVENTS ?? 20);
const stallAt = Number(process.env.PROBE_STALL_MS ?? Infinity);
const types = new Uint16Array(events).fill(typeId('read'));
const flags = new Uint16Array(events).fill(EventFlag.HAS_RES);

raisePriority(); // as the thread of a real one that sends
const probe = new TestProbe(process.argv.at(-1)!);
const clock = { bootNs: String(process.hrtime.bigint()), wallNs: String(BigInt(Date.now()) * 1_000_000n) };
probe.say({ hello: { layout: 1, hostname: 'node-1', cpus: 2, clock } });
await probe.configured;
const boot = process.hrtime.bigint();
const now = () => Number(process.hrtime.bigint() - boot);
probe.say({ ready: { hook: 'test', startNs: String(boot) } });
let stalled = false;
let before = 0;
const timer = setInterval(() => {
  const end = now();
  const time = Float64Array.from({ length: events }, (_, i) => before + ((i + 1) * (end - before)) / events);
  before = end;
  const latency = new Float64Array(events).fill(1000);
  if (!stalled && end > stallAt * 1e6) {
    stalled = true;
    latency[events - 1] = STALL_NS;
  }
  probe.say(batch(events, 0, { time, latency, type: types, flags }));
}, EVERY_MS);
await runUntilStopped(probe, timer, now);
