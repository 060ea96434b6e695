import { afterAll, describe, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { ask } from '../../src/lens/ask.ts';
import { LENSES, lensNamed } from '../../src/lens/index.ts';
import type { Row } from '../../src/report/report.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CAPTURE, Folder, trowel } from '../export/made.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { lensTable } from '../helpers/lens.ts';

const folder = new Folder();
const capture = new CaptureReader('captures/critical-app.trowel');
afterAll(() => {
  capture.close();
  folder.remove();
});

const context = contextOf(capture);
const rows = (name: string, words: readonly string[] = [], filter = ''): Row[] => lensTable(capture, context, name, words, filter).rows;
const eventsOf = (filter: string) => [...capture.select(compileFilter(filter, context))].reduce((sum, { n }) => sum + n, 0);

const eventNumber = (filter: string) => Number(rows('opens', [], filter)[0]![0]);

test.each([
  ['port', '53 or fd.port exists', 'PORT is a number, not 53 or fd.port exists'],
  ['ip', '10.0.0.1 or proc.pid exists', "'10.0.0.1 or proc.pid exists' is not an IP address"],
  ['slow-calls', '1ms or evt.latency>0', 'MS is a number, not 1ms or evt.latency>0'],
])('the argument of %s is one value, whatever it says: %s', (name, arg, message) => {
  expect(() => ask({ lens: lensNamed(name)!, words: [arg] }, capture, context)).toThrow(message);
});

describe('names beside what is shown', () => {
  const named = (name: string, names: 'containers' | 'pods', words: readonly string[] = []) => {
    const table = ask({ lens: lensNamed(name)!, words, instead: { names } }, capture, context);
    return table.kind === 'table' ? table.columns.map((column) => column.name) : [];
  };

  test.each([
    ['topprocs_net', 'containers', [], ['proc.pid', 'container.name']],
    ['topcontainers_net', 'containers', [], ['container.name', 'container.id']],
    ['fdbytes_by', 'pods', ['fd.sport'], ['k8s.ns.name', 'k8s.pod.name']],
    ['fileslower', 'pods', ['1'], ['k8s.ns.name', 'k8s.pod.name']],
  ] as const)('%s -p %s', (name, names, words, last) => {
    expect(named(name, names, words).slice(-2)).toEqual(last);
  });

  test('where they have no place they are refused, not left out silently', () => {
    expect(() => named('httplog', 'containers')).toThrow('http-log has no place for names of containers');
  });
});

describe('sums', () => {
  test('add up to what a scan finds, by any field', () => {
    const sum = (table: Row[]) => table.reduce((total, [value]) => total + Number(value), 0);
    expect(sum(rows('count-by', ['evt.type']))).toBe(eventsOf(''));
    expect(sum(rows('count-by', ['evt.cpu']))).toBe(eventsOf(''));
  });

  test('are sorted, and go by rows and by events alike', () => {
    const byRow = rows('bytes-by', ['proc.name']);
    expect(byRow.map(([value]) => value)).toEqual(byRow.map(([value]) => value).sort((a, b) => Number(b) - Number(a)));
    expect(rows('time-by', ['fd.name'], 'fd.type=ipv4')[0]![1]).toMatch(/:53$/);
  });
});

describe('measures over any field', () => {
  const measured = (measures: string[], filter = '', by: string[] = []) => {
    const table = ask({ lens: lensNamed('events')!, filter, instead: { by, measures } }, capture, context);
    return table.kind === 'table' ? [...table.items] : [];
  };

  test('agree with what the events say', () => {
    const [row] = measured(['count', 'bytes', 'bytes.in', 'bytes.out', 'errors', 'distinct(proc.pid)', 'max(evt.num)', 'min(evt.num)']);
    const [count, bytes, read, wrote, errors, pids, last, first] = row!.map(Number);
    expect(count).toBe(eventsOf(''));
    expect(read! + wrote!).toBe(rows('bytes-by', ['evt.is_io']).reduce((sum, [value]) => sum + Number(value), 0));
    expect(bytes).toBe(read! + wrote!);
    expect(errors).toBe(eventsOf('evt.rawres<0'));
    expect(pids).toBe(rows('count-by', ['proc.pid']).length);
    expect([first, last]).toEqual([185, 856]);
  });

  test('what is grouped by has its unit, its own clock, and arguments in brackets', () => {
    const grouped = (by: string) => {
      const table = ask({ lens: lensNamed('events')!, instead: { by: [by], measures: ['count'], most: 3 } }, capture, context);
      return table.kind === 'table' ? { unit: table.columns[1]!.unit, rows: [...table.items], drill: table.drill } : null;
    };
    const latency = grouped('evt.latency')!;
    expect(latency.unit).toBe('ns');
    expect(latency.rows.map(([, cell]) => typeof cell)).toEqual(['number', 'number', 'number']);
    expect(eventsOf(latency.drill(latency.rows[0]!)!)).toBe(latency.rows[0]![0]);
    expect(BigInt(String(grouped('evt.rawtime')!.rows[0]![1]))).toBeGreaterThanOrEqual(capture.epoch);
    expect(grouped('proc.aname[1]')!.rows.length).toBeGreaterThan(1);
  });

  test('quantiles lie where the events do', () => {
    const [row] = measured(['count', 'min', 'p50', 'avg', 'p95', 'max'], 'evt.latency exists');
    const [count, min, p50, avg, p95, max] = row!.map(Number);
    expect(min! <= p50! && p50! <= p95! && p95! <= max! && avg! > min! && avg! < max!).toBe(true);
    expect(eventsOf(`evt.latency<=${Math.round(p50! * 1.03)}`)).toBeGreaterThanOrEqual(count! / 2);
    expect(eventsOf(`evt.latency>=${Math.round(p95! * 1.03)}`)).toBeLessThanOrEqual(count! / 20 + 1);
  });

  test('numbers are measured of numbers alone', () => {
    expect(() => measured(['p95(proc.name)'])).toThrow('p95 is of numbers, and proc.name is text: distinct(proc.name) counts its values');
    expect(() => measured(['max(evt.arg.queuepct)'])).toThrow(/evt\.arg\.queuepct is text/);
  });

  test('an unknown one is refused with what there is', () => {
    expect(() => measured(['speed'])).toThrow(/speed is no measure; there are count, bytes/);
  });
});

test('the way from a row to its events finds as many as the row counts', () => {
  const table = ask({ lens: lensNamed('events')!, instead: { by: ['fd.name', 'evt.type'], measures: ['count'] } }, capture, context);
  if (table.kind !== 'table') throw new Error('no table');
  const found = [...table.items];
  expect(found.length).toBeGreaterThan(20);
  for (const row of found) expect(eventsOf(table.drill(row)!), table.drill(row)!).toBe(row[0]);
});

test('thousands of groups are the right ones', () => {
  const made = new EventsBuilder();
  const threads = Array.from({ length: 30 }, (_, i) => made.thread({ of: made.process({ pid: 100 + i, comm: `w${i}` }) }).id);
  const fds = Array.from({ length: 400 }, (_, i) => made.fd({ name: `/f${i}` }).id);
  const wanted = new Map<string, number>();
  for (let i = 0; i < 15_000; i++) {
    const [t, f] = [i % 30, (i * 7) % 397];
    made.event({ thread: threads[t]!, fd: fds[f]!, res: 0 });
    wanted.set(`w${t} /f${f}`, (wanted.get(`w${t} /f${f}`) ?? 0) + 1);
  }
  const file = new CaptureReader(folder.capture('groups.trowel', made));
  const table = ask(
    { lens: lensNamed('events')!, instead: { by: ['proc.name', 'fd.name'], measures: ['count'], most: Infinity } },
    file,
    contextOf(file),
  );
  const found = table.kind === 'table' ? [...table.items].map(([n, name, fd]) => [`${name} ${fd}`, n] as const) : [];
  file.close();
  expect(wanted.size).toBeGreaterThan(2000);
  expect(new Map(found)).toEqual(wanted);
});

test('different descriptors are counted, not events', () => {
  const [row] = rows('fds-by', ['fd.type'], 'fd.type=ipv4');
  expect(row![0]).toBe(new Set(rows('count-by', ['fd.containername'], 'fd.type=ipv4').map(([, name]) => name)).size);
  expect(Number(row![1])).toBeGreaterThan(Number(row![0]));
});

test('an argument is a value, whatever it holds', () => {
  const blocks = (words: string[]) => {
    const found = ask({ lens: lensNamed('file')!, words }, capture, context);
    return found.kind === 'echo' ? [...found.blocks].length : -1;
  };
  expect(blocks(['resolv.conf'])).toBe(1);
  expect(blocks(['resolv.conf or evt.num>0'])).toBe(0);
  expect(blocks(['"'])).toBe(0);
  expect(() => ask({ lens: lensNamed('port')!, words: ['53 or evt.num>0'] }, capture, context)).toThrow(/PORT is a number/);
});

test('a mistake in a filter is shown in what was written, without the lens’ own', () => {
  expect(() => rows('connections', [], 'proc.nam=x')).toThrow(expect.objectContaining({ text: 'proc.nam=x' }));
});

test.each([
  [['lens', 'topconns', CAPTURE, '-X'], 'connections prints no payloads: -X is for echo, port, ip, file and the like'],
  [['lens', 'topconns', CAPTURE, '--seconds', '5'], '--seconds is for --live; of a file: --from and --to'],
  [['lens', 'topconns', CAPTURE, '--measure', ','], '--measure names at least one measure, such as count or bytes'],
  [['lens', '-l', 'nosuch'], 'there is no lens called nosuch; trowel lens -l lists them'],
  [['read', CAPTURE, '--fields', 'evt.num', '-p', '%evt.num'], '--fields and -p both say what is printed of an event: give one of them'],
  [['read', CAPTURE, '--fields', ''], '--fields names at least one field, such as evt.num'],
])('what would do nothing is refused: %j', (words, why) => {
  const { status, stderr } = trowel(...words);
  expect([status, stderr.trim()]).toEqual([2, `trowel: ${why}`]);
});

test('also before a recording begins', () => {
  const { status, stderr } = trowel('lens', 'topconns', '--live', '-M', '1', 'nope=1');
  expect([status, stderr.split('\n')[1]]).toEqual([2, '  nope=1']);
});

test('calls that failed say on what, though there was no descriptor', () => {
  const targets = new Map(rows('errors').map(([num, , , type, , target]) => [num, [type, target]]));
  expect(targets.get(260)).toEqual(['execve', '/usr/sbin/curl']);
  expect(targets.get(366)).toEqual(['openat', '/root/.curlrc']);
  expect(targets.get(369)).toEqual(['connect', '/var/run/nscd/socket']);
});

test('echo gives what was read, in order', () => {
  const found = ask({ lens: lensNamed('echo_fds')!, filter: 'fd.name=/etc/resolv.conf' }, capture, context);
  if (found.kind !== 'echo') throw new Error('no echo');
  const blocks = [...found.blocks].map(({ direction, bytes, process, payload }) => [
    direction,
    bytes,
    process,
    Buffer.from(payload).toString().slice(0, 10),
  ]);
  expect(blocks).toEqual([['read', 119, 'curl', 'nameserver']]);
});

describe('lenses that find their rows themselves', () => {
  test('HTTP requests with their responses, of both sides', () => {
    expect(rows('httplog').map((row) => [row[0], row[2], row[3], row[5], row[7], row[8]])).toEqual([
      [822, 'client', 'curl', 'GET', '/', 200],
      [825, 'server', 'MainThread', 'GET', '/', 200],
    ]);
    const [client, server] = rows('http-log').map((row) => Number(row[10]));
    expect(client).toBeGreaterThan(server!);
  });

  test('what search suffixes cost', () => {
    const [bill, ...more] = rows('dns-bill');
    expect(more).toEqual([]);
    const wasted = eventsOf('dns.search.wasted=true and dns.qr=query and dns.side=client');
    expect(bill!.slice(0, 2)).toEqual([wasted, eventsOf('dns.qr=query and dns.side=client')]);
    expect(Number(bill![2]) / 1e9).toBeCloseTo(10.01, 2);
    expect(bill![6]).toBe('curl (26768)');
    expect(bill![7]).toBe('dnsConfig: {options: [{name: ndots, value: "4"}]}');
  });

  test('gaps lie between two events that follow each other', () => {
    const found = rows('gaps', ['100']);
    expect(found.length).toBeGreaterThan(5);
    for (const [num, from, gap] of found) {
      const time = capture.timeOf(Number(num))!;
      expect(time - Number(from)).toBe(gap);
      expect(eventsOf(`evt.reltime>${Number(from)} and evt.reltime<${time}`)).toBe(0);
    }
  });

  test('bytes over time add up to all bytes', () => {
    const all = rows('bytes-by', ['evt.is_io']).reduce((sum, [bytes]) => sum + Number(bytes), 0);
    expect(rows('iobytes').reduce((sum, [, bytes]) => sum + Number(bytes), 0)).toBe(all);
  });

  test('calls in a spectrogram are all calls with a latency', () => {
    const sum = rows('spectrogram').reduce((total, [, ...counts]) => total + counts.reduce<number>((a, b) => a + Number(b), 0), 0);
    expect(sum).toBe(eventsOf('evt.latency exists'));
  });

  test('idle, blocked and working time are a thread’s life', () => {
    const [row] = rows('stalls', [], 'proc.name=mount and proc.pid=26772');
    const [idle, blocked, working] = row!.map(Number);
    const [first, last] = [eventsOf('proc.pid=26772'), Number(rows('exits', [], 'proc.pid=26772')[0]![3])];
    expect(first).toBeGreaterThan(0);
    expect(idle! + blocked! + working!).toBeLessThanOrEqual(last);
  });

  test('the longest calls first', () => {
    const found = rows('bottlenecks').map(([latency]) => Number(latency));
    expect(found).toHaveLength(10);
    expect(eventsOf(`evt.latency>${found.at(-1)} and evt.is_wait=false`)).toBe(9);
  });

  test('containers without a name are there by their id', () => {
    expect(rows('containers').map((row) => row[5])).toContain('b3a718d8b339');
    expect(rows('containers-net').length).toBe(3);
  });

  test('processes have their last command line', () => {
    expect(rows('ps', [], 'proc.pid=26768').map((row) => row.at(-1))).toEqual([expect.stringMatching(/^curl -s -S/)]);
  });
});

describe('what was so at a time', () => {
  const at = (name: string, time: number, filter = '') => {
    const table = ask({ lens: lensNamed(name)!, filter, at: time }, capture, context);
    return table.kind === 'table' ? [...table.items] : [];
  };
  const end = capture.last()!.time;

  test('processes that lived then, and no others', () => {
    const exits = rows('exits').map(([num, , pid]) => [capture.timeOf(Number(num))!, Number(pid)] as const);
    for (const [time, pid] of exits) {
      expect(at('ps', time - 1).map(([found]) => found)).toContain(pid);
      expect(at('ps', time + 1).map(([found]) => found)).not.toContain(pid);
    }
    expect(exits.length).toBeGreaterThan(1);
  });

  test('a tree has each process once, under its parent', () => {
    const pids = rows('tree').map(([pid]) => pid);
    expect(new Set(pids)).toEqual(new Set(rows('ps').map(([pid]) => pid)));
    const [parent, child] = rows('tree', [], 'proc.name=curl');
    expect([child![1], String(child!.at(-1)).startsWith('  curl ')]).toEqual([parent![0], true]);
  });

  test('descriptors that were open: opened or used before, not closed', () => {
    const opened = capture.timeOf(eventNumber('proc.name=curl and fd.name=/etc/resolv.conf'))!;
    const has = (time: number) => at('lsof', time, 'proc.name=curl').some((row) => row[4] === '/etc/resolv.conf');
    expect([has(opened - 1), has(opened), has(end)]).toEqual([false, true, false]);
  });

  test('sockets then are those of the list of descriptors', () => {
    const sockets = at('lsof', end / 2).filter((row) => row[3] === 'ipv4' || row[3] === 'ipv6');
    expect(sockets.length).toBeGreaterThan(2);
    expect(at('netstat', end / 2)).toHaveLength(sockets.length);
  });

  test('containers have the processes that lived', () => {
    const all = at('containers', end / 2).reduce((sum, row) => sum + Number(row[3]), 0);
    expect(all).toBe(at('ps', end / 2).filter((row) => row[3] !== '').length);
  });

  test('what is about the whole is refused', () => {
    const [last, ...others] = LENSES.filter((one) => one.at !== null)
      .map(({ name }) => name)
      .reverse();
    expect(() => at('dns', 1)).toThrow(`dns is about all of the capture: --at is for ${others.reverse().join(', ')} and ${last}`);
  });
});

test('a lens is asked of a part of the time, with any filter', () => {
  const counted = (question: { readonly from?: number; readonly to?: number; readonly filter?: string }) => {
    const table = ask({ lens: lensNamed('count-by')!, words: ['proc.name'], ...question }, capture, context);
    return table.kind === 'table' ? [...table.items].reduce((sum, [count]) => sum + Number(count), 0) : -1;
  };
  const filter = 'proc.name=curl or proc.name=skydns';
  const middle = 1e9;
  expect(counted({ to: middle, filter }) + counted({ from: middle + 1, filter })).toBe(counted({ filter }));
  expect(counted({ from: middle, to: 2 * middle })).toBe(eventsOf(`evt.reltime>=${middle} and evt.reltime<=${2 * middle}`));
});

test('any measure goes over time', () => {
  const table = ask({ lens: lensNamed('over-time')!, instead: { measures: ['bytes.in', 'distinct(proc.pid)'] } }, capture, context);
  if (table.kind !== 'table') throw new Error('no table');
  expect([...table.items].reduce((sum, [, bytes]) => sum + Number(bytes), 0)).toBe(
    rows('bytes-by', ['evt.is_io'], 'evt.is_io_read=true').reduce((sum, [bytes]) => sum + Number(bytes), 0),
  );
  expect(() => ask({ lens: lensNamed('over-time')!, instead: { by: ['proc.name'] } }, capture, context)).toThrow(/does not group events/);
});

test('no two lenses have one name', () => {
  const names = LENSES.flatMap(({ name, chisels }) => [...new Set([name, ...chisels])]);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
