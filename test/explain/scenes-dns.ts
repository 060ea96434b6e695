/** Scenes of name resolution: what one of several servers, one type of record, or TCP did. */
import type { Scene } from './scenes.ts';

/** Another resolv.conf than the stage's. */
const resolver = (...lines: readonly string[]) => `printf '${lines.join('\\n')}\\n' >"$folder/resolv.conf"`;

// biome-ignore format: a table
export const DNS_SCENES: readonly Scene[] = [
  { name: 'a truncated answer and nobody on TCP', script: 'start dns truncate; sick look-up a.b.c.d', cause: 'dns-truncated-tcp-failed', says: /127\.0\.0\.1:53 truncated .* over TCP port 53 refuses connections \(ECONNREFUSED\)/ },
  { name: 'a truncated answer and a silent server on TCP', script: 'start dns truncate; start serve unread 53; timeout 1.5 "$folder/sick" look-up a.b.c.d', cause: 'dns-truncated-tcp-failed', says: /over TCP the question got no answer on the connection in \d\.\d+ s/ },
  { name: 'a first DNS server that does not answer', script: `start dns deaf 127.0.0.2; start dns normal; ${resolver('nameserver 127.0.0.2', 'nameserver 127.0.0.1', 'options timeout:1')}; sick look-up a.b.c.d`, cause: 'dns-server-silent', says: /waited 1\.0\d\d s .* 127\.0\.0\.2:53 never answered; 127\.0\.0\.1:53, asked next, did at once/ },
  { name: 'a second DNS server after a first that is not there', script: `start dns slow 127.0.0.3; ${resolver('nameserver 127.0.0.2', 'nameserver 127.0.0.3')}; sick look-up a.b.c.d`, cause: 'dns-server-slow', says: /127\.0\.0\.3:53 is slow \(127\.0\.0\.2:53 UNREACHABLE, 127\.0\.0\.3:53 NOERROR\/NODATA\)/ },
  { name: 'two DNS servers and no answer', script: `start dns deaf 127.0.0.2; start dns deaf 127.0.0.3; ${resolver('nameserver 127.0.0.2', 'nameserver 127.0.0.3', 'options timeout:1 attempts:1')}; sick look-up a.b.c.d`, cause: 'dns-server-silent', says: /the DNS servers 127\.0\.0\.2:53 and 127\.0\.0\.3:53 never answered/ },
  { name: 'an AAAA question that is never answered', script: 'start dns no-aaaa; sick look-up a.b.c.d', cause: 'dns-one-type-unanswered', says: /answered the question for A, but never answered the one for AAAA .*; glibc waits for both/ },
  { name: 'answers from another address than asked', script: 'start dns elsewhere 127.0.0.1 127.0.0.9; sick look-up a.b.c.d', cause: 'dns-answer-from-other-address', says: /asked 127\.0\.0\.1:53, but the answers came from another address, 127\.0\.0\.9:53/ },
  { name: 'answers later than the resolver waits', script: `start dns late; ${resolver('nameserver 127.0.0.1', 'options timeout:1 attempts:3')}; sick look-up a.b.c.d`, cause: 'dns-late-answer', says: /answered 1\.3\d+ s after the first question, later than the resolver waits \(1\.0\d\d s\)/ },
  { name: 'answers when nobody waits any more', script: 'start dns late; sick look-up a.b.c.d; sleep 0.5', cause: 'dns-late-answer', says: /answered 1\.3\d+ s after the question, when nobody waited for it any more/ },
  { name: 'a question that gets lost', script: `start dns forgetful; ${resolver('nameserver 127.0.0.1', 'options timeout:1 attempts:2')}; sick look-up a.b.c.d`, cause: 'dns-question-lost', says: /within 1\.0\d\d s, and answered the next after/ },
  { name: 'a lookup that its caller cuts off', script: `start dns deaf; ${resolver('nameserver 127.0.0.1')}; timeout 0.5 "$folder/sick" look-up a.b.c.d`, cause: 'dns-cut-off-by-caller', says: /127\.0\.0\.1:53 had not answered yet; it was cut off [45]\d\d ms after its last question, before its resolver, which waits 5 s/ },
  { name: 'a silent DNS server and a caller that gives up first', script: `start dns deaf; ${resolver('nameserver 127.0.0.1')}; timeout 1.5 "$folder/sick" look-up a.b.c.d`, cause: 'dns-server-silent', says: /127\.0\.0\.1:53 never answered; it was cut off 1\.[45]\d+ s after/ },
  { name: 'an address whose name nobody knows', script: 'start dns deaf; sick look-up-address 10.1.2.3', cause: 'dns-server-silent', says: /for the name of 10\.1\.2\.3/ },
  { name: 'a search domain of the environment', script: `start dns normal; ${resolver('search other.test', 'nameserver 127.0.0.1', 'options ndots:3 timeout:1 attempts:1')}; LOCALDOMAIN="cluster.test silent.test" sick look-up backend.app`, cause: 'dns-search-domain-silent', says: /search domain silent\.test/ },
  { name: 'a name without an address', script: 'start dns no-address; curl -s http://a.b.c.d/', cause: 'dns-failed', says: /could not look up a\.b\.c\.d, .* has no address .*\(NODATA\)/ },
  { name: 'healthy: a name without an address, of which a program makes nothing', script: 'start dns no-address; sick look-up a.b.c.d', cause: null },
  { name: 'a DNS server that must not be asked', script: 'start dns normal; iptables -A OUTPUT -p udp --dport 53 -j DROP; curl -s http://a.b.c.d/', cause: 'nameserver-unreachable', says: /127\.0\.0\.1:53 may not be asked: a packet filter/ },
  { name: 'a DNS server whose questions a filter rejects', script: 'start dns normal; iptables -A INPUT -p udp --dport 53 -j REJECT; curl -s http://a.b.c.d/', cause: 'dns-server-unreachable', says: /cannot be reached \(a packet filter/ },
  { name: 'healthy: a DNS server that refuses and a second that answers', script: `start dns refused 127.0.0.2; start dns normal; ${resolver('nameserver 127.0.0.2', 'nameserver 127.0.0.1')}; sick look-up a.b.c.d`, cause: null },
];
