import { describe, expect, test } from 'vitest';
import { ALIASES, PROTOCOLS, UNSUPPORTED } from '../../src/event/fields/aliases.ts';
import { FIELDS } from '../../src/event/fields/index.ts';
import { FilterError } from '../../src/filter/error.ts';
import { findField } from '../../src/filter/find-field.ts';
import { EventsBuilder } from '../helpers/events.ts';

/** Every field that sysdig 0.29.3 lists, `X` standing for an argument. */
const SYSDIG = `
evt.num evt.time evt.time.s evt.time.iso8601 evt.datetime evt.datetime.s evt.rawtime evt.rawtime.s evt.rawtime.ns evt.reltime
evt.reltime.s evt.reltime.ns evt.pluginname evt.plugininfo evt.latency evt.latency.s evt.latency.ns evt.latency.human evt.deltatime
evt.deltatime.s evt.deltatime.ns evt.dir evt.type evt.type.is.X syscall.type evt.category evt.cpu evt.args evt.arg.X evt.rawarg.X
evt.info evt.buffer evt.buflen evt.res evt.rawres evt.failed evt.is_io evt.is_io_read evt.is_io_write evt.io_dir evt.is_wait
evt.wait_latency evt.is_syslog evt.count evt.count.error evt.count.error.file evt.count.error.net evt.count.error.memory
evt.count.error.other evt.count.exit evt.around[1] evt.abspath evt.is_open_read evt.is_open_write evt.is_open_exec proc.pid proc.exe
proc.name proc.args proc.env proc.cmdline proc.exeline proc.cwd proc.nthreads proc.nchilds proc.ppid proc.pname proc.pcmdline
proc.apid proc.aname proc.loginshellid proc.duration proc.fdopencount proc.fdlimit proc.fdusage proc.vmsize proc.vmrss proc.vmswap
thread.pfmajor thread.pfminor thread.tid thread.ismain thread.exectime thread.totexectime thread.cgroups thread.cgroup.X thread.vtid
proc.vpid thread.cpu thread.cpu.user thread.cpu.system thread.vmsize thread.vmrss proc.sid proc.sname proc.tty proc.exepath proc.vpgid
proc.is_container_healthcheck proc.is_container_liveness_probe proc.is_container_readiness_probe proc.is_exe_writable user.uid
user.name user.homedir user.shell user.loginuid user.loginname group.gid group.name container.id fd.num fd.type fd.typechar fd.name
fd.directory fd.filename fd.ip fd.cip fd.sip fd.lip fd.rip fd.port fd.cport fd.sport fd.lport fd.rport fd.l4proto fd.sockfamily
fd.is_server fd.uid fd.containername fd.containerdirectory fd.proto fd.cproto fd.sproto fd.lproto fd.rproto fd.net fd.cnet fd.snet
fd.lnet fd.rnet fd.connected fd.name_changed fd.cip.name fd.sip.name fd.lip.name fd.rip.name fd.dev fd.dev.major fd.dev.minor
syslog.facility.str syslog.facility syslog.severity.str syslog.severity syslog.message fdlist.nums fdlist.names fdlist.cips
fdlist.sips fdlist.cports fdlist.sports container.healthcheck container.liveness_probe container.readiness_probe mesos.task.name
mesos.task.labels marathon.app.name marathon.group.id span.id span.duration evtin.span.id evtin.span.p.args
`;

function found(written: string): string {
  const [, name, arg] = /^([^[]+)(?:\[(.*)\])?$/.exec(written)!;
  try {
    const { bound, note } = findField({ kind: 'field', name: name!, arg: arg ?? null, start: 0, end: written.length }, written);
    return note ?? bound.field.name;
  } catch (error) {
    if (error instanceof FilterError) return `${error.message}: ${error.hint}`;
    throw error;
  }
}

describe('every field of sysdig', () => {
  test.each(SYSDIG.trim().split(/\s+/))('%s is here, or it is said why not', (name) => expect(found(name)).not.toMatch(/^unknown/));
});

describe('names of elsewhere', () => {
  test.each([
    ['dns.qry.name', 'dns.qry.name is dns.qname here'],
    ['http.request.uri', 'http.request.uri is http.uri here'],
    ['ip.addr', 'ip.addr is fd.ip here'],
    ['evt.is.open', 'evt.is.open is evt.type.is.open here'],
    ['frame.time_relative', 'frame.time_relative is evt.reltime here'],
    ['tcp.flags.syn', /known to Wireshark, but not supported: calls are recorded/],
    ['thread.cpu.user', /known to sysdig, but not supported: CPU time is not sampled/],
    ['thread.cap_effective', /known to Falco, but not supported: capabilities/],
    ['mesos.task.id', /not supported: Mesos/],
    ['proc.nmae', /^unknown field proc.nmae: did you mean proc.name/],
    ['http.methd', /did you mean http.method/],
  ])('%s → %s', (name, expected) => expect(found(name)).toMatch(expected));

  test('no alias hides a field, and all but those of fields to come lead to one', () => {
    const names = new Set(FIELDS.map(({ name }) => name));
    for (const { from } of ALIASES) expect(names.has(from), from).toBe(false);
    const here = ALIASES.filter(({ from, to }) => !/^(k8s|container)\./.test(to) && !from.endsWith('.'));
    for (const { from, to } of here) expect(found(from), from).toContain(`is ${to} here`);
  });

  test('nothing that is supported is called unsupported', () => {
    for (const { name } of FIELDS) expect(UNSUPPORTED.find(({ pattern }) => pattern.test(name))?.pattern, name).toBeUndefined();
  });
});

test.each(Object.keys(PROTOCOLS))('%s alone is a filter', (name) => {
  expect(new EventsBuilder().select(name)).toEqual([]);
});
