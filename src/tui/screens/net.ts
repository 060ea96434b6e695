/** The node's network as the capture has it: a screen for each question of `trowel net`. */
import { captureEnd } from '../../capture/capture.ts';
import { NET_VIEWS, type NetView, netReport } from '../../output/reports/net.ts';
import type { Row } from '../../report/report.ts';
import { type ScreenSpec, screenColumn } from './screen.ts';
import { tableOf } from './tables.ts';

const SENTENCES: Readonly<Record<NetView, string>> = {
  pods: 'which pods the node has, and how each hangs on it',
  services: 'where services lead, and whether the node’s rules agree',
  endpoints: 'who is behind each service, ready or not',
  links: 'which interfaces there are, and what each carried',
  routes: 'which routes the node and its pods have',
  conntrack: 'how full the tables of connections were, over time',
  sysctls: 'which kernel settings the network has, by namespace',
  rules: 'which rules the packet filter has, and what each counted',
  sockets: 'who listens where, and how much waits there',
  flows: 'who asked which service, and which pod that reached',
  drops: 'where packets vanished, and which rule dropped them',
  resolvers: 'which servers and suffixes each pod resolves names with',
  cni: 'what the network plugins of the node are told',
  log: 'what the kernel said of connections, memory and crashes',
  processes: 'which processes cannot answer: stopped, dead, out of descriptors',
};

export const NET_SCREENS: readonly ScreenSpec[] = NET_VIEWS.map((view) => ({
  id: `net-${view}`,
  aliases: view === 'pods' ? ['net'] : view === 'drops' ? ['vanished'] : [],
  sentence: SENTENCES[view],
  filter: '',
  enter: view === 'drops' ? 'event' : 'events',
  read: ({ capture }) => {
    if (capture.dims.nodeFacts.size === 0 && view !== 'drops')
      return {
        head: ['the capture has no look at the node’s network'],
        columns: [screenColumn('of', 'text', null, 'what there is no look at')],
        rows: [],
      };
    const report = netReport(view, capture, captureEnd(capture));
    return tableOf({ ...report, kind: 'table', id: 'lens', drill: (row) => drillOf(view, row) });
  },
}));

/** Events of the address that a row is about. */
function drillOf(view: NetView, row: Row): string | null {
  const cell = view === 'pods' || view === 'services' || view === 'endpoints' ? row[1] : null;
  const text = Array.isArray(cell) ? String(cell[0] ?? '') : typeof cell === 'string' ? cell : '';
  const ip = /^\[?([0-9a-f.:]+?)\]?(?::\d+)?(?:\/(?:tcp|udp|sctp))?$/.exec(text)?.[1];
  return ip === undefined ? null : `fd.ip=${ip}`;
}
