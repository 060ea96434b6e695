import { DNS_SCENES } from './scenes-dns.ts';

/** Small dramas, one cause each: what is played (words of ./stage), and what `explain` has to say of it. */
export interface Scene {
  readonly name: string;
  readonly script: string;
  /** The first cause; null: nothing is to be blamed. */
  readonly cause: string | null;
  /** What the sentence says, beside. */
  readonly says?: RegExp;
}

/** The file of a scene's recording in captures/scenes. */
export function slug({ name }: Scene): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

const VETH = 'ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; ip addr add 192.0.2.1/24 dev v0';

// biome-ignore format: a table
export const SCENES: readonly Scene[] = [
  // Names
  { name: 'a search domain that nobody answers for', script: 'start dns normal; sick look-up backend.app', cause: 'dns-search-domain-silent', says: /waited 1\.0\d\d s for DNS: .* search domain silent\.test/ },
  { name: 'a DNS server that reads no question', script: 'start dns deaf; sick look-up backend.app', cause: 'dns-server-silent', says: /127\.0\.0\.1:53 never answered/ },
  { name: 'a DNS server that reads and does not answer', script: 'start dns silent; sick look-up backend.app', cause: 'dns-server-hangs', says: /received the questions and did not answer/ },
  { name: 'no DNS server at all', script: 'sick look-up backend.app', cause: 'dns-server-unreachable', says: /nobody listening there/ },
  { name: 'an upstream of the DNS server that is silent', script: 'start dns deaf 127.0.0.2; start dns forward 127.0.0.1 127.0.0.2; sick look-up a.b.c.d', cause: 'dns-upstream-silent', says: /asked 127\.0\.0\.2:53/ },
  { name: 'a slow DNS server', script: 'start dns slow; sick look-up a.b.c.d', cause: 'dns-server-slow' },
  { name: 'a slow upstream of the DNS server', script: 'start dns slow 127.0.0.2; start dns forward 127.0.0.1 127.0.0.2; sick look-up a.b.c.d', cause: 'dns-upstream-slow', says: /ask 127\.0\.0\.2:53 and waited 3\d\d ms/ },
  { name: 'a name that does not exist', script: 'start dns unknown; sick look-up a.b.c.d', cause: 'dns-name-unknown', says: /no such name/ },
  { name: 'a DNS server that fails', script: 'start dns servfail; sick look-up a.b.c.d', cause: 'dns-server-fails' },
  { name: 'a DNS server that refuses', script: 'start dns refused; sick look-up a.b.c.d', cause: 'dns-server-refuses' },
  ...DNS_SCENES,
  // Connections
  { name: 'a port where nobody listens', script: 'curl -s http://127.0.0.1:81/', cause: 'connect-refused', says: /127\.0\.0\.1:81 refused the connection: nobody listens there/ },
  { name: 'a host without a route', script: 'ip route add unreachable 192.0.2.1; curl -s http://192.0.2.1/', cause: 'connect-unreachable' },
  { name: 'a host that does not answer', script: `${VETH}; ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:01 dev v0; curl -s -m 1.5 http://192.0.2.9/`, cause: 'connect-unanswered', says: /SYN/ },
  { name: 'a full accept queue', script: 'start serve deaf 80; start crowd 80; curl -s -m 1.5 http://127.0.0.1/', cause: 'accept-queue-full' },
  { name: 'a slow TLS handshake', script: 'start serve sleep 443; sick hello-tls 443', cause: 'server-sleeps', says: /TLS handshake of 127\.0\.0\.1:443/ },
  // Servers
  { name: 'a server that sleeps', script: 'start serve sleep 80; curl -s http://127.0.0.1/', cause: 'server-sleeps', says: /waited 3\d\d ms for the answer of 127\.0\.0\.1:80: sick \(\d+\) slept for 3\d\d ms/ },
  { name: 'a server that computes', script: 'start serve compute 80; curl -s http://127.0.0.1/', cause: 'server-computes' },
  { name: 'a server whose own server sleeps', script: 'start serve sleep 81; start serve upstream 80 81; curl -s http://127.0.0.1/', cause: 'server-waits-for-server', says: /^curl .* waited for 127\.0\.0\.1:81/ },
  { name: 'a server that looks up a name', script: 'start dns normal; start serve lookup 80 backend.app; curl -s http://127.0.0.1/', cause: 'server-waits-for-dns', says: /^curl .* looked up backend\.app\.silent\.test/ },
  { name: 'a server that is busy with another client', script: 'start serve sleep 80; sick ask 80 & sleep 0.05; curl -s http://127.0.0.1/; wait $!', cause: 'server-sleeps', says: /read the request only after 2\d\d ms/ },
  { name: 'a server that closes without an answer', script: 'start serve close 80; curl -s http://127.0.0.1/', cause: 'server-closed' },
  { name: 'a server that accepts and does not read', script: 'start serve unread 80; curl -s -m 0.5 http://127.0.0.1/', cause: 'server-busy', says: /has not read the request/ },
  { name: 'a client that gives up', script: 'start serve sleep 80; curl -s -m 0.2 http://127.0.0.1/', cause: 'server-waits-for-process', says: /got no answer .* in 2\d\d ms/ },
  // Files
  { name: 'a disk that takes long to write', script: 'sick fsync "$folder/big"', cause: 'slow-fsync', says: /big \(fsync\)/ },
  { name: 'a file that somebody else has locked', script: 'start hold-lock "$folder/lock"; sick want-lock "$folder/lock"', cause: 'lock-file', says: /lock, which sick \(\d+\) held/ },
  // Nothing to be blamed
  { name: 'healthy: a request and its answer', script: 'start dns normal; start serve quick 80; curl -s http://127.0.0.1/', cause: null },
  { name: 'healthy: a program that sleeps', script: 'sleep 0.3', cause: null },
  { name: 'healthy: a server that waits to be asked', script: 'start serve quick 80; sleep 0.3; curl -s http://127.0.0.1/', cause: null },
  { name: 'healthy: a script that sleeps between', script: 'start serve quick 80; sh -c "sleep 0.3; curl -s http://127.0.0.1/"', cause: null },
  { name: 'healthy: a pipe whose writer takes its time', script: '(sleep 0.3; echo x) | cat', cause: null },
  { name: 'healthy: a subscriber that waits for news', script: 'start publish 80; sick subscribe 80', cause: null },
  { name: 'healthy: a name that is found at once', script: 'start dns normal; sick look-up a.b.c.d', cause: null },
];
