/** What programs read and wrote, as they did. */

import type { Capture } from '../capture/capture.ts';
import { readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { fdName } from '../model/fd-name.ts';
import type { EchoBlock, LensEcho } from './lens.ts';
import { readingText } from './measures.ts';

export function echo(capture: Capture, filter: CompiledFilter): LensEcho {
  return { kind: 'echo', blocks: { [Symbol.iterator]: () => blocks(capture, filter) } };
}

function* blocks(capture: Capture, filter: CompiledFilter): Generator<EchoBlock> {
  const container = textReader('container.name');
  const pod = textReader('k8s.pod.name');
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      const { io } = view.type;
      const res = view.res ?? 0;
      if (io === null || res <= 0 || view.payload.length === 0) continue;
      yield {
        num: view.columnValue('num') ?? 0,
        direction: io,
        bytes: res,
        name: view.fd === null ? '' : fdName(view.fd),
        process: view.thread?.comm ?? '',
        container: container(view),
        pod: pod(view),
        payload: view.payload,
      };
    }
  }
}

function textReader(name: string): (view: EventView) => string {
  const bound = fieldNamed(name);
  return (view) => readingText(readField(bound, view));
}
