import { expect, test } from 'vitest';
import { translate } from '../../src/cli/sysdig-args.ts';

test.each([
  ['-r c.scap -pk -NA fd.type=ipv4', 'read c.scap fd.type=ipv4 -A -p k'],
  ['-r c.scap', 'read c.scap'],
  ['-rc.scap -n 5 -j', 'read c.scap -j -n 5'],
  ['-X -tr -r c.scap evt.type=open', 'read c.scap evt.type=open -X -t r'],
  ['-r c.scap -c echo_fds fd.name=/etc/resolv.conf', 'lens echo_fds c.scap fd.name=/etc/resolv.conf'],
  ['-r c.scap -c fdbytes_by fd.sport proc.name=curl', 'lens fdbytes_by fd.sport c.scap proc.name=curl'],
  ['-c spy_port\u00a080 -r c.scap', 'lens spy_port 80 c.scap'],
  ['-cl', 'lens --list'],
  ['-l', 'fields'],
  ['-r c.scap -w d.scap proc.name=curl', 'import c.scap proc.name=curl -w d.scap'],
  ['-w d.scap -s8192 -M 10 fd.port=53', 'record -w d.scap -s 8192 -M 10 fd.port=53'],
  ['-zw d.scap -k http://127.0.0.1:8080', 'record -w d.scap -k http://127.0.0.1:8080'],
])('sysdig %s', (sysdig, ours) => {
  const words = sysdig.split(' ').map((word) => word.replace('\u00a0', ' '));
  expect(translate(words).join(' ')).toBe(ours);
});

test.each([
  ['-r', /-r needs a value/],
  ['-r c.scap -c memcachelog', /no lens for sysdig's chisel memcachelog/],
  ['-r c.scap -Y', /-Y has no counterpart/],
  ['-pk', /trowel record -w FILE/],
])('sysdig %s is refused', (sysdig, message) => {
  expect(() => translate(sysdig.split(' '))).toThrow(message);
});
