/** Filters on files whose every call is known: the answers are counted from the facts, by plain predicates. Of all kinds that `oracle.test.ts` asks. */
import { describe, expect, test } from 'vitest';
import { type Fact, type Form, knownFile, type Open } from './known-answers.ts';
import { readBack } from './read-back.ts';

const isSocket = (fd: Open | null) => fd !== null && (fd.kind === 'ipv4' || fd.kind === 'ipv6');
const portsOf = ({ fd }: Fact) => [fd?.client?.[1], fd?.server?.[1]];
const ipsOf = ({ fd }: Fact) => [fd?.client?.[0], fd?.server?.[0]];
/** Where a socket has no name it has no ends yet. */
const isConnected = ({ fd }: Fact) => fd?.client !== undefined && fd.name !== '';

const CASES: readonly (readonly [filter: string, matches: (fact: Fact) => boolean])[] = [
  ['evt.type=read', ({ type }) => type === 'read'],
  ['evt.type in (openat, close)', ({ type }) => type === 'openat' || type === 'close'],
  ['evt.type!=write', ({ type }) => type !== 'write'],
  ['evt.type startswith s', ({ type }) => type.startsWith('s')],
  ['evt.failed=true', ({ res }) => res < 0],
  ['evt.rawres<0', ({ res }) => res < 0],
  ['evt.rawres>=20', ({ res }) => res >= 20],
  ['evt.res=EAGAIN', ({ res }) => res === -11],
  ['evt.res in (ENOENT, EBADF)', ({ res }) => res === -2 || res === -9],
  ['evt.is_io=true', ({ direction }) => direction !== null],
  ['evt.is_io_read=true', ({ direction }) => direction === 'read'],
  ['evt.is_io_write=true', ({ direction }) => direction === 'write'],
  ['evt.io_dir=read', ({ direction }) => direction === 'read'],
  ['evt.buflen>20', ({ buffer }) => buffer.length > 20],
  ['evt.buffer contains hello', ({ buffer }) => buffer.includes('hello')],
  ['fd.name icontains WEB', ({ fd }) => fd?.name.includes('web') === true],
  ['evt.buffer startswith GET', ({ buffer }) => buffer.startsWith('GET')],
  ['evt.num<=6', ({ num }) => num <= 6],
  ['proc.name=curl', ({ proc }) => proc === 'curl'],
  ['proc.name contains e', ({ proc }) => proc.includes('e')],
  ['proc.pname=bash', ({ parent }) => parent === 'bash'],
  ['proc.aname=init', () => true],
  ['proc.pid=10', ({ pid }) => pid === 10],
  ['proc.args contains -p', ({ args }) => args.includes('-p')],
  ['proc.cwd=/srv/', ({ cwd }) => cwd === '/srv/'],
  ['thread.tid=11', ({ tid }) => tid === 11],
  ['thread.ismain=false', ({ tid, pid }) => tid !== pid],
  ['user.name=www', ({ user }) => user === 'www'],
  ['user.uid=0', ({ uid }) => uid === 0],
  ['container.id=host', ({ container }) => container === 'host'],
  ['container.id!=host', ({ container }) => container !== 'host'],
  ['container.name=web', ({ container }) => container !== 'host'],
  ['container.image=nginx:1', ({ container }) => container !== 'host'],
  ['k8s.pod.name=web-1', ({ pod }) => pod === 'web-1'],
  ['k8s.ns.name=shop', ({ pod }) => pod !== ''],
  ['k8s.pod.label.app=web', ({ pod }) => pod !== ''],
  ['fd.type=file', ({ fd }) => fd?.kind === 'file'],
  ['fd.type in (unix, pipe)', ({ fd }) => fd?.kind === 'unix' || fd?.kind === 'pipe'],
  ['fd.type=ipv4', ({ fd }) => fd?.kind === 'ipv4'],
  ['fd.typechar=6', ({ fd }) => fd?.kind === 'ipv6'],
  ['fd.num=5', ({ fd }) => fd?.num === 5],
  ['fd.name=/var/log/web.log', ({ fd }) => fd?.name === '/var/log/web.log'],
  ['fd.name contains web', ({ fd }) => fd?.name.includes('web') === true],
  ['fd.name startswith /srv', ({ fd }) => fd?.name.startsWith('/srv') === true],
  ['fd.directory=/srv/conf', ({ fd }) => fd?.name.startsWith('/srv/conf/') === true],
  ['fd.filename=web.log', ({ fd }) => fd?.name.endsWith('/web.log') === true],
  ['fd.l4proto=udp', (fact) => isConnected(fact) && fact.fd!.l4 === 'udp'],
  ['fd.l4proto=tcp', (fact) => fact.fd?.l4 === 'tcp'],
  ['fd.ip=10.0.0.9', (fact) => isConnected(fact) && ipsOf(fact).includes('10.0.0.9')],
  ['fd.cip=10.0.0.7', (fact) => isConnected(fact) && fact.fd!.client![0] === '10.0.0.7'],
  ['fd.sip=10.0.0.53', (fact) => isConnected(fact) && fact.fd!.server![0] === '10.0.0.53'],
  ['fd.snet=10.0.0.0/24', (fact) => isConnected(fact) && fact.fd!.server![0].startsWith('10.0.0.')],
  ['fd.port=53', (fact) => isConnected(fact) && portsOf(fact).includes(53)],
  ['fd.sport=80', (fact) => isConnected(fact) && fact.fd!.server![1] === 80],
  ['fd.cport>1000', (fact) => isConnected(fact) && fact.fd!.client![1] > 1000],
  ['fd.lport=80', (fact) => isConnected(fact) && fact.fd!.isServer === true && fact.fd!.server![1] === 80],
  ['fd.rport=443', (fact) => isConnected(fact) && fact.fd!.isServer === false && fact.fd!.server![1] === 443],
  ['fd.rip=10.0.0.7', (fact) => isConnected(fact) && fact.fd!.isServer === true && fact.fd!.client![0] === '10.0.0.7'],
  ['fd.lip=fd00::9', (fact) => isConnected(fact) && fact.fd!.isServer === false && fact.fd!.client![0] === 'fd00::9'],
  ['fd.is_server=true', (fact) => isSocket(fact.fd) && fact.fd!.isServer === true],
  ['not fd.type=file and proc.name=web', ({ fd, proc }) => fd?.kind !== 'file' && proc === 'web'],
  ['fd.type=ipv4 and (proc.name=curl or evt.failed=true)', ({ fd, proc, res }) => fd?.kind === 'ipv4' && (proc === 'curl' || res < 0)],
  ['proc.name=web and not thread.ismain=true or evt.type=close', ({ proc, tid, pid, type }) => (proc === 'web' && tid !== pid) || type === 'close'],
]; // biome-ignore format: a table

/** Only where the beginning of calls is recorded. */
const TIMED: typeof CASES = [
  ['evt.latency>1ms', ({ latency }) => latency !== null && latency > 1_000_000],
  ['evt.latency<=50', ({ latency }) => latency !== null && latency <= 50],
  ['evt.latency exists', ({ latency }) => latency !== null],
];

const FORMS: readonly Form[] = ['two events a call', 'one event a call'];

describe.each(FORMS)('%s', (form) => {
  const { bytes, facts } = knownFile(form);
  const calls = new Set(facts.map(({ num }) => num));

  test.each([...CASES, ...TIMED])('%s', async (filter, matches) => {
    const { lines, cut, leftOut } = await readBack(bytes, '%evt.num', filter);
    const found = lines.map(Number).filter((num) => calls.has(num));
    expect(found.sort((a, b) => a - b)).toEqual(facts.filter(matches).map(({ num }) => num));
    expect({ cut, leftOut }).toEqual({ cut: null, leftOut: null });
  });

  test('each case tells some calls from others', () => {
    const idle = CASES.filter(
      ([filter, matches]) => filter !== 'proc.aname=init' && [0, facts.length].includes(facts.filter(matches).length),
    );
    expect(idle.map(([filter]) => filter)).toEqual([]);
  });
});
