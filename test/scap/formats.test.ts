/** Files of every age and writer, made here from the description of the format, and read back through an import and as they are. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readBack } from './read-back.ts';
import * as scap from './scap-writer.ts';

const { EVENT, FD, FORM, cat, i64, nul, u16, u32, u8 } = scap;

const at = (us: number) => scap.EPOCH + BigInt(us) * 1000n;
const bytes = (text: string) => Buffer.from(text);
/** A read of five bytes from descriptor 3. */
const read = (tid: number, us: number, form = FORM.V2) =>
  scap.call(EVENT.READ, tid, at(us), [i64(3), u32(100)], [i64(5), bytes('hello')], form);
const START = [scap.section(), scap.machine('node-1')];
const CONTAINER = 'c'.repeat(64);

describe('lists of processes', () => {
  const spec: scap.ProcessSpec = {
    tid: 10, pid: 10, ptid: 1, sid: 9, pgid: 8, comm: 'srv', exe: './srv', exepath: '/bin/srv', args: ['-v', 'x y'], cwd: '/home', uid: 33, gid: 44,
    env: ['A=1', 'B=2'], vtid: 5, vpid: 5, cgroups: [`cpu=/docker/${CONTAINER}`], root: '/chroot', loginuid: 1000, tty: 34816,
  }; // biome-ignore format: a table
  const FORMAT =
    '%proc.name|%proc.args|%proc.cwd|%user.uid|%group.gid|%proc.env[A]|%thread.vtid|%container.id|%proc.root|%proc.sid|%proc.exepath|%proc.pgid|%user.loginuid|%proc.tty';
  const FROM = [1, 1, 1, 1, 1, 3, 4, 4, 5, 6, 7, 8, 9, 9];
  const WHOLE = 'srv|-v x y|/home/|33|44|1|5|cccccccccccc|/chroot|9|/bin/srv|8|1000|34816'.split('|');
  const BEFORE = ['', '', '', '', '', '<NA>', '<NA>', 'host', '<NA>', '-1', '', '0', '-1', '0'];

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('version %d', async (version) => {
    const { lines } = await readBack(cat(...START, scap.processes(version, [spec, { tid: 11 }]), read(10, 1)), FORMAT);
    expect(lines[0]!.split('|')).toEqual(WHOLE.map((value, i) => (FROM[i]! <= version ? value : BEFORE[i])));
  });

  test('version 9 as it was before 0.10: no terminal', async () => {
    const { lines } = await readBack(
      cat(...START, scap.processes(9, [spec, { tid: 11, comm: 'next' }], 'short'), read(10, 1), read(11, 2)),
      FORMAT,
    );
    expect(lines[0]!.split('|')).toEqual([...WHOLE.slice(0, -1), '0']);
    expect(lines[1]).toMatch(/^next\|/);
  });

  test('entries longer than anybody knows', async () => {
    const entry = scap.processEntry(9, spec).subarray(4);
    const longer = cat(entry, Buffer.alloc(40, 7));
    const list = scap.block(0x215, cat(u32(longer.length + 4), longer, scap.processEntry(9, { tid: 11, comm: 'next' })));
    const { lines } = await readBack(cat(...START, list, read(10, 1), read(11, 2)), '%proc.name');
    expect(lines).toEqual(['srv', 'next']);
  });
});

describe('lists of descriptors', () => {
  const specs: scap.FdSpec[] = [
    scap.named(1, FD.FILE, '/etc/hosts'),
    scap.named(2, FD.DIRECTORY, '/etc'),
    scap.connection(3, FD.IPV4, '10.0.0.1', 40000, '10.0.0.9', 80),
    scap.connection(4, FD.IPV6, 'fd00::1', 40001, 'fd00::9', 443, 3),
    scap.connection(5, FD.IPV6, '::ffff:a00:1', 40002, '::ffff:a00:9', 80),
    scap.listening(6, FD.IPV4_SERVER, '0.0.0.0', 53, 3),
    scap.listening(7, FD.IPV6_SERVER, '::', 8080),
    scap.named(8, FD.PIPE, 'pipe:[77]'),
    scap.unix(9, '/run/x.sock\n'),
    scap.opened(12, '/var/log/x', 1, 0x801),
    scap.opened(13, '/var/log/y', 1),
    scap.named(14, FD.PIDFD, 'pidfd'),
  ];
  const reads = (numbers: readonly number[]) =>
    numbers.map((fd, i) => scap.call(EVENT.READ, 10, at(i), [i64(fd), u32(1)], [i64(0), bytes('')]));
  const FORMAT = '%fd.num %fd.type %fd.name %fd.l4proto %fd.dev';
  const WHOLE = [
    '1 file /etc/hosts <NA> <NA>',
    '2 directory /etc <NA> <NA>',
    '3 ipv4 10.0.0.1:40000->10.0.0.9:80 tcp <NA>',
    '4 ipv6 [fd00::1]:40001->[fd00::9]:443 udp <NA>',
    '5 ipv4 10.0.0.1:40002->10.0.0.9:80 tcp <NA>',
    '6 ipv4 0.0.0.0:53 udp <NA>',
    '7 ipv6 [::]:8080 tcp <NA>',
    '8 pipe pipe:[77] <NA> <NA>',
    '9 unix /run/x.sock <NA> <NA>',
    '12 file /var/log/x <NA> 2049',
    '13 file /var/log/y <NA> <NA>',
    '14 pidfd pidfd <NA> <NA>',
  ];
  const process = scap.processes(9, [{ tid: 10 }]);

  test('version 2, with a kind that nobody knows in the midst', async () => {
    const unknown = { fd: 20, type: 99, body: Buffer.alloc(13, 5) };
    const list = scap.fds(2, 10, [specs[0]!, unknown, ...specs.slice(1)]);
    const { lines } = await readBack(cat(...START, process, list, ...reads(specs.map(({ fd }) => fd))), FORMAT);
    expect(lines).toEqual(WHOLE);
  });

  test('version 1: no lengths, no devices; behind an unknown kind nothing can be told', async () => {
    const old = specs.filter(({ fd }) => fd !== 12);
    const list = scap.fds(1, 10, [...old.slice(0, 4), { fd: 20, type: 99, body: Buffer.alloc(13, 5) }, ...old.slice(4)]);
    const whole = scap.fds(1, 10, old);
    const lines = async (fds: Buffer) => (await readBack(cat(...START, process, fds, ...reads(old.map(({ fd }) => fd))), FORMAT)).lines;
    expect(await lines(whole)).toEqual(WHOLE.filter((line) => !line.startsWith('12 ')));
    expect((await lines(list)).slice(0, 4)).toEqual(WHOLE.slice(0, 4));
    expect((await lines(list))[4]).toBe('5 <NA>  <NA> <NA>');
  });
});

test.each([1, 2] as const)('lists of addresses and users, version %d', async (version) => {
  const lists = [
    scap.interfaces(version, [
      { name: 'lo', ip: '127.0.0.1', mask: '255.0.0.0' },
      { name: 'eth0', ip: '10.0.0.9', mask: '255.255.255.0' },
      { name: 'eth0', ip: 'fd00::9', mask: 'ffff:ffff::' },
    ]),
    scap.users(
      version,
      [
        { uid: 0, name: 'root' },
        { uid: 33, name: 'www' },
      ],
      [{ gid: 0, name: 'wheel' }],
    ),
  ];
  const open = scap.fds(version, 10, [scap.connection(3, FD.IPV4, '10.0.0.1', 40000, '10.0.0.9', 80)]);
  const file = cat(...START, ...lists, scap.processes(5, [{ tid: 10, uid: 33 }]), open, read(10, 1));
  const { lines } = await readBack(file, '%user.name %group.name %fd.lip %fd.rip %evt.hostname');
  expect(lines).toEqual(['www wheel 10.0.0.9 10.0.0.1 node-1']);
});

describe('forms of events', () => {
  const FORMAT = '%evt.num %evt.cpu %evt.type %evt.res %evt.latency %fd.num %evt.buffer';

  test.each(Object.entries(FORM))('%s', async (_, form) => {
    const { lines } = await readBack(cat(...START, scap.processes(1, [{ tid: 10 }]), read(10, 1, form), read(10, 2, form)), FORMAT);
    expect(lines).toEqual(['2 0 read SUCCESS 100 3 hello', '4 0 read SUCCESS 100 3 hello']);
  });

  test('version 1 with fewer parameters than there are today', async () => {
    const file = cat(
      ...START,
      scap.processes(1, [{ tid: 10, cwd: '/tmp' }]),
      scap.call(EVENT.OPEN, 10, at(1), [], [i64(3), nul('a/b'), u32(1)], FORM.V1),
    );
    expect((await readBack(file, '%evt.args|%fd.name')).lines).toEqual(['fd=3(<f>/tmp/a/b) name=a/b(/tmp/a/b) flags=1(O_RDONLY)|/tmp/a/b']);
  });

  test('with comments behind the parameters, after a section with options', async () => {
    const after = scap.comment('somebody looked at this');
    const events = [
      scap.event({ type: EVENT.READ, tid: 10, time: at(1), params: [i64(3), u32(100)], after }),
      scap.event({ type: EVENT.READ + 1, tid: 10, time: at(2), params: [i64(5), bytes('hello')], form: FORM.V1, after }),
    ];
    const { lines } = await readBack(cat(scap.section(after), scap.machine('n'), scap.processes(9, [{ tid: 10 }]), ...events), FORMAT);
    expect(lines).toEqual(['2 0 read SUCCESS 1000 3 hello']);
  });
});

test('the numbers that the first versions gave to blocks', async () => {
  const ALIAS: Readonly<Record<number, number>> = {
    513: 0x8002abcd, 514: 0x8000abcd, 515: 0x8001abcd, 516: 0x8010abcd, 517: 0x8011abcd, 518: 0x8012abcd, 519: 0x8013abcd, 521: 0x8014abcd,
  }; // biome-ignore format: a table
  const aliased = (block: Buffer) => cat(u32(ALIAS[block.readUInt32LE(0)]!), block.subarray(4));
  for (const version of [1, 2, 3]) {
    const lists = [
      scap.machine('old'),
      scap.interfaces(1, [{ name: 'lo', ip: '127.0.0.1', mask: '255.0.0.0' }]),
      scap.users(1, [{ uid: 0, name: 'root' }]),
      scap.processes(version, [{ tid: 10 }]),
      scap.fds(1, 10, [scap.named(3, FD.FILE, '/etc/hosts')]),
    ];
    const events = [
      scap.event({ type: EVENT.READ, tid: 10, time: at(1), params: [i64(3), u32(9)], form: FORM.V1 }),
      scap.event({ type: EVENT.READ + 1, tid: 10, time: at(2), params: [i64(5), bytes('hello')], form: FORM.V1 }),
    ];
    const file = cat(scap.section(), ...[...lists, ...events].map(aliased));
    expect((await readBack(file, '%evt.hostname %user.name %proc.name %fd.name %evt.buffer')).lines).toEqual([
      'old root prog /etc/hosts hello',
    ]);
  }
});

test('sections one after the other: all is forgotten but the count', async () => {
  const one = (host: string, comm: string, path: string) =>
    cat(
      scap.section(),
      scap.machine(host),
      scap.processes(9, [{ tid: 10, comm }]),
      scap.fds(2, 10, [scap.named(3, FD.FILE, path)]),
      read(10, 1),
      read(10, 2),
    );
  const { lines } = await readBack(
    cat(one('a', 'first', '/1'), one('b', 'second', '/2'), scap.section(), read(10, 9)),
    '%evt.num %proc.name %fd.name',
  );
  expect(lines).toEqual(['2 first /1', '4 first /1', '6 second /2', '8 second /2', '10 <NA> ']);
});

test('blocks and events of kinds that nobody knows', async () => {
  const stranger = scap.block(0x999, Buffer.alloc(50, 1));
  const future = scap.event({ type: EVENT.FUTURE, tid: 10, time: at(1), params: [i64(1)] });
  const unused = scap.event({ type: EVENT.UNUSED, tid: 10, time: at(1), params: [i64(1)] });
  const file = cat(
    ...START,
    stranger,
    scap.processes(9, [{ tid: 10 }]),
    stranger,
    future,
    read(10, 1),
    stranger,
    unused,
    future,
    read(10, 2),
    stranger,
  );
  const { lines, cut } = await readBack(file, '%evt.num %evt.type %proc.name');
  expect(lines).toEqual(['2 read prog', '4 read prog']);
  expect(cut).toBe(null);
});

describe('containers', () => {
  const json = (id: string, name: string) =>
    nul(
      JSON.stringify({ container: { id, name, type: 0, image: 'nginx:1', imageid: 'i', ip: '172.17.0.2', privileged: false, Mounts: [] } }),
    );
  const process = scap.processes(9, [{ tid: 10, cgroups: [`cpu=/docker/${CONTAINER}`] }]);
  const FORMAT = '%evt.num %container.id %container.name %container.image';
  const inJson = (type: number, form: number) =>
    scap.event({ type, tid: -1, time: at(0), params: [json(CONTAINER.slice(0, 12), 'web')], form });

  test.each([
    ['JSON', inJson(EVENT.CONTAINER, FORM.V2)],
    ['JSON with a long length', inJson(EVENT.CONTAINER_LARGE, FORM.LARGE)],
    [
      'the first kind',
      scap.event({ type: EVENT.CONTAINER_OLD, tid: 0, params: [nul(CONTAINER.slice(0, 12)), u32(0), nul('web'), nul('nginx:1')] }),
    ],
  ])('told before all else, in %s', async (_, told) => {
    const { lines } = await readBack(cat(...START, process, told, told, read(10, 1)), FORMAT, 'evt.type=read');
    expect(lines).toEqual(['4 cccccccccccc web nginx:1']);
  });

  test('a very long one', async () => {
    const long = nul(JSON.stringify({ container: { id: CONTAINER.slice(0, 12), name: 'web', image: 'x'.repeat(200_000), Mounts: [] } }));
    const told = scap.event({ type: EVENT.CONTAINER_LARGE, tid: -1, params: [long], form: FORM.LARGE });
    expect((await readBack(cat(...START, process, told, read(10, 1)), '%container.name', 'evt.type=read')).lines).toEqual(['web']);
  });

  test('JSON that is none, and of another shape', async () => {
    const told = ['{', '[]', '{"container":5}', '{"container":{"id":7}}'].map((text) =>
      scap.event({ type: EVENT.CONTAINER, tid: -1, params: [nul(text)] }),
    );
    expect((await readBack(cat(...START, process, ...told, read(10, 1)), FORMAT, 'evt.type=read')).lines).toEqual([
      '6 cccccccccccc <NA> <NA>',
    ]);
  });
});

describe('zipped and cut', () => {
  const file = cat(...START, scap.processes(9, [{ tid: 10 }]), ...Array.from({ length: 500 }, (_, i) => read(10, i)));
  const FORMAT = '%evt.num %evt.buffer';

  test('members one after the other, cut anywhere', async () => {
    const zipped = cat(gzipSync(file.subarray(0, 777)), gzipSync(file.subarray(777, 7777)), gzipSync(file.subarray(7777)));
    expect((await readBack(zipped, FORMAT)).lines).toEqual((await readBack(file, FORMAT)).lines);
  });

  test('the end of a zipped file is missing', async () => {
    const { lines, cut, notes } = await readBack(gzipSync(file).subarray(0, -200), FORMAT);
    expect(cut).toMatch(/^unzipping: unexpected end of file$/);
    expect(notes).toContain(cut);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines[0]).toBe('2 hello');
  });

  test('the end of a block is missing', async () => {
    const { lines, cut } = await readBack(file.subarray(0, -20), FORMAT);
    expect(cut).toMatch(/^the file ends within a block, at byte [0-9]+$/);
    expect(lines).toEqual((await readBack(file, FORMAT)).lines.slice(0, -1).concat('999 <NA>'));
  });

  test('an event says that it is longer than its block', async () => {
    const broken = Buffer.from(read(10, 900));
    broken.writeUInt32LE(5000, 8 + 2 + 16);
    const { lines, cut } = await readBack(cat(file, broken, read(10, 901)), FORMAT);
    expect(cut).toBe('an event that is longer than its block');
    expect(lines.length).toBe(500);
  });

  test('no parameters where the type has some, and more than it has', async () => {
    const none = scap.event({ type: EVENT.READ + 1, tid: 10, time: at(1) });
    const many = scap.event({ type: EVENT.READ + 1, tid: 10, time: at(2), params: Array.from({ length: 40 }, () => u8(1)) });
    const { lines, cut } = await readBack(cat(...START, scap.processes(9, [{ tid: 10 }]), none, many, read(10, 5)), '%evt.num %evt.res');
    expect({ lines, cut }).toEqual({ lines: ['1 <NA>', '2 SUCCESS', '4 SUCCESS'], cut: null });
  });

  test('a section of another byte order', async () => {
    const swapped = scap.block(0x0a0d0d0a, cat(Buffer.from([0x1a, 0x2b, 0x3c, 0x4d]), u16(1), u16(0), i64(-1)));
    expect((await readBack(cat(swapped, read(10, 1)), FORMAT)).cut).toMatch(/byte order/);
  });
});
