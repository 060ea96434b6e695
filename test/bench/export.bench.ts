/** How fast events become packets and columns of other tools. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventView } from '../../src/event/view.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { Printing } from '../../src/output/print.ts';
import { eventReport } from '../../src/output/reports/events.ts';
import { PcapngWriter } from '../../src/output/writers/pcapng.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { assertEqual, cpuNs, report } from './measure.ts';
import { writeSynthetic } from './synthetic.ts';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 2_000_000);
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const path = join(folder, 'synthetic.trowel');
writeSynthetic(path, EVENTS);

const capture = new CaptureReader(path);
const context = { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false };
const sockets = compileFilter('fd.type=ipv4 and evt.is_io=true and evt.failed=false', context);
let packets = 0;
let bytes = 0;
const ns = cpuNs(3, () => {
  packets = 0;
  bytes = 0;
  const view = new EventView(context);
  const printing = new Printing(eventReport([], [], capture.epoch), new PcapngWriter(), {
    write: (piece) => {
      bytes += piece.length;
    },
  });
  for (const { chunk, selection, n } of capture.select(sockets)) {
    for (let k = 0; k < n; k++) printing.row(view.at(chunk, selection[k]!));
    packets += n;
  }
  printing.end();
});
assertEqual(bytes > packets * 100, true, 'a packet has headers and a comment');
const selecting = cpuNs(3, () => {
  let found = 0;
  for (const { n } of capture.select(sockets)) found += n;
  assertEqual(found, packets, 'as many as were written');
});
report('finding their events', selecting / packets, 'ns/packet');
report(`pcapng: ${packets} packets, ${Math.round(bytes / 1e6)} MB`, (ns - selecting) / packets, 'ns/packet', 2000);
capture.close();
rmSync(folder, { recursive: true, force: true });
