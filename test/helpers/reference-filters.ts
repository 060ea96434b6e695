/** Filters that the tests agree on: one of each field, those of the goldens and of the lenses, and, where it is there, Falco's and sysdig's. */
import { existsSync, readFileSync } from 'node:fs';
import { FIELDS } from '../../src/event/fields/index.ts';
import { parseFilter } from '../../src/filter/parse.ts';
import { planFilter } from '../../src/filter/planner.ts';
import { LENSES } from '../../src/lens/index.ts';
import { lensFilter } from '../../src/lens/lens.ts';
import { GOLDENS } from '../golden/cases.ts';

const SHARED = ['oracle.json', 'oracle-modern.json', 'filter-cases.json'];

/** What the language has beside fields and operators. */
const SHAPES = [
  'tcp and not udp',
  'ip or icmp or http',
  'not not evt.num>0',
  'not (proc.name=curl or fd.type=file or evt.type=read) and not dns.qname exists',
  'tolower(proc.name)=curl and len(fd.name)>5',
  'basename(proc.exepath) in (curl, bash) or toupper(fd.name) contains RESOLV',
  'concat(proc.name, "-", fd.type) = curl-file or join(":", (proc.name, evt.type)) = curl:read',
  'getopt(proc.args, "so:")[s] exists or b64(proc.args) contains x',
  'proc.exe = val(proc.name) or evt.num = val(evt.cpu) or proc.name = tolower(proc.exe)',
  'proc.name startswith oneof (cu, ng) or fd.name contains allof (etc, conf)',
  'fd.net in (10.0.0.0/8, "fe80::/10") and fd.port!=53 and fd.ip!=10.0.0.1',
  'evt.rawtime>="2026-11-20T15:41:39.5Z" or evt.rawtime<1481211699000000001',
  'evt.rawtime in (1481211699000000000) or proc.pid.ts > 1481211699000000000',
  'evt.latency>1.5ms and evt.reltime<="1e3" or evt.buflen=0x10 or evt.num<1e+999 or evt.num>=-1e+999',
  'evt.buffer contains \\x00\\xff or evt.buffer bcontains 0a6c or evt.buffer contains "" or evt.buffer startswith GET',
  'fd.name regex ".*\\.conf" or fd.name glob "/etc/[a-h]*" or fd.name pmatch (/etc, /usr/lib)',
  'evt.around[1795177800000000000]=500 and proc.aname[1]=bash',
  'proc.name="\\xff\\xfe" or proc.name in ()',
];

function* shared(): Generator<string> {
  for (const name of SHARED) {
    const file = new URL(`../../../shared/scap/${name}`, import.meta.url);
    if (existsSync(file)) for (const { filter } of JSON.parse(readFileSync(file, 'utf8')) as { filter: string }[]) yield filter;
  }
}

function isFilter(text: string): boolean {
  try {
    planFilter(text);
    return parseFilter(text) !== null;
  } catch {
    return false;
  }
}

const OURS = [
  ...FIELDS.map(({ example }) => example),
  ...GOLDENS.flatMap(({ args }) => (args[0] === 'read' ? [args[2]!] : [])),
  ...LENSES.map((lens) => lensFilter(lens, Object.fromEntries(lens.args.map((name) => [name, name === 'address' ? '10.0.0.1' : '80'])))),
  ...SHAPES,
];

export const REFERENCE_FILTERS: readonly string[] = [
  ...new Set([...OURS.filter((text) => text.trim() !== ''), ...[...shared()].filter(isFilter)]),
];
