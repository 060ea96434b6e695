/** How a program that stands in for a probe ends. */
import type { TestProbe } from './probe.ts';

/** Sends on until it is told to stop, by the collector or a signal; then says goodbye, once, and ends the process. `now`: ns since it was ready. */
export async function runUntilStopped(probe: TestProbe, sending: NodeJS.Timeout, now: () => number): Promise<never> {
  let isOver = false;
  const bye = () => {
    if (isOver) return;
    isOver = true;
    clearInterval(sending);
    probe.say({ bye: { endNs: now() } });
    probe.end();
  };
  void probe.stopped.then(bye);
  process.on('SIGTERM', bye);
  await probe.ended;
  process.exit(0);
}
