import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { translate } from '../../src/cli/sysdig-args.ts';
import { SYSDIG_OPTIONS } from '../../src/cli/sysdig-options.ts';
import { rendered } from '../../src/output/print.ts';
import { sysdigReport } from '../../src/output/reports/sysdig.ts';
import { MarkdownWriter } from '../../src/output/writers/markdown.ts';

test.each([
  ['-r c.scap -pk -NA fd.type=ipv4', 'read c.scap fd.type=ipv4 -A -p k'],
  ['-r c.scap', 'read c.scap'],
  ['-rc.scap -n 5 -j', 'read c.scap -j -n 5'],
  ['--read=c.scap --print %evt.num --json', 'read c.scap -j -p %evt.num'],
  ['--read c.scap --numevents=5 --timetype=a --unbuffered', 'read c.scap -n 5 -t a'],
  ['-E -n 1 -r c.scap fd.port=53', 'read c.scap fd.port=53 -n 1'],
  ['-vDdPFz -E -r c.scap', 'read c.scap'],
  ['-qS -M 2 -r c.scap', 'read c.scap -q --summary --to 2s'],
  ['-pk -r c.scap -c echo_fds', 'lens echo_fds c.scap -p k'],
  ['-i topconns', 'lens --list'],
  ['-X -tr -r c.scap evt.type=open', 'read c.scap evt.type=open -X -t r'],
  ['-r c.scap -c echo_fds fd.name=/etc/resolv.conf', 'lens echo_fds c.scap fd.name=/etc/resolv.conf'],
  ['-r c.scap -c fdbytes_by fd.sport proc.name=curl', 'lens fdbytes_by fd.sport c.scap proc.name=curl'],
  ['-c spy_port\u00a080 -r c.scap', 'lens spy_port 80 c.scap'],
  ['-cl', 'lens --list'],
  ['-l', 'fields'],
  ['-r c.scap -w d.trowel -n 3 proc.name=curl', 'import c.scap proc.name=curl -w d.trowel -n 3'],
  ['-w d.trowel -s8192 -M 10 fd.port=53', 'record -w d.trowel -s 8192 -M 10 fd.port=53'],
  ['-w d.trowel -C 5 -W3 proc.name=curl', 'record -w d.trowel -C 5 -W 3 proc.name=curl'],
  ['-w d.trowel -G 60 --events=1000', 'record -w d.trowel -G 60 -e 1000'],
  ['-zw d.trowel -k http://127.0.0.1:8080', 'record -w d.trowel -k http://127.0.0.1:8080'],
])('sysdig %s', (sysdig, ours) => {
  const words = sysdig.split(' ').map((word) => word.replace('\u00a0', ' '));
  expect(translate(words).join(' ')).toBe(ours);
});

test.each([
  ['-r', /-r needs a value/],
  ['-r c.scap -c memcachelog', /no lens for sysdig's chisel memcachelog/],
  ['-r c.scap -c around', /--around NUM:MS/],
  ['-r c.scap -Y', /-Y has no counterpart/],
  ['-r c.scap -w d.scap', /Trowel capture, which sysdig cannot read: call it d.trowel/],
  ['-w d.scap', /call it d.trowel/],
  ['-T -r c.scap', /-T: tracers are not supported/],
  ['-R -r c.scap', /-R: ports stay numbers: %fd.sproto/],
  ['-U curl -r c.scap', /proc.name!=NAME/],
  ['-B probe.o', /leave it out/],
  ['-r c.scap --no-such', /no-such is not known; trowel sysdig lists/],
  ['-pk', /trowel record -w FILE/],
])('sysdig %s is refused', (sysdig, message) => {
  expect(() => translate(sysdig.split(' '))).toThrow(message);
});

test('every letter and every name is there once', () => {
  const names = SYSDIG_OPTIONS.flatMap(({ short, long }) => [...(short === '' ? [] : [short]), long]);
  expect(new Set(names).size).toBe(names.length);
  for (const letter of 'AbBcCdDeEFGHiIjkKlLmMnNpPqrRsStTUvwWxXz') expect(names).toContain(letter);
});

test('docs/sysdig.md says what becomes of them (npm run docs)', () => {
  expect(readFileSync('docs/sysdig.md', 'utf8')).toBe(rendered(sysdigReport(SYSDIG_OPTIONS), new MarkdownWriter()));
});
