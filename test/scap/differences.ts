/**
 * Filters whose answer is not the other program's, each with the reason. Where `here` or `there` is a filter, it finds exactly
 * the events that only one of the two has: without them, and with those, the answers are the same (`oracle.test.ts` counts).
 */
export interface Difference {
  readonly why: string;
  /** Events that match here and not there. */
  readonly here?: string;
  /** Events that match there and not here. */
  readonly there?: string;
  /** The same question in words that both take. */
  readonly as?: string;
}

const PEER =
  'skydns (fd 6) is an unconnected UDP server; here each message has the peer of its own tuple, there the descriptor is rewritten until it makes no sense (172.17.0.1:53->0.0.0.0:53)';
const RECEIVED = '10049,10242,10248,10418,10434,10593,10620,75904,75923,104310,104326';
const SENT = '10169,10173,10350,10354,10526,10530,104217,104234,104472,104493';

const OPENAT = 'failed openat: the path asked for stands in the call’s beginning; there it is lost';
const FAILED_OPENAT = 'evt.num in (50764,50786,50844,50866,50888,50910,50932,50954,60894,60940,60977,61021,61071,61107,61146,61182,103287)';

export const CLASSIC_DIFFERENCES: Readonly<Record<string, Difference>> = {
  'fd.rport=53': { why: PEER, there: `evt.num in (${RECEIVED},${SENT})` },
  'fd.lport=53': { why: PEER, here: `evt.num in (${RECEIVED})` },
  'fd.port>1024': { why: PEER, here: `evt.num in (${SENT})` },
  'fd.name exists': { why: OPENAT, here: FAILED_OPENAT },
  'fd.name contains lib': { why: OPENAT, here: `${FAILED_OPENAT} and evt.num!=103287` },
  'fd.name!=/etc/ld.so.cache': { why: OPENAT, here: FAILED_OPENAT },
  'fd.name=""': {
    why: 'failed accept: there the name is NULL, which is how a missing address prints',
    here: 'evt.type=accept and evt.failed=true',
  },
  'evt.buflen>100': {
    why: '“the length of the binary data buffer for events that have one, like read()”: 3583 77043 77161 have one of 265, 708 and 251 bytes, on descriptors that there are forgotten; fcntl 77196 77339 return flags',
    here: 'evt.num in (3583,77043,77161)',
    there: 'evt.num in (77196,77339)',
  },
  'evt.info contains res=0': {
    why: 'a value with = in it is to be quoted: Falco’s own grammar tests refuse it',
    as: 'evt.info contains "res=0"',
  },
  'fd.is_server=true': {
    why: 'there whatever has an end on this machine, or none at all: curl’s write to etcd (1566, 10.0.2.15:33654->10.0.2.15:4001) and a raw socket of iptables that was made a moment ago (16419); here the end that accepted, or is bound',
  },
  'proc.pname=bash': {
    why: '“the parent of the process generating the event”: there a thread’s parent is the thread that made it, so that curl’s second thread (9804 on) is a child of curl',
    here: 'proc.pname=bash and thread.ismain=false and proc.name=curl',
  },
  'proc.nchilds>0': {
    why: '“the number of child threads that the process generating the event currently has”: there it is 0 for all threads but the first, though their proc.nthreads is above 1; mended since',
    here: 'proc.nchilds>0 and thread.ismain=false',
  },
  'group.gid=0': {
    why: 'there a number of 4 bytes is read as 8, so that group 0 of a process with 7 threads is 30064771072; group.name=root has them all',
    here: 'group.gid=0 and proc.nchilds>0 and thread.ismain=true',
  },
  'fd.cport=0': { why: 'there Unix sockets have the client port 0: a break is missing in a switch; mended since' },
  'fd.ip=::1': {
    why: 'there an IPv6 address is compared with the first bytes of IPv4 ones: sockets without any address match',
    there: 'fd.type=ipv4 and not fd.sip exists or evt.num in (10169,10350,10526,104217,104472)',
  },
  'evt.type icontains STAT': { why: 'not in that grammar; fine in today’s' },
  'evt.buffer bcontains 0a6c6f63616c': { why: 'not in that grammar; fine in today’s' },
  'k8s.ns=critical-app': { why: 'an alias of k8s.ns.name here' },
  'proc.name = curl or proc.name = skydns and fd.type = ipv4': { why: 'and binds closer than or, as in today’s grammar' },
};

export const MODERN_DIFFERENCES: Readonly<Record<string, Difference>> = {
  'fd.rip=10.3.0.214': {
    why: 'connections made inside a pod’s network (1309 on), of which the file lists no address: there the asked end then counts as local, though the process connected to it',
    here: 'fd.rip=10.3.0.214',
  },
  'container.id=b3a718d8b339': { why: 'the field is a plugin’s there' },
  'container.id=host': { why: 'the field is a plugin’s there' },
  'fd.is_server=true': {
    why: 'skydns’ fd 4 is bound to port 53 and answers what it receives: here the server’s end in all 38 events, there in some; nginx’ accepted connections (1326 2093) are so in both',
  },
  'fd.connected=true': {
    why: 'skydns’ fd 4 is never connected; there it is from the first answer on (604), here as soon as a message tells of a peer (593 594)',
    here: 'evt.num in (593,594)',
  },
  'fd.uid exists': {
    why: 'mappings without a file, failed opens and paths from the working directory have no descriptor; there they have one that is numbered -1 or -100',
    there: 'evt.type in (mmap,openat,newfstatat)',
  },
};
