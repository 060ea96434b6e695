import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { bodyLeft, isChunked, isLastChunk } from '../../src/explain/body.ts';
import { confirmText } from '../../src/explain/confirm.ts';
import type { Cause } from '../../src/explain/story.ts';

const facts = (known: object) => ({ facts: known as Cause['facts'] });
const LOOKUP = { owner: { pid: 7, comm: 'curl' }, name: 'api.test', qtype: 'A', servers: ['10.96.0.10:53'] };

// biome-ignore format: a table
test.each([
  ['dig TYPE NAME @SERVER', LOOKUP, 'dig api.test @10.96.0.10'],
  ['dig TYPE NAME @SERVER', { ...LOOKUP, silent: ['AAAA'] }, 'dig AAAA api.test @10.96.0.10'],
  ['dig TYPE NAME @SERVER', { ...LOOKUP, servers: ['[fd00::10]:5353'] }, 'dig api.test @fd00::10 -p 5353'],
  ['dig TYPE DOMAIN-NAME @SERVER', { ...LOOKUP, suffixes: ['corp.test'] }, 'dig api.test.corp.test @10.96.0.10'],
  ['dig TYPE NAME @UPSTREAM', { ...LOOKUP, upstream: { servers: ['9.9.9.9:53'] } }, 'dig api.test @9.9.9.9'],
  ['dig TYPE NAME @UPSTREAM', LOOKUP, 'dig api.test @UPSTREAM'],
  ['ip route get HOST', { what: '[fd00::7]:80' }, 'ip route get fd00::7'],
  ['curl -v http://ADDRESS', { to: '10.0.0.7:80' }, 'curl -v http://10.0.0.7:80'],
  ['ls -l PATH; file PATH', { what: '/a b' }, "ls -l '/a b'; file '/a b'"],
  ['ls -l PATH', { what: '-rf' }, 'ls -l ./-rf'],
  ['ls /proc/PID/fd | wc -l', { owner: { pid: 7 }, server: { pid: 9 } }, 'ls /proc/9/fd | wc -l'],
])('%s of %j is %s', (text, known, says) => {
  expect(confirmText(text, facts(known))).toBe(says);
});

test.each(['$(id)', 'a;id', "a'b", '`id`', 'a\nid', '-f/etc/passwd', '+short', '@9.9.9.9', '$&'])(
  'a hostile name (%j) is one word of a shell, and no option',
  (name) => {
    const text = confirmText("printf '%s\\n' dig TYPE NAME @SERVER", facts({ ...LOOKUP, name }));
    const words = execFileSync('sh', ['-c', text], { encoding: 'utf8' }).trimEnd().split('\n');
    const plain = name.replaceAll('\n', '?');
    expect(words).toEqual(['dig', ...(/^\w/.test(name) ? [plain] : ['-q', plain]), '@10.96.0.10']);
  },
);

// biome-ignore format: a table
test.each([
  ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart', '', 5],
  ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npart', '', 0],
  ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 'HEAD /', null],
  ['HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', 'GET /', null],
  ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX: ', '', null],
  ['HTTP/1.1 200 OK\r\nContent-Length: 9e9\r\n\r\n', '', null],
])('of the answer %j to “%s” %s bytes are left', (text, request, left) => {
  expect(bodyLeft(Buffer.from(text), text.length, request)).toBe(left);
});

test('an answer in chunks ends with the last of them', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  expect(isChunked(Buffer.from(head))).toBe(true);
  expect(isChunked(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toBe(false);
  expect(isLastChunk(Buffer.from('4\r\npart\r\n0\r\n\r\n'), 14)).toBe(true);
  expect(isLastChunk(Buffer.from('4\r\npa'), 5)).toBe(false);
  expect(isLastChunk(Buffer.from('4\r\npa'), 9)).toBeNull();
});
