/** What a recording could not see, by what it says of itself. */
import type { Capture } from '../capture/capture.ts';
import type { Blindness } from './catalog.ts';

export interface BlindSpot {
  readonly kind: Blindness;
  /** A sentence for the user. */
  readonly text: string;
}

/** What the probe's notes speak of. */
const NOTES: readonly (readonly [pattern: RegExp, kind: Blindness])[] = [
  [/accept queue|iter\/bpf_map_elem|listeners/, 'accept-queues'],
  [/retransmit|reset|drop|packet/i, 'packets'],
  [/have not returned/, 'pending'],
];

export function blindSpots(capture: Capture): BlindSpot[] {
  const { notes = '', filter = '', snaplen } = capture.meta;
  const lines = notes.split('\n').filter((line) => line !== '');
  const noted = NOTES.flatMap(([pattern, kind]) => {
    const line = lines.find((candidate) => pattern.test(candidate));
    return line === undefined ? [] : [{ kind, text: line }];
  });
  const types = new Set([...capture.dims.types.all()].map(({ name }) => name));
  return [
    ...noted,
    ...(types.has('tcp_retransmit')
      ? []
      : [{ kind: 'packets' as const, text: 'what the kernel did with packets is not in this recording' }]),
    ...(types.has('accept_queue_full') ? [] : [{ kind: 'accept-queues' as const, text: 'full accept queues are not in this recording' }]),
    ...(snaplen === '0' ? [{ kind: 'payload' as const, text: 'no payload was recorded' }] : []),
    ...(filter === '' ? [] : [{ kind: 'waits' as const, text: `only what matches “${filter}” was recorded` }]),
  ];
}
