/**
 * Situations from public reports: each is played in a network and a mount namespace of its own. `node test/explain/play.ts`
 * plays them; docs/situations.md tells what came of it.
 */
export interface Situation {
  readonly link: string;
  readonly what: string;
  /** For bash, as root, in the namespaces; `$at` is a folder of its own. */
  readonly script: string;
  /** What `explain` said when it was first tried. */
  readonly before: string;
  /** What it has to say. */
  readonly says: RegExp;
}

const SERVER = `/usr/bin/python3 -c '
import socket, sys, threading
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
def serve(c):
  while c.recv(4096): c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()' 127.0.0.1`;
const UP = (port: number) => `until ss -ltnH | grep -q :${port}; do sleep .05; done`;
const TWICE = `/usr/bin/python3 -c '
import socket, sys, time
c = socket.create_connection(("127.0.0.1", 80)); c.settimeout(2.5)
for wait in (0.3, 0):
  c.sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"); c.recv(4096); open(sys.argv[1], "w").close(); time.sleep(wait)'`;
/** A server on port 80 that answers once, with this. */
const ANSWER = (text: string) => `/usr/bin/python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 80)); c, _ = s.accept(); c.recv(999); c.sendall(b"${text}"); c.close()'`;
const NGINX = (server: string) =>
  `printf '%s' "daemon off; master_process off; pid $at/pid; error_log $at/err; events {} http { access_log off; client_body_temp_path $at; proxy_temp_path $at; fastcgi_temp_path $at; uwsgi_temp_path $at; scgi_temp_path $at; server { ${server} } }" >$at/n.conf; nginx -c $at/n.conf`;
const NOBODY = 'setpriv --reuid 65534 --regid 65534 --clear-groups';

// biome-ignore format: a table
export const SITUATIONS: readonly Situation[] = [
  { link: 'https://github.com/kubernetes/kubernetes/issues/76569', what: 'the nameserver has an IPv6 address, and there is no route to it: nothing is ever asked', before: 'curl (917) ended with 6; it wrote “curl: (6) Could not resolve host: backend.app”; no call of it is known to have failed for that.', says: /could not look up .*\[2001:db8::8\]:53.*(ENETUNREACH|no route)/,
    script: 'printf "nameserver 2001:db8::8\\n" >$at/r; mount --bind $at/r /etc/resolv.conf; curl -sS http://backend.app/' },
  { link: 'https://github.com/nodejs/node/issues/40537', what: 'localhost is ::1 for the client, and the server listens on 127.0.0.1 only', before: 'python3 (1013) failed, since [::1]:80 refused the connection: nobody listens there.', says: /\[::1\]:80 refused the connection.*127\.0\.0\.1:80/,
    script: `${SERVER} 80 & ${UP(80)}; /usr/bin/python3 -c 'import socket; socket.create_connection(("::1", 80))'; kill $!` },
  { link: 'https://github.com/nginx/docker-nginx/issues/571', what: 'a server that is not root wants port 80', before: 'python3 (8200) could not take the address 0.0.0.0:80 (bind: EACCES), and ended with 1.', says: /could not take the address 0\.0\.0\.0:80 \(bind: EACCES\).*1024/,
    script: `${NOBODY} /usr/bin/python3 -m http.server 80` },
  { link: 'https://github.com/actions/actions-runner-controller/issues/2538', what: 'a client may not use the socket of the container runtime', before: 'curl (1198) ended with 7; it wrote “curl: (7) Failed to connect to d port 80 …”; no call of it is known to have failed for that.', says: /could not connect to the Unix socket \S*docker\.sock: .*(not allowed|permission)/,
    script: `chmod 755 $at; /usr/bin/python3 -c 'import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); time.sleep(9)' $at/docker.sock & until [ -S $at/docker.sock ]; do sleep .05; done; chmod 660 $at/docker.sock; ${NOBODY} curl -sS --unix-socket $at/docker.sock http://d/; kill $!` },
  { link: 'https://github.com/kubernetes/ingress-nginx/issues/3556', what: 'TLS is spoken to a port that speaks plain HTTP', before: 'curl (1308) ended with 35; it wrote “… wrong version number”; no call of it is known to have failed for that.', says: /127\.0\.0\.1:443.*(plain|no TLS|not TLS)/,
    script: `/usr/bin/python3 -m http.server 443 --bind 127.0.0.1 & ${UP(443)}; curl -sS https://127.0.0.1/; kill $!` },
  { link: 'https://github.com/nodejs/build/issues/1048', what: 'a killed git left its index.lock', before: 'git (1348) failed in openat of …/.git/index.lock (EEXIST), and ended with 128.', says: /index\.lock.*(exists|EEXIST).*ended with 128/,
    script: 'cd $at; git init -q; echo >a; touch .git/index.lock; git add a' },
  { link: 'https://github.com/moby/moby/issues/13594', what: 'a program is run while somebody has it open for writing', before: 'bash (1446) could not run …/prog: it is no program for this machine, or not as it was called (ETXTBSY), and ended with 126.', says: /could not run \S*prog: .*(open for writing|busy).*ETXTBSY/,
    script: 'cp /bin/true $at/prog; exec 3>>$at/prog; $at/prog' },
  { link: 'https://github.com/magma/magma/pull/13015', what: 'a package manager finds the lock of another and gives up', before: 'python3 (1567) ended with 1; it wrote “… Traceback (most recent call last):”; no call of it is known to have failed for that.', says: /lock on \S*lock-frontend, which python3 \(\d+\) held/,
    script: `hold='import fcntl, sys, time; f = open(sys.argv[1], "w"); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB); open(sys.argv[1] + ".held", "w"); time.sleep(9)'; /usr/bin/python3 -c "$hold" $at/lock-frontend & until [ -e $at/lock-frontend.held ]; do sleep .05; done; /usr/bin/python3 -c "$hold" $at/lock-frontend; kill $!` },
  { link: 'https://github.com/moby/moby/issues/32310', what: 'a program takes no notice of SIGTERM and is killed when its time is over', before: 'Nothing waited longer than 100 ms for what it had asked for, and of 100 failed calls none is known to have done harm (…).', says: /sleeper \(\d+\) was ended by SIGKILL.*SIGTERM/,
    script: `cp "$(command -v /usr/bin/python3)" $at/sleeper; $at/sleeper -c 'import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(sys.argv[1], "w"); time.sleep(9)' $at/ready & until [ -e $at/ready ]; do sleep .05; done; kill $!; sleep 1; kill -9 $!; wait` },
  { link: 'https://github.com/kubernetes/kubernetes/issues/80298', what: 'a connection that was idle is forgotten on its way: what is sent on it disappears', before: 'python3 (8500) got no answer from 127.0.0.1:80 in 2.502 s: packets get lost, dropped by a packet filter … and were sent again 4 times.', says: /(packets get lost, dropped by a packet filter|packet filter)/,
    script: `${SERVER} 80 & ${UP(80)}; (until [ -e $at/first ]; do sleep .05; done; iptables -A INPUT -p tcp --dport 80 -j DROP) & ${TWICE} $at/first; kill %1` },
  { link: 'https://github.com/docker/compose/issues/6678', what: 'a program closes every descriptor that it might have before it begins', before: 'python3 (8613) computed, or waited for a CPU for 3.243 s.', says: /close EBADF ×\d{6}|calls of close/,
    script: `/usr/bin/python3 -c 'import os
for fd in range(3, 300000):
  try: os.close(fd)
  except OSError: pass'` },
  { link: 'https://github.com/cloudnativelabs/kube-router/issues/521', what: 'a connection that was idle is answered by a reset when it is used again', before: 'python3 (8692) sent a request to 127.0.0.1:80 on a connection that had been idle for 300 ms, and it was closed or reset (ECONNRESET) without an answer: the server had ended it before.', says: /idle for 3\d\d ms.*(reset|ECONNRESET)/,
    script: `${SERVER} 80 & ${UP(80)}; (until [ -e $at/first ]; do sleep .05; done; iptables -A INPUT -p tcp --dport 80 -j REJECT --reject-with tcp-reset) & ${TWICE} $at/first; kill %1` },
  { link: 'https://github.com/fullstorydev/grpcurl/issues/439', what: 'a server wants a certificate of the client, and the client shows none', before: 'curl (32095) ended with 56; it wrote “curl: (56) OpenSSL SSL_read: … tlsv13 alert certificate required, errno 0”; no call of it is known to have failed for that.', says: /127\.0\.0\.1:443: the server sent the alert “certificate required”/,
    script: `cd $at; openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=localhost -days 2 2>/dev/null; openssl s_server -accept 443 -key k.pem -cert c.pem -Verify 1 -verify_return_error -CAfile c.pem -www >/dev/null 2>&1 & ${UP(443)}; curl -sS -k https://127.0.0.1/; kill $!` },
  { link: 'https://github.com/podman-container-tools/podman/issues/13081', what: 'a log is a named pipe, and nobody reads it: opening it for writing never returns', before: 'sh (20613) spent 1.000 s reading and writing files.', says: /in vain to open …\/log for writing: .*opens for reading/,
    script: 'mkfifo $at/log; timeout 1 sh -c "echo x >$at/log"' },
  { link: 'https://github.com/podman-container-tools/podman/pull/4756', what: 'a named pipe is opened for reading after its writer has ended', before: 'cat (20798) spent 999 ms reading and writing files.', says: /in vain to open …\/done for reading: .*opens for writing/,
    script: 'mkfifo $at/done; timeout 1 cat $at/done' },
  { link: 'https://github.com/kubernetes/kubeadm/issues/139', what: 'a firewall rejects with icmp-host-prohibited, which looks like a missing route', before: 'curl (21320) failed, since 127.0.0.1:81 cannot be reached (no route to the host).', says: /a packet filter .* rejects connections to 127\.0\.0\.1:81 \(EHOSTUNREACH\)/,
    script: 'iptables -A INPUT -p tcp --dport 81 -j REJECT --reject-with icmp-host-prohibited; curl -sS http://127.0.0.1:81/' },
  { link: 'https://github.com/docker-library/tomcat/issues/146', what: 'a program is told to stop, and its status 143 looks like a failure', before: 'Nothing waited longer than 100 ms for what it had asked for, and of 88 failed calls none is known to have done harm (…).', says: /was told to stop \(SIGTERM\) by bash \(\d+\), and ended with 143/,
    script: 'bash -c "trap \'exit 143\' TERM; : >$at/ready; sleep 5 & wait" & until [ -e $at/ready ]; do sleep .05; done; kill -TERM $!; wait $!' },
  { link: 'https://github.com/kubernetes/kubernetes/issues/19825', what: 'a container ends with 137, and nobody knows who killed what was in it', before: 'bash (32328) ended with 137; it wrote “bash: line 1: 32330 Killed …”; no call of it is known to have failed for that.', says: /which bash \(\d+\) had started, was ended by SIGKILL, sent by bash \(\d+\); bash \(\d+\) then ended with 137/,
    script: 'bash -c "sleep 5; echo" & sleep .3; kill -9 $!; wait $!; exit 137' },
  { link: 'https://github.com/etingof/pysnmp/issues/201', what: 'a question by UDP (SNMP) gets no answer', before: 'Nothing waited longer than 100 ms for what it had asked for, and of 58 failed calls none is known to have done harm (…).', says: /sent a datagram to 127\.0\.0\.1:161, and no answer came in .*nobody has that port open there/,
    script: `/usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)
s.sendto(b"get", ("127.0.0.1", 161)); s.recvfrom(99)'` },
  { link: 'https://github.com/esnet/iperf/pull/222', what: 'a client waits for ever for a datagram that a firewall drops', before: 'Nothing waited longer than 100 ms for what it had asked for, and of 58 failed calls none is known to have done harm (…).', says: /sent a datagram to 127\.0\.0\.1:5201, and no answer came in .*packet filter/,
    script: `iptables -A INPUT -p udp --dport 5201 -j DROP; timeout 1 /usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("127.0.0.1", 5201)); s.send(b"hello"); s.recv(99)'` },
  { link: 'https://github.com/ablab/spades/issues/1354', what: 'a limit of the address space refuses memory, though there is some', before: 'python3 (32144) ended with 1; it wrote “Traceback (most recent call last):”; no call of it is known to have failed for that.', says: /got no more memory and ended with 1: it wrote “MemoryError”/,
    script: 'ulimit -v 200000; /usr/bin/python3 -c "x = bytearray(400 << 20)"' },
  { link: 'https://github.com/superjamie/minecraft-init-script/issues/27', what: 'a script sleeps again and again', before: 'Nothing waited longer than 100 ms for what it had asked for, and of 389 failed calls none is known to have done harm (…).', says: /^sleep, of which 25 ran under bash \(\d+\), slept for 2\.\d+ s together/,
    script: 'for n in $(seq 25); do sleep 0.08; done' },
  { link: 'https://github.com/aws4embeddedlinux/meta-aws/issues/159', what: 'a program computes for seconds before it does anything', before: 'Nothing waited longer than 100 ms for what it had asked for, and of 58 failed calls none is known to have done harm (…).', says: /^python3 \(\d+\) computed, or waited for a CPU for/,
    script: `/usr/bin/python3 -c '
import hashlib
x = b""
for i in range(1500000): x = hashlib.md5(x).digest()'` },
  { link: 'https://github.com/AppScale/gts/pull/2025', what: 'a script looks for a file that may be missing, says so, and goes on', before: 'cat (25519) ended with 1; it wrote “cat: …/masters: No such file or directory”; no call of it is known to have failed for that.', says: /^Nothing waited/,
    script: 'cat $at/masters; sleep .05; echo fine' },
  { link: 'https://github.com/benoitc/gunicorn/issues/2433', what: 'a proxy cannot connect to a Unix socket whose accept queue is full', before: 'python3 (6237) was ended by SIGTERM, sent by bash (6235).', says: /could not connect to the Unix socket \S*\/s: the accept queue of python3 \(\d+\) is full \(EAGAIN\)/,
    script: `/usr/bin/python3 -c 'import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(0); a = socket.socket(socket.AF_UNIX); a.connect(sys.argv[1]); open(sys.argv[1] + ".full", "w"); time.sleep(9)' $at/s & until [ -e $at/s.full ]; do sleep .05; done; /usr/bin/python3 -c 'import socket, sys; c = socket.socket(socket.AF_UNIX); c.setblocking(False); c.connect(sys.argv[1])' $at/s; r=$?; kill %1; exit $r` },
  { link: 'https://github.com/curl/curl/issues/10914', what: 'a server closes before it has sent what it announced', before: 'curl (16801) ended with 18; it wrote “curl: (18) transfer closed with 996 bytes remaining to read”; no call of it is known to have failed for that.', says: /got only a part of the answer of 127\.0\.0\.1:80, which closed the connection after 0 of the 996 bytes/,
    script: `${ANSWER('HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\npart')} & ${UP(80)}; curl -sS http://127.0.0.1/` },
  { link: 'https://github.com/chobits/ngx_http_proxy_connect_module/issues/190', what: 'a proxy refuses to make a tunnel, and curl reads its answer byte by byte', before: 'curl (25613) ended with 56; it wrote “curl: (56) CONNECT tunnel failed, response 403”; no call of it is known to have failed for that.', says: /got HTTP 403 from 127\.0\.0\.1:80 for CONNECT api\.example\.com:443/,
    script: `${ANSWER('HTTP/1.1 403 Forbidden\\r\\nContent-Length: 0\\r\\n\\r\\n')} & ${UP(80)}; curl -sS -x http://127.0.0.1:80 https://api.example.com/` },
  { link: 'https://github.com/docker-library/php/issues/1304', what: 'nginx answers 502, since the Unix socket behind it is not there', before: 'busybox (16535) got HTTP 502 from 127.0.0.1:8080 for GET /.', says: /got HTTP 502 from 127\.0\.0\.1:80 for GET \/: nginx \(\d+\) answered so right after it could not connect to \S*fpm\.sock \(ENOENT\)/,
    script: `${NGINX('listen 127.0.0.1:80; location / { proxy_pass http://unix:$at/fpm.sock; }')} & ${UP(80)}; curl -sSf http://127.0.0.1/; r=$?; kill %1; exit $r` },
  { link: 'https://github.com/kubernetes/ingress-nginx/issues/1284', what: 'a server wants an address that its network namespace does not have', before: 'nginx (16333) could not take the address 10.1.1.1:80 (bind: EADDRNOTAVAIL), and ended with 1.', says: /could not take the address 10\.1\.1\.1:80 \(bind: EADDRNOTAVAIL\): it is none of the addresses of its network namespace/,
    script: NGINX('listen 10.1.1.1:80;') },
  { link: 'https://github.com/QingdaoU/OnlineJudge/issues/179', what: 'a limit of CPU time ends a program, and only its SIGKILL is seen', before: 'perl (17838) was ended by SIGKILL, which no recorded process sent: the kernel, for want of memory, or somebody outside the recording.', says: /SIGKILL, which no recorded process sent: the kernel, at its limit of CPU time \(it had computed for/,
    script: `ulimit -t 1; perl -e '1 while 1'` },
  { link: 'https://github.com/containerd/nydus-snapshotter/pull/658', what: 'a server begins to listen seconds after its client first tried', before: 'curl (31980) waited by timers of its own, with nothing asked of anybody, for 2.002 s.', says: /could not connect to 127\.0\.0\.1:80 .*\(ECONNREFUSED\), and came through only/,
    script: `(sleep .4; exec /usr/bin/python3 -m http.server 80 --bind 127.0.0.1) & curl -sS --retry 5 --retry-connrefused --retry-delay 1 -o /dev/null http://127.0.0.1/; r=$?; kill %1; exit $r` },
  { link: 'https://github.com/cmu-db/dbdb.io/pull/185', what: 'flock -n finds a lock taken and says nothing', before: 'sleep (8677) slept by itself for 281 ms, in 3 sleeps of 93.7 ms on average.', says: /flock \(\d+\) did not get the lock on \S*\/l, which flock \(\d+\) held/,
    script: 'flock $at/l sleep 2 & sleep .3; flock -n $at/l true; r=$?; kill %1; exit $r' },
  { link: 'https://github.com/yhirose/cpp-httplib/issues/349', what: 'a server says nothing to Expect: 100-continue, so curl waits a second before it sends the body', before: 'curl (3558) waited by timers of its own, with nothing asked of anybody, for 1.002 s.', says: /sent 127\.0\.0\.1:80 the head of a request with “Expect: 100-continue” and waited \S+ m?s for “100 Continue”/,
    script: `/usr/bin/python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 80)); c, _ = s.accept(); b = b""
while b"the end" not in b: b += c.recv(9999)
c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")' & ${UP(80)}; curl -s -H 'Expect: 100-continue' -d 'to the end' http://127.0.0.1/` },
  { link: 'https://github.com/MaterializeInc/materialize/pull/326', what: 'requests are written in two parts, and each takes 40 ms more for it', before: 'Nothing waited longer than 100 ms for what it had asked for, and of 177 failed calls none is known to have done harm (…).', says: /waited \S+ m?s for \d+ answers of 127\.0\.0\.1:80, 4\d\.\d ms on average: it sends its requests in parts/,
    script: `/usr/bin/python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 80)); c, _ = s.accept(); b = b""
while True:
  d = c.recv(999); b += d
  if not d: break
  if b.endswith(b"body"): c.sendall(b"ok"); b = b""' & ${UP(80)}; /usr/bin/python3 -c '
import socket
c = socket.create_connection(("127.0.0.1", 80))
for i in range(30): c.sendall(b"head"); c.sendall(b"body"); c.recv(9)'` },
  { link: 'https://github.com/docker/cli/issues/3433', what: 'docker ps hangs: dockerd is slow to answer on its Unix socket', before: 'python3 (13694) slept by itself for 1.200 s.', says: /curl \(\d+\) waited 1\.\d+ s for the answer of \S*docker\.sock: python3 \(\d+\) slept for/,
    script: `/usr/bin/python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); c, _ = s.accept(); c.recv(999); time.sleep(1.2); c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n[]")' $at/docker.sock & until [ -S $at/docker.sock ]; do sleep .05; done; curl -s --unix-socket $at/docker.sock http://d/v1.43/containers/json` },
  { link: 'https://github.com/NixOS/nixpkgs/issues/402693', what: 'the nscd socket is there, and who serves it does not answer', before: 'getent (15515) was ended by SIGTERM, sent by timeout (15514); it had been waiting in poll of /run/nscd/socket for 1.999 s.', says: /getent \(\d+\) got no answer from \/\S*nscd\/socket in/,
    script: `mount -t tmpfs none /run; mkdir /run/nscd; /usr/bin/python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("/run/nscd/socket"); s.listen(); c, _ = s.accept(); c.recv(99); time.sleep(9)' & until [ -S /run/nscd/socket ]; do sleep .05; done; timeout 2 getent hosts backend.app; r=$?; kill %1; exit $r` },
];
