/**
 * Names of a cluster from one collector to others, so that one of them alone asks the API: first all objects and containers that its
 * watcher knows, then what changes. A message is one line of JSON.
 */
import type { ServerWritableStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { KubeContainer, KubeEvent, KubeObject } from '../kube/reduce.ts';
import type { KubeSink } from '../kube/watcher.ts';
import type { SharedNames } from './shared-names.ts';

/** What a watcher says. */
export type Word =
  | { readonly object: KubeObject }
  | { readonly container: KubeContainer }
  | { readonly gone: string }
  | { readonly event: KubeEvent };

export const NAMES_PATH = '/trowel.v1.Names/Watch';
/** Bytes that wait for one that does not read: it has to begin anew. */
const MOST_WAITING = 256 * 1024 * 1024;

export const encodeWord = (word: Word): Buffer => Buffer.from(JSON.stringify(word));
export const decodeWord = (bytes: Buffer): Word => JSON.parse(bytes.toString()) as Word;

export const NAMES_SERVICE: ServiceDefinition = {
  watch: {
    path: NAMES_PATH,
    requestStream: false,
    responseStream: true,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: () => ({}),
    responseSerialize: encodeWord,
    responseDeserialize: decodeWord,
  },
};

export function namesService(names: SharedNames): UntypedServiceImplementation {
  return {
    watch: (call: ServerWritableStream<object, Word>) => {
      const leave = names.tell(sinkOf(call));
      for (const over of ['close', 'cancelled', 'error'] as const) call.once(over, leave);
    },
  };
}

function sinkOf(call: ServerWritableStream<object, Word>): KubeSink {
  let waiting = 0;
  const write = (word: Word) => {
    if (waiting > MOST_WAITING) return;
    const bytes = JSON.stringify(word).length;
    waiting += bytes;
    call.write(word, () => {
      waiting -= bytes;
    });
    if (waiting > MOST_WAITING) call.end();
  };
  return {
    object: (object) => write({ object }),
    container: (container) => write({ container }),
    gone: (gone) => write({ gone }),
    event: (event) => write({ event }),
  };
}

/** Tells a sink what a word says. */
export function told(sink: KubeSink, word: Word): void {
  if ('object' in word) sink.object(word.object);
  else if ('container' in word) sink.container(word.container);
  else if ('gone' in word) sink.gone(word.gone);
  else if ('event' in word) sink.event?.(word.event);
}
