/** Filters whose answer is not the other program's, each with the reason. Numbers are those of the events that differ. */

const PEER =
  'events of skydns (fd 6) 10049 10169 10173 10242 10248 10350 10354 10418 10434 10526 10530 10593 10620 75904 75923 104217 104234 104310 104326 104472 104493: an unconnected UDP server; here each message has the peer of its own tuple, there the descriptor is rewritten until it makes no sense (172.17.0.1:53->0.0.0.0:53)';
const OPENAT =
  'failed openat 50764 50786 50844 50866 50888 50910 50932 50954 60894 60940 60977 61021 61071 61107 61146 61182 103287: the path asked for stands in the call’s beginning; there it is lost';

export const CLASSIC_DIFFERENCES: Readonly<Record<string, string>> = {
  'fd.rport=53': PEER,
  'fd.lport=53': PEER,
  'fd.port>1024': PEER,
  'fd.name exists': OPENAT,
  'fd.name contains lib': OPENAT,
  'fd.name!=/etc/ld.so.cache': OPENAT,
  'fd.name=""':
    'failed accept 407 550 1174 1246 1305 1354 1427 1476 1529 1582 4481 123764: there they are called NULL; failed connect 9829 9835 to a Unix socket: there the name is the whole tuple, with kernel addresses',
  'evt.buflen>100':
    'fcntl 77196 77339 return flags and move no bytes, sendfile 108026 moves them between descriptors; 3583 77043 77161 read bytes that are in the file, from descriptors that there are forgotten',
  'evt.info contains res=0': 'a value with = in it is to be quoted, as in today’s grammar; quoted the answer is the same',
  'fd.is_server=true': 'there both ends of a connection within the machine are its server; here the end that accepted it is',
  'proc.pname=bash':
    'the parent of a process: there a thread’s parent is the thread that made it, so that curl’s second thread (9804 on) is a child of curl',
  'group.gid=0': 'there a number of 4 bytes is read as 8: group 0 with 7 threads is 30064771072; group.name=root has them all',
  'fd.cport=0': 'there listening sockets have the client port 0; here they have none',
  'fd.ip=::1': 'there an IPv6 address is compared with the first bytes of IPv4 ones, which matches 1,563 events of IPv4',
  'evt.type icontains STAT': 'not in that grammar; fine in today’s',
  'evt.buffer bcontains 0a6c6f63616c': 'not in that grammar; fine in today’s',
  'k8s.ns=critical-app': 'an alias of k8s.ns.name here',
  'proc.name = curl or proc.name = skydns and fd.type = ipv4': 'and binds closer than or, as in today’s grammar',
};

export const MODERN_DIFFERENCES: Readonly<Record<string, string>> = {
  'fd.rip=10.3.0.214':
    'connections made inside a pod’s network (1309 on), of which the file lists no address: there the asked end then counts as local',
  'proc.nchilds>0': 'here the first thread of a process has the others for children, as in 0.29.3; there each thread has',
  'container.id=b3a718d8b339': 'the field is a plugin’s there',
  'container.id=host': 'the field is a plugin’s there',
  'fd.is_server=true': 'there both ends of a connection within the machine are its server; here the end that accepted it is',
  'fd.connected=true': 'connects under way (EINPROGRESS: 1309 2076) have a peer; there they are not connected yet',
  'fd.uid exists': 'mappings without a file have no descriptor; there they have number -1',
};
