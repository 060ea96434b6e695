import { DNS_SCENES } from './scenes-dns.ts';

/** Small dramas, one cause each: what is played (words of ./stage), and what `explain` has to say of it. */
export interface Scene {
  readonly name: string;
  readonly script: string;
  /** The first cause; null: nothing is to be blamed. */
  readonly cause: string | null;
  /** Another first cause, of a recording made now: what the shipped one lacks (a client, calls that had not returned) is in it. */
  readonly whole?: string;
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
  { name: 'a DNS server without a route', script: 'echo nameserver 2001:db8::8 >"$folder/resolv.conf"; curl -s http://a.b.c.d.e/', cause: 'nameserver-unreachable', says: /no route to the network .*nothing was asked/ },
  { name: 'a DNS server that takes no TCP', script: 'start dns normal; printf "nameserver 127.0.0.1\\noptions use-vc\\n" >"$folder/resolv.conf"; curl -s http://backend.app/', cause: 'nameserver-unreachable', says: /127\.0\.0\.1:53 refuses connections over TCP/ },
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
  { name: 'a program that is killed while it connects', script: `${VETH}; ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:01 dev v0; "$folder/failing" connect 192.0.2.9 & sleep 1.5; kill -9 $!; wait`, cause: 'connect-unanswered', says: /failing \(\d+\) could not connect to 192\.0\.2\.9:80: nothing came back in 1\.\d+ s/ },
  { name: 'a full accept queue', script: 'start serve deaf 80; start crowd 80; curl -s -m 1.5 http://127.0.0.1/', cause: 'accept-queue-full' },
  { name: 'a packet filter that rejects', script: 'iptables -A INPUT -p tcp --dport 80 -j REJECT --reject-with icmp-admin-prohibited; failing connect 127.0.0.1', cause: 'connect-forbidden', says: /a packet filter .* rejects connections to 127\.0\.0\.1:80/ },
  { name: 'a datagram that nobody answers', script: 'start hold-port 99; failing ask-datagram 99', cause: 'datagram-unanswered', says: /sent a datagram to 127\.0\.0\.1:99, and no answer came in \d\S* m?s: sick \(\d+\) has that port open, and is not seen to have read/ },
  { name: 'a certificate that the server misses', script: 'start_failing serve alert 443; failing greet-tls 443', cause: 'tls-alert', says: /the server sent the alert “certificate required”, so it wants a certificate/ },
  { name: 'TLS spoken to a port without it', script: 'start serve quick 443; curl -sS https://127.0.0.1/', cause: 'no-tls-spoken', says: /answered in plain text/ },
  { name: 'a slow TLS handshake', script: 'start serve sleep 443; sick hello-tls 443', cause: 'server-sleeps', says: /TLS handshake of 127\.0\.0\.1:443/ },
  // Servers
  { name: 'a server that sleeps', script: 'start serve sleep 80; curl -s http://127.0.0.1/', cause: 'server-sleeps', says: /waited \d{3} ms for the answer of 127\.0\.0\.1:80: sick \(\d+\) slept for 3\d\d ms/ },
  { name: 'a server that computes', script: 'start serve compute 80; curl -s http://127.0.0.1/', cause: 'server-computes' },
  { name: 'a server whose own server sleeps', script: 'start serve sleep 81; start serve upstream 80 81; curl -s http://127.0.0.1/', cause: 'server-waits-for-server', says: /^curl .* waited for 127\.0\.0\.1:81/ },
  { name: 'a server that looks up a name', script: 'start dns normal; start serve lookup 80 backend.app; curl -s http://127.0.0.1/', cause: 'server-waits-for-dns', says: /^curl .* looked up backend\.app\.silent\.test/ },
  { name: 'a server that takes long for a second request', script: 'start tire 80; curl -s http://127.0.0.1/ http://127.0.0.1/', cause: 'server-sleeps', says: /sick \(\d+\) slept for 3\d\d ms/ },
  { name: 'a server that is busy with another client', script: 'start serve sleep 80; sick ask 80 & sleep 0.05; curl -s http://127.0.0.1/; wait $!', cause: 'server-sleeps', says: /read the request only after 2\d\d ms/ },
  { name: 'a server that closes without an answer', script: 'start serve close 80; curl -s http://127.0.0.1/', cause: 'server-closed' },
  { name: 'a server that accepts and does not read', script: 'start serve unread 80; curl -s -m 0.5 http://127.0.0.1/', cause: 'server-busy', says: /has not read the request/ },
  { name: 'a client that gives up', script: 'start serve sleep 80; curl -s -m 0.2 http://127.0.0.1/', cause: 'server-waits-for-process', whole: 'server-sleeps', says: /got no answer .* in \d{3} ms/ },
  // Files
  { name: 'a disk that takes long to write', script: 'sick fsync "$folder/big"', cause: 'slow-fsync', says: /big \(fsync\)/ },
  { name: 'a file that somebody else has locked', script: 'start hold-lock "$folder/lock"; sick want-lock "$folder/lock"', cause: 'lock-file', says: /lock, which sick \(\d+\) held/ },
  { name: 'a pipe that is opened late', script: 'mkfifo "$folder/late"; (sleep 1; exec cat /etc/hostname >"$folder/late") & cat "$folder/late" >/dev/null; wait $!', cause: 'pipe-without-other-end', says: /to open the pipe \S+late for reading: nobody had it open for writing until/ },
  { name: 'a pipe that nobody writes to', script: 'mkfifo "$folder/never"; timeout 1 cat "$folder/never"', cause: 'pipe-without-other-end', says: /in vain to open \S+never for reading: so waits a named pipe \(FIFO\) that nobody opens for writing/ },
  // Servers that fail
  { name: 'a server that is killed', script: 'start_failing serve hang 80; (sleep 0.3; kill -9 "$first") & curl -s http://127.0.0.1/; wait $!', cause: 'server-killed', says: /killed by SIGKILL meanwhile, sent by/ },
  { name: 'a server that ends', script: 'start_failing serve exit 80; curl -s http://127.0.0.1/', cause: 'server-exited', says: /ended with 3/ },
  { name: 'a server that is stopped', script: 'start_failing serve hang 80; kill -STOP "$first"; curl -s -m 0.5 http://127.0.0.1/', cause: 'server-stopped', says: /was stopped \(SIGSTOP\)/ },
  { name: 'a server without descriptors', script: 'start_failing serve poor 80; curl -s -m 0.5 http://127.0.0.1/', cause: 'server-out-of-descriptors', says: /EMFILE/ },
  { name: 'a connection that the server had closed', script: 'start_failing serve once 80; failing twice 80', cause: 'keep-alive-race', says: /idle for 2\d\d ms/ },
  { name: 'a connection that breaks off', script: 'start_failing serve deaf 80; failing shout 80', cause: 'connection-lost' },
  { name: 'an HTTP error', script: 'start_failing serve error 80; curl -s -f http://127.0.0.1/it', cause: 'http-error', says: /HTTP 503 from 127\.0\.0\.1:80 for GET \/it/ },
  { name: 'an HTTP error that is given', script: 'start_failing serve error 80; "$folder/unseen" -s http://127.0.0.1/it', cause: 'http-error-given', whole: 'http-error', says: /HTTP 503/ },
  { name: 'a gRPC error', script: 'start_failing serve grpc 80; failing ask 80', cause: 'http-error', says: /gRPC 14 \(UNAVAILABLE\)/ },
  { name: 'a certificate that is not accepted', script: 'start serve quick 443; failing refuse-certificate 443', cause: 'certificate-not-accepted', says: /unknown certificate authority/ },
  // Limits and resources
  { name: 'no local port left', script: 'echo "40000 40003" >/proc/sys/net/ipv4/ip_local_port_range; start serve unread 80; failing many-connections 80', cause: 'no-local-port', says: /from 40000 to 40003/ },
  { name: 'an address in use', script: 'start serve quick 80; failing serve once 80', cause: 'address-in-use', says: /127\.0\.0\.1:80: it is in use .* sick \(\d+\) has it/ },
  { name: 'an address of another host', script: 'ip addr del 127.0.0.1/8 dev lo; failing serve once 80', cause: 'bind-failed' },
  { name: 'a full disk', script: 'mount -t tmpfs -o size=64k none /mnt; failing fill /mnt/data', cause: 'disk-full', says: /\/mnt\/data: the disk is full/ },
  { name: 'a read-only file system', script: 'mount -t tmpfs -o ro none /mnt; failing fill /mnt/data', cause: 'read-only' },
  { name: 'a disk that fails', script: 'failing look /proc/self/mem', cause: 'io-error' },
  { name: 'no descriptor left', script: 'failing open-many /etc/passwd', cause: 'out-of-descriptors', says: /8 times|EMFILE/ },
  { name: 'a limit of inotify', script: 'unshare -U -r sh -c \'echo 0 >/proc/sys/user/max_inotify_instances; "$0" watch\' "$folder/failing"', cause: 'inotify-limit' },
  { name: 'no further process', script: 'failing fork', cause: 'too-many-processes', says: /EAGAIN/ },
  { name: 'a lock that is tried for', script: 'start_failing hold-lock "$folder/lock2"; failing try-lock "$folder/lock2"', cause: 'lock-file', says: /failing \(\d+\) held/ },
  { name: 'a lock that somebody else has', script: 'start_failing hold-lock "$folder/lock3"; failing need-lock "$folder/lock3"', cause: 'lock-held', says: /lock3, which failing \(\d+\) held/ },
  { name: 'many short fsyncs', script: 'failing write-ahead "$folder/wal"', cause: 'slow-fsync', says: /fsync\), \d{2,} times/ },
  { name: 'a loop that tries again', script: 'failing retry /mnt/none', cause: 'retry-loop', says: /openat of \/mnt\/none 30 times/ },
  // Programs that fail
  { name: 'a program that is not there', script: 'failing run /mnt/none', cause: 'program-missing', says: /\/mnt\/none/ },
  { name: 'an interpreter that is not there', script: 'printf "#!/opt/none/python9\\n" >"$folder/app"; chmod +x "$folder/app"; cat "$folder/app" >/dev/null; failing run "$folder/app"', cause: 'interpreter-missing', says: /\/opt\/none\/python9/ },
  { name: 'a program that may not be run', script: 'echo >"$folder/plain"; failing run "$folder/plain"', cause: 'program-forbidden', says: /EACCES/ },
  { name: 'a program that is no program', script: 'echo >"$folder/empty"; chmod +x "$folder/empty"; failing run "$folder/empty"', cause: 'program-unusable', says: /ENOEXEC/ },
  { name: 'a file that is not there', script: 'failing look /mnt/none', cause: 'file-missing', says: /\/mnt\/none/ },
  { name: 'a file that is a folder', script: 'failing fill /mnt', cause: 'file-forbidden', says: /EISDIR/ },
  { name: 'a socket that is not there', script: 'failing connect-unix /mnt/none.sock', cause: 'socket-missing', says: /there is no such socket/ },
  { name: 'a route that is forbidden', script: 'ip route add prohibit 192.0.2.1; curl -s http://192.0.2.1/', cause: 'connect-forbidden' },
  { name: 'a program that crashes', script: 'failing crash', cause: 'program-crashed', says: /SIGABRT/ },
  { name: 'a program that the kernel kills', script: 'failing burn', cause: 'program-killed', says: /SIGKILL, which no recorded process sent/ },
  { name: 'a child that is killed', script: 'failing kill-child', cause: 'child-killed', says: /failing \(\d+\), which failing \(\d+\) had started, was ended by SIGKILL, sent by failing \(\d+\); .* ended with 137/ },
  { name: 'a program that is told to stop', script: 'failing stop-child', cause: 'program-stopped', says: /was told to stop \(SIGTERM\) by failing \(\d+\), and ended with 143/ },
  { name: 'a program that gets no memory', script: 'failing grow', cause: 'memory-refused', says: /Cannot allocate memory/ },
  { name: 'a program that only complains', script: 'failing complain', cause: 'program-failed', says: /ended with 3; it wrote “it is not to my liking”/ },
  { name: 'a full queue of a Unix socket', script: 'start_failing crowd-unix "$folder/s.sock"; timeout 0.4 "$folder/failing" connect-unix "$folder/s.sock"', cause: 'accept-queue-full', says: /\/s\.sock: .* the accept queue of failing \(\d+\) is full, so the kernel let it wait/ },
  { name: 'a connection that a program was given', script: 'start serve sleep 80; exec 3<>/dev/tcp/127.0.0.1/80; printf "GET / HTTP/1.1" >&3; cat <&3', cause: 'server-sleeps', says: /cat \(\d+\) waited \d{3} ms for the answer of 127\.0\.0\.1:80: sick \(\d+\) slept/ },
  // Nothing to be blamed
  { name: 'healthy: a server that is told to stop', script: 'start serve quick 80; curl -s http://127.0.0.1/; kill "$first"; sleep 0.1', cause: null },
  { name: 'healthy: programs that say no by their status', script: 'cat /etc/hostname | sh -c "read -r x; false"; ! sleep 0.01', cause: null },
  { name: 'healthy: a request and its answer', script: 'start dns normal; start serve quick 80; curl -s http://127.0.0.1/', cause: null },
  { name: 'healthy: a program that sleeps', script: 'sleep 0.3', cause: null },
  { name: 'healthy: a server that waits to be asked', script: 'start serve quick 80; sleep 0.3; curl -s http://127.0.0.1/', cause: null },
  { name: 'healthy: a script that sleeps between', script: 'start serve quick 80; sh -c "sleep 0.3; curl -s http://127.0.0.1/"', cause: null },
  { name: 'healthy: a pipe whose writer takes its time', script: '(sleep 0.3; echo x) | cat', cause: null },
  { name: 'healthy: a subscriber that waits for news', script: 'start publish 80; sick subscribe 80', cause: null },
  { name: 'healthy: a watch that waits for news', script: 'start watch 80; sick subscribe 80', cause: null },
  { name: 'healthy: a script that gets over a failure', script: 'sh -c "cat /mnt/none; sleep 0.01"', cause: null },
  { name: 'healthy: a file that is there when it is tried again', script: 'sh -c "cat $folder/later; echo >$folder/later; cat $folder/later"', cause: null },
  { name: 'healthy: a program that sleeps again and again', script: 'failing nap 25', cause: null },
  { name: 'healthy: a name that is found at once', script: 'start dns normal; sick look-up a.b.c.d', cause: null },
];
