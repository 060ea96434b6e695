import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
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
  ['-vDdPFz -E -r c.scap', 'read c.scap -v'],
  ['--list-markdown', 'fields --markdown'],
  ['-qS -M 2 -r c.scap', 'read c.scap -q --summary --to 2s'],
  ['-pk -r c.scap -c echo_fds', 'lens echo_fds c.scap -p k'],
  ['-i topconns', 'lens --list topconns'],
  ['-r c.scap -M 2 -c topconns fd.port=53', 'lens topconns c.scap fd.port=53 --to 2s'],
  ['-r c.scap -M 2 -c topconns', 'lens topconns c.scap --to 2s'],
  ['-X -tr -r c.scap evt.type=open', 'read c.scap evt.type=open -X -t r'],
  ['-r c.scap -c echo_fds fd.name=/etc/resolv.conf', 'lens echo_fds c.scap fd.name=/etc/resolv.conf'],
  ['-r c.scap -c fdbytes_by fd.sport proc.name=curl', 'lens fdbytes_by fd.sport c.scap proc.name=curl'],
  ['-c spy_port\u00a080 -r c.scap', 'lens spy_port 80 c.scap'],
  ['-r c.scap -c memcachelog', 'lens memcachelog c.scap'],
  ['-r c.scap -c memcachelog set', "lens memcachelog c.scap evt.buffer startswith 'set '"],
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

/** The arguments that its chisels take. */
test.each([
  [['-c', 'echo_fds disable_color'], 'lens echo_fds f'],
  [['-c', 'spy_port 53 disable_color'], 'lens spy_port 53 f'],
  [['-c', 'spy_file', 'it has blanks'], 'lens spy_file it has blanks f'],
  [['-c', "spy_file 'it has blanks'"], 'lens spy_file it has blanks f'],
  [['-c', 'spy_file R resolv.conf'], 'lens spy_file resolv.conf f evt.is_io_read=true'],
  [
    ['-c', 'spy_file', 'W /a b', 'proc.name=x', 'or', 'proc.name=y'],
    'lens spy_file /a b f evt.is_io_write=true and ( proc.name=x or proc.name=y )',
  ],
  [['-c', 'spy_file RW /a'], 'lens spy_file /a f'],
  [['-c', "lsof 'proc.name=etcd and fd.type=file'"], 'lens lsof f proc.name=etcd and fd.type=file'],
  [['-c', 'ps fd.name contains /etc'], 'lens ps f fd.name contains /etc'],
  [['-c', 'spectrogram', '500', 'proc.name=x'], 'lens spectrogram f proc.name=x'],
  [['-c', 'httptop ncalls'], 'lens httptop f'],
  [
    ['-c', 'table_generator', 'proc.name,fd.name P,F evt.latency T "evt.type=read and fd.num>2" 5 time'],
    'lens events --by proc.name,fd.name --measure time f evt.type=read and fd.num>2 -n 5',
  ],
] as const)('sysdig %j', (sysdig, ours) => {
  expect(translate(['-r', 'f', ...sysdig]).join(' ')).toBe(ours);
});

test.each([
  ['-r', /-r needs a value/],
  ['-r c.scap -c httptop\u00a0bytes', /http-top FILE has the times/],
  ['-r c.scap -c spy_file R', /lens echo FILE/],
  ['-r c.scap -c spy_users 2', /lens tree FILE shows who started whom/],
  ['-c httplog -s 4096', /-s with -c: write the capture first \(trowel record -s 4096/],
  ['-r c.scap -S -c topconns', /-S with -c: it is for events/],
  ['-r c.scap -G 5', /-G is for files that are written/],
  ['-i nosuch', /no lens for sysdig's chisel nosuch/],
  ['-r c.scap -c flame', /tracers are not recorded/],
  ['-r c.scap -c v_files', /a view of csysdig/],
  ['-r c.scap -c around', /--around NUM:MS/],
  ['-r c.scap -c topconns -w d.trowel', /-c with -w: write the capture first/],
  ['-c topconns -w d.trowel', /-c with -w: write the capture first/],
  ['-r c.scap -w d.trowel -C 5', /-C with -r: what is made of a file is one capture/],
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
  expect(() => translate(sysdig.split(' ').map((word) => word.replace('\u00a0', ' ')))).toThrow(message);
});

test('every letter and every name is there once', () => {
  const names = SYSDIG_OPTIONS.flatMap(({ short, long }) => [...(short === '' ? [] : [short]), long]);
  expect(new Set(names).size).toBe(names.length);
  for (const letter of 'AbBcCdDeEFGHiIjkKlLmMnNpPqrRsStTUvwWxXz') expect(names).toContain(letter);
});

/** What each option that is done becomes: all words, and what they are in Trowel's. An option that is added needs a line. */
const DONE: Readonly<Record<string, readonly [sysdig: string, ours: string]>> = {
  'print-ascii': ['-r f -A x', 'read f x -A'],
  'print-base64': ['-r f -b x', 'read f x -b'],
  chisel: ['-r f -c topconns x', 'lens topconns f x'],
  'file-size': ['-w f -C 5 x', 'record -w f -C 5 x'],
  events: ['-w f -e 5 x', 'record -w f -e 5 x'],
  seconds: ['-w f -G 5 x', 'record -w f -G 5 x'],
  'chisel-info': ['-i topconns', 'lens --list topconns'],
  json: ['-r f -j x', 'read f x -j'],
  'k8s-api': ['-w f -k URL x', 'record -w f -k URL x'],
  list: ['-l', 'fields'],
  'list-chisels': ['--list-chisels', 'lens --list'],
  'list-markdown': ['--list-markdown', 'fields --markdown'],
  'max-seconds': ['-r f -M 5 x', 'read f x --to 5s'],
  numevents: ['-r f -n 5 x', 'read f x -n 5'],
  print: ['-r f -p %evt.num x', 'read f x -p %evt.num'],
  quiet: ['-r f -q x', 'read f x -q'],
  read: ['-r f x', 'read f x'],
  summary: ['-r f -S x', 'read f x --summary'],
  snaplen: ['-w f -s 5 x', 'record -w f -s 5 x'],
  timetype: ['-r f -t a x', 'read f x -t a'],
  verbose: ['-r f -v x', 'read f x -v'],
  write: ['-w f x', 'record -w f x'],
  limit: ['-w f -C 5 -W 3 x', 'record -w f -C 5 -W 3 x'],
  'print-hex': ['-r f -x x', 'read f x -x'],
  'print-hex-ascii': ['-r f -X x', 'read f x -X'],
};

describe('each option of sysdig', () => {
  test.each(SYSDIG_OPTIONS.map((option) => [option.short === '' ? `--${option.long}` : `-${option.short}`, option] as const))(
    '%s does what its line says, and takes a value or none',
    (written, { long, value, fate, why }) => {
      const given = ['-r', 'f', written, ...(value === '' ? [] : ['VALUE']), 'x'];
      if (fate === 'refused') expect(() => translate(given)).toThrow(why);
      else if (fate === 'nothing') expect(translate(given)).toEqual(['read', 'f', 'x']);
      else {
        const [sysdig, ours] = DONE[long]!;
        expect(translate(sysdig.split(' ')).join(' ')).toBe(ours);
        const byName = sysdig.split(' ').map((word) => (word === written ? `--${long}` : word));
        expect(translate(byName).join(' ')).toBe(ours);
      }
      expect(why).not.toBe('');
    },
  );

  const help = spawnSync('sysdig', ['--help'], { encoding: 'utf8' });
  test.skipIf(help.error !== undefined)('of its own help is known, with a value where that has one (skipped without sysdig)', () => {
    const words = `${help.stdout}${help.stderr}`.split('\n').filter((line) => /^ -/.test(line));
    const found = words.map((line) => {
      const [names = ''] = line.trim().split(/ {2,}/);
      const letter = /^-(\w)(?![\w-])|^-(\w)</.exec(names);
      return { names, short: letter?.[1] ?? letter?.[2] ?? '', long: /--([\w-]+)/.exec(names)?.[1] ?? '', value: /[<=]/.test(names) };
    });
    expect(found.length).toBeGreaterThan(45);
    // Its help and version are Trowel's own options; -cl and -Il are values of -c and -I; its help leaves out the value of two.
    const own = found.filter(({ names, long }) => !['help', 'version'].includes(long) && !/^-(cl|Il)/.test(names));
    for (const { names, short, long, value } of own) {
      const option = SYSDIG_OPTIONS.find((one) => (long === '' ? one.short === short : one.long === long));
      expect(option, names).toBeDefined();
      if (short !== '') expect(option!.short, names).toBe(short);
      if (!['suppress-comm', 'plugin-config-file'].includes(long)) expect(option!.value !== '', names).toBe(value);
    }
  });
});

test('docs/sysdig.md says what becomes of them (npm run docs)', () => {
  expect(readFileSync('docs/sysdig.md', 'utf8')).toBe(rendered(sysdigReport(SYSDIG_OPTIONS), new MarkdownWriter()));
});
