/** Fields whose value is what events have from those before them. */
import { afterAll, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { CHUNK_EVENTS } from '../../src/model/chunk.ts';
import { FIRST_IMPORTED } from '../../src/model/event-type.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Folder } from '../export/made.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = new Folder();
afterAll(() => folder.remove());

function numbers(path: string, filter: string): number[] {
  const capture = new CaptureReader(path);
  try {
    const compiled = compileFilter(filter, contextOf(capture));
    return [...capture.select(compiled)].flatMap(({ chunk, selection, n }) => Array.from(selection.subarray(0, n), (i) => chunk.num[i]!));
  } finally {
    capture.close();
  }
}

test('a socket’s name changes when it is connected, and with each datagram from or to somebody else', () => {
  const made = new EventsBuilder();
  const thread = made.thread().id;
  const [bare, one, two] = [made.udp('0.0.0.0:0', null), made.udp('10.0.0.1:9', '10.0.0.2:53'), made.udp('10.0.0.1:9', '10.0.0.3:53')];
  const event = (type: string, fd: number, fdnum = 3) => made.event({ type, thread, fd, fdnum, res: 4 });
  event('sendto', one.id, 9); // 1: nothing is known of it before
  event('socket', bare.id); // 2
  event('connect', one.id); // 3: changes
  event('sendto', one.id); // 4
  event('sendto', two.id); // 5: changes
  event('recvfrom', two.id); // 6
  event('shutdown', one.id); // 7: tells nothing of ends
  event('close', two.id); // 8
  event('sendto', one.id); // 9: nothing is known of this one
  event('accept4', one.id, 5); // 10: a new one gets its name
  const file = made.fd({ name: '/etc/hosts' });
  event('openat', file.id, 6); // 11: gets its name
  event('read', file.id, 6); // 12
  expect(numbers(folder.capture('names.trowel', made), 'fd.name_changed=true')).toEqual([3, 5, 10, 11]);
});

test('a thread had a CPU since the switch before; the chunk that is read stays what it was', () => {
  const made = new EventsBuilder();
  made.tables.types.put({ ...made.tables.types.get(1)!, id: FIRST_IMPORTED + 1, name: 'switch', args: [] });
  const [a, b] = [made.thread({ of: made.process({ pid: 1 }) }).id, made.thread({ of: made.process({ pid: 2 }) }).id];
  const leave = (thread: number, cpu: number, time: number) => {
    made.event({ thread, cpu, time });
    made.chunk.type[made.chunk.n - 1] = FIRST_IMPORTED + 1;
  };
  leave(a, 0, 1000);
  leave(b, 0, 1500); // b had it for 500
  leave(a, 1, 1600);
  leave(0, 0, 2000); // nobody
  leave(b, 1, 2300); // b had it for 700, 1200 in all
  const path = folder.capture('switches.trowel', made);
  expect(numbers(path, 'thread.exectime=500ns')).toEqual([2]);
  expect(numbers(path, 'thread.totexectime=1200ns')).toEqual([5]);
  expect(numbers(path, 'thread.exectime exists')).toEqual([1, 2, 3, 5]);
  expect(CHUNK_EVENTS).toBeGreaterThan(5);
});

test('a container’s mounts, by number, by path on either side, and by pattern', () => {
  const made = new EventsBuilder();
  const mount = { mode: 'ro', writable: false, propagation: 'rprivate' };
  made.tables.containers.add({
    container: 'c0ffee000000', runtime: 'docker', name: 'web', image: 'web', imageId: '', ip: '', privileged: false, labels: {},
    mounts: [{ ...mount, source: '/srv/a+b', target: '/data' }, { ...mount, source: '/var/run/docker.sock', target: '/docker.sock', mode: 'rw', writable: true }],
    source: 'docker', from: 0, to: null,
  }); // biome-ignore format: a row
  made.event({ thread: made.thread({ of: made.process({ container: 'c0ffee000000' }) }).id });
  const path = folder.capture('mounts.trowel', made);
  const matches = (filter: string) => numbers(path, filter).length;
  expect(matches('container.mount[0]="/srv/a+b:/data:ro:false:rprivate"')).toBe(1);
  expect(matches('container.mount.dest[/var/run/docker.sock]=/docker.sock')).toBe(1);
  expect(matches('container.mount.source[/data]=/srv/a+b')).toBe(1);
  expect(matches('container.mount.rdwr[/var/run/*]=true and container.mount.mode[1]=rw')).toBe(1);
  expect(matches('container.mount.propagation[/srv/a*b]=rprivate')).toBe(1);
  expect(matches('container.mount[/srv/aab] exists or container.mount[2] exists or container.mount[/proc*] exists')).toBe(0);
});
