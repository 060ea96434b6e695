/** A capture that can be given away, and a part of one. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Pseudonyms } from '../../src/output/pseudonyms.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { CAPTURE, Folder, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());
const lines = (...args: string[]) =>
  trowel(...args)
    .stdout.split('\n')
    .filter(Boolean);

describe('scrub', () => {
  const made = new EventsBuilder();
  const process = made.process({ comm: 'mysql', exe: 'mysql', args: ['-psecret1', '--token', 'secret2'], env: ['KEY=secret3'] });
  const thread = made.thread({ of: process }).id;
  const fd = made.udp('10.9.8.7:5000', '93.184.216.34:443').id;
  made.event({
    type: 'write',
    thread,
    fd,
    data: 'GET /?key=secret4 HTTP/1.1\r\nCookie: a=1; b=secret5\r\nHost: 10.9.8.7\r\n\r\n',
    res: 70,
  });
  made.event({ type: 'write', thread, fd, data: Uint8Array.of(0, 1, 2, 115, 101, 99, 114, 101, 116, 54), res: 10 });
  const text = Buffer.from('/x?sig=secret7&a=10.9.8.7');
  made.event({ type: 'openat', thread, args: [text, 0, 0], res: -2 });
  made.event({ type: 'read', thread, fd, data: 'HTTP/1.1 502 Bad\r\nSet-Cookie: id=secret9\r\n\r\n\0\x01secret10', res: 5000 });
  const before = folder.capture('before.trowel', made, { command: 'record -- mysql -psecret8' });
  const after = folder.file('after.trowel');
  const { status } = trowel('scrub', before, '-w', after);

  test('leaves no secret and no address, compressed or not', () => {
    expect(status).toBe(0);
    const all = [
      trowel('read', after, '--json', '-b', '--fields', 'evt.num,evt.args,evt.buffer,proc.cmdline,proc.env,fd.name').stdout,
      trowel('info', after, '--json').stdout,
      readFileSync(after, 'latin1'),
    ].join('\n');
    const decoded = [...all.matchAll(/"evt.buffer":"([^"]*)"/g)].map(([, base64]) => Buffer.from(base64!, 'base64').toString('latin1'));
    for (const text of [all, ...decoded]) for (const secret of ['secret', '10.9.8.7', '93.184.216.34']) expect(text).not.toContain(secret);
  });

  test('keeps what happened, when, and between which ends', () => {
    const fields = ['--fields', 'evt.num,evt.type,evt.rawres,evt.latency,evt.rawtime,proc.name'];
    expect(lines('read', after, '--json', ...fields)).toEqual(lines('read', before, '--json', ...fields));
    expect(lines('read', after, '-p', '%fd.name', 'evt.num=1')).toEqual(['10.0.0.1:5000->198.18.0.1:443']);
  });

  test('of a head of HTTP with a body that is no text, the head is kept', () => {
    expect(lines('read', after, '-p', '%http.status %http.header[set-cookie]', 'http.status exists')).toEqual(['502 <redacted>']);
  });

  test('of a real capture, explain comes to the same', () => {
    const scrubbed = folder.file('article.trowel');
    expect(trowel('scrub', CAPTURE, '-w', scrubbed).status).toBe(0);
    const causes = (file: string) =>
      (JSON.parse(trowel('explain', file, '--json').stdout) as { story: { causes: { id: string; cost: number }[] } }).story.causes.map(
        ({ id, cost }) => [id, cost],
      );
    expect(causes(scrubbed)).toEqual(causes(CAPTURE));
  });
});

test('pseudonyms: one for each address, of its kind', () => {
  const names = new Pseudonyms();
  expect(names.text('10.1.1.1:53->8.8.8.8:53 127.0.0.1 10.1.1.1 [2001:db8::1]:80 ::1 v1.2.3 1.2.3.4.5')).toBe(
    '10.0.0.1:53->198.18.0.1:53 127.0.0.1 10.0.0.1 [fd00::1]:80 ::1 v1.2.3 1.2.3.4.5',
  );
  expect(names.address('::ffff:10.1.1.1')).toBe('::ffff:10.0.0.1');
});

describe('slice', () => {
  test('by a filter keeps the events’ numbers and names', () => {
    const part = folder.file('part.trowel');
    expect(trowel('slice', CAPTURE, 'proc.name=curl and evt.type=poll', '-w', part).status).toBe(0);
    expect(lines('read', part)).toEqual(lines('read', CAPTURE, 'proc.name=curl and evt.type=poll'));
  });

  test('by a story has every event that its verdict cites', () => {
    const part = folder.file('story.trowel');
    expect(trowel('slice', CAPTURE, '--story', '1', '-w', part).status).toBe(0);
    const { story } = JSON.parse(trowel('explain', CAPTURE, '--json').stdout) as { story: { causes: { events: number[] }[] } };
    const nums = new Set(lines('read', part, '-p', '%evt.num').map(Number));
    const cited = story.causes
      .flatMap((cause) => Object.values(cause).flatMap((value) => (Array.isArray(value) ? value : [])))
      .filter((value) => typeof value === 'number');
    expect(cited.length).toBeGreaterThan(5);
    for (const num of cited) expect(nums.has(num)).toBe(true);
    expect(nums.size).toBeLessThan(200);
    expect(trowel('info', part).stdout).toMatch(/only what matches “.{150,250} … \(\d+ characters\)” was recorded/);
    expect(trowel('slice', CAPTURE, '--story', '9', '-w', folder.file('no.trowel')).stderr).toMatch(/--story 9: there/);
  });
});
