/** What programs read and wrote, as they did. */
import type { CompiledFilter } from '../filter/compile.ts';
import { fdName } from '../model/fd-name.ts';
import type { CaptureReader } from '../store/reader.ts';
import { scan } from '../store/scan.ts';
import type { EchoBlock, Lens } from './lens.ts';

type EchoSpec = Omit<Lens, 'look'>;

export function echo(spec: EchoSpec): Lens {
  return { ...spec, look: (capture, filter) => ({ kind: 'echo', blocks: blocks(capture, filter) }) };
}

function* blocks(capture: CaptureReader, filter: CompiledFilter): Generator<EchoBlock> {
  for (const { chunk, selection, n } of scan(capture, filter)) {
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
