/** What programs read and wrote, as they did. */

import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { fdName } from '../model/fd-name.ts';
import type { EchoBlock, Lens } from './lens.ts';

type EchoSpec = Omit<Lens, 'look'>;

export function echo(spec: EchoSpec): Lens {
  return { ...spec, look: (capture, filter) => ({ kind: 'echo', blocks: blocks(capture, filter) }) };
}

function* blocks(capture: Capture, filter: CompiledFilter): Generator<EchoBlock> {
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      const { io } = view.type;
      const res = view.res ?? 0;
      if (io === null || res <= 0 || view.payload.length === 0) continue;
      const num = view.columnValue('num') ?? 0;
      yield {
        num,
        direction: io,
        bytes: res,
        name: view.fd === null ? '' : fdName(view.fd),
        process: view.thread?.comm ?? '',
        payload: view.payload,
      };
    }
  }
}
