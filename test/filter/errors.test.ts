/** What wrong filters are answered with, as a user reads it: `test/golden/errors.txt`. `UPDATE_GOLDENS=1` writes it anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileFilter, type Definitions } from '../../src/filter/compile.ts';
import { FilterError } from '../../src/filter/error.ts';
import { EventsBuilder } from '../helpers/events.ts';

const GOLDEN = new URL('../golden/errors.txt', import.meta.url);

const DEFINITIONS: Definitions = new Map([
  ['shells', '(bash, sh)'],
  ['spawned', 'evt.type in (execve, clone)'],
  ['loop', 'spawned or loop'],
  ['wrong', 'proc.nmae=curl'],
  ['empty', ''],
]);

/** One wrong filter a line, in groups by what is wrong. */
const WRONG = String.raw`
# fields
proc.nmae=curl
fd.tpye=ipv4
proc.naem contains "x" and fd.type=ipv4
name=curl
port=53
namespace=default
evt.latancy>1ms
proc=curl
fd=3
fd.ip.name=x
dns.query=backend
foo.bar=1
proc.fdopencount>10
thread.cap_effective contains CAP
tls.handshake exists
eth.addr=00:11
evt.latency.human=1
evt.outputtime=12
# arguments of fields
evt.type.is=true
evt.arg contains x
evt.arg[]=x
evt.arg["x"=x
evt.arg[ name ]=x
proc.aname[x]=bash
proc.name[1]=bash
evt.around[yesterday]=5
proc.env[PATH
# operators
proc.name ~ curl
proc.name ~= curl
proc.name === curl
proc.name eq curl
proc.name ne curl
evt.latency gt 1ms
evt.latency => 1ms
evt.latency =< 1ms
proc.name like cur
proc.name matches cur.*
proc.name curl
proc.name
proc.name is curl
proc.name not in (curl)
proc.name containz curl
proc.name <> curl
proc.name:curl
evt.buffer icontains get
fd.ip contains 10.0
fd.num contains 3
proc.name > curl
proc.name > 3
evt.failed > true
fd.ip < 10.0.0.1
dns.rcode >= NX
# values
proc.name=
proc.name=my program
proc.name="curl
proc.name='curl
proc.name="say \'hi\'"
proc.name=(curl, wget)
proc.name in curl, wget
proc.name in (curl wget)
proc.name in (curl, wget
proc.name in (curl,, wget)
proc.name in (curl, wget,)
proc.name pmatch /etc
evt.num=abc
evt.num=1ms
evt.num>"many"
evt.latency>1 ms
evt.latency>1sec
evt.latency>fast
evt.latency=1KB
evt.buflen>10ms
evt.buflen>big
fd.port=99999
fd.port=htp
fd.port=53/udp
fd.ip=10.0.0
fd.ip=10.0.0.0/8
fd.ip=localhost
fd.ip=10.0.0.1:53
fd.net=10.0.0.0/33
fd.net=10.0.0.*
fd.net=here
evt.failed=yes
evt.rawtime>yesterday
evt.buffer bcontains xyz
evt.buffer bcontains abc
proc.name regex "cu(rl"
proc.name regex "*"
evt.type=opne
evt.type in (read, wirte)
evt.type=sys_read
evt.dir=in
fd.type=tcp
fd.l4proto=http
dns.qtype=aaaa
dns.rcode=NXDOMIAN
evt.res=enoent
evt.res=-2
# combinations
and proc.name=curl
proc.name=curl and
proc.name=curl or
proc.name=curl proc.name=wget
proc.name=curl AND proc.name=wget
proc.name=curl, proc.name=wget
proc.name=curl & fd.type=ipv4
proc.name=curl | fd.type=ipv4
not
()
(proc.name=curl
proc.name=curl)
((proc.name=curl) or
NOT proc.name=curl
not(proc.name=curl)x
proc.name=curl; ls
proc.name=curl and and fd.num=3
proc.name=curl andfd.num=3
curl
"curl"
10.0.0.1
*
/etc/passwd
# transformers and other fields
tolower(evt.num)=1
tolower()=x
tolower(proc.name=x
toloer(proc.name)=x
basename(proc.name, fd.name)=x
len(proc.name)=long
tolower(proc.name)[1]=x
proc.name=val(fd.type
proc.name=val(curl)
evt.num=val(proc.name)
val(proc.name)=curl
getopt(proc.args)=x
# named filters and lists
spawnd
loop
wrong
empty
proc.name in shels
proc.name in spawned
`;

const CASES = WRONG.split('\n').filter((line) => line !== '');

function answer(filter: string): string {
  try {
    const { notes } = compileFilter(filter, { ...new EventsBuilder().context, definitions: DEFINITIONS });
    return notes.length === 0 ? 'no error' : `no error; note: ${notes.join('; ')}`;
  } catch (error) {
    if (error instanceof FilterError) return error.render();
    throw error;
  }
}

const written = CASES.map((line) => (line.startsWith('#') ? `${line}\n` : `${answer(line)}\n`)).join('\n');

test('a filter that is offered instead is right', () => {
  const offered = [...written.matchAll(/^try: (.*)$/gm)].map(([, filter]) => filter!);
  expect(offered.length).toBeGreaterThan(40);
  for (const filter of offered) expect(answer(filter), filter).toMatch(/^no error|^unknown field k8s/);
});

test('wrong filters are answered as they were', () => {
  if (process.env.UPDATE_GOLDENS === '1') writeFileSync(GOLDEN, written);
  expect(written).toBe(readFileSync(GOLDEN, 'utf8'));
});
