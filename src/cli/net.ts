/** `trowel net`: the node's network as a capture has it. */
import { captureEnd } from '../capture/capture.ts';
import { NET_VIEWS, type NetView, netReport } from '../output/reports/net.ts';
import { say } from '../output/stderr.ts';
import { UsageError } from './exit.ts';
import { openCapture } from './open-capture.ts';
import { parseSpan } from './span.ts';
import { formatOf, show, type WritingOptions } from './writing.ts';

export interface NetOptions extends WritingOptions {
  /** Seconds since the capture's start. */
  readonly at?: string;
}

/** What people see who name nothing. */
const OVERVIEW: readonly NetView[] = ['pods', 'services', 'conntrack'];

export async function net(path: string, name: string | undefined, options: NetOptions): Promise<void> {
  const views = viewsOf(name, options);
  const capture = await openCapture(path);
  try {
    const time = options.at === undefined ? captureEnd(capture) : parseSpan('--at', options.at);
    const unseen = capture.dims.nodeFacts.size === 0;
    if (unseen) say('the capture has no look at the node’s network: record without --no-node, as root on the node');
    (unseen ? views.slice(0, 1) : views).forEach((one, i) => {
      if (i > 0) process.stdout.write('\n');
      show(netReport(one, capture, time), options);
    });
  } finally {
    capture.close();
  }
}

/** Programs get one kind of line at a time. */
function viewsOf(name: string | undefined, options: NetOptions): readonly NetView[] {
  if (name === undefined) return formatOf(options, 'table') === 'table' ? OVERVIEW : ['pods'];
  const found = NET_VIEWS.find((one) => one === name);
  if (found === undefined) throw new UsageError(`net shows ${NET_VIEWS.join(', ')}, not ${name}`);
  return [found];
}
