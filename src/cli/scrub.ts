/** `trowel scrub`: a capture that can be given away. */

import { redact, redactArgs } from '../model/redact.ts';
import { Pseudonyms } from '../output/pseudonyms.ts';
import { say } from '../output/stderr.ts';
import { scrub } from '../store/scrub.ts';
import { UsageError } from './exit.ts';
import { openCapture } from './open-capture.ts';
import { newTarget } from './target.ts';

export interface ScrubOptions {
  readonly write: string;
  readonly payloads: string;
  /** False: --no-addresses. */
  readonly addresses: boolean;
}

const PAYLOADS = ['text', 'drop', 'keep'] as const;

export async function scrubCapture(path: string, options: ScrubOptions): Promise<void> {
  const payloads = PAYLOADS.find((one) => one === options.payloads);
  if (payloads === undefined) throw new UsageError(`--payloads takes ${PAYLOADS.join(', ')}; not ${options.payloads}`);
  const target = newTarget(options.write);
  const capture = await openCapture(path);
  try {
    const names = options.addresses ? new Pseudonyms() : null;
    const events = scrub(capture, target, {
      payloads,
      text: (text) => (names === null ? redact(text) : names.text(redact(text))),
      args: (args) => redactArgs(args).map((arg) => (names === null ? arg : names.text(arg))),
      address: (ip) => (names === null ? ip : names.address(ip)),
    });
    say(`${target}: ${events} events; names of hosts, pods, processes, files and DNS are kept`);
  } finally {
    capture.close();
  }
}
