// Generates src/scap/event-table.ts and src/model/scap-values.ts: what the events of sysdig's files mean.
//
//   node scripts/scap-tables.mjs LIBS      LIBS: a git directory of https://github.com/falcosecurity/libs
//
// Source: driver/event_table.c, flags_table.c and dynamic_params_table.c of that repository (dual MIT and GPL2), at two commits:
// the newest tables, and those that sysdig 0.29.3 was built with. A C compiler reads them; nothing is typed by hand.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Only ever appended to by its owners, so that the newest table reads all older files too. */
const NEWEST = '48dfd53cd23f95720521d41b89883bbc35c8567f';
/** Where its flags or types differ, files of that time are read by this one. */
const CLASSIC = 'e5c53d648f3c4694385bbe488e7d47eaa36c229a';

const DUMP = String.raw`
#include <stdio.h>
#include "ppm_events_public.h"
#include "flags_table.c"
#include "dynamic_params_table.c"
#include "event_table.c"
#ifndef PPM_SC_FIELDS
#include "syscall_info_table.c"
#endif
static void values(const struct ppm_name_value *v) {
	printf("[");
	for (const char *sep = ""; v && v->name; v++, sep = ",") printf("%s[\"%s\",%u]", sep, v->name, v->value);
	printf("]");
}
static void param(const struct ppm_param_info *p) {
	printf("{\"name\":\"%s\",\"type\":%d,\"fmt\":%d", p->name, p->type, p->fmt);
	switch (p->type) {
	case PT_FLAGS8: case PT_FLAGS16: case PT_FLAGS32: case PT_MODE:
#ifdef PPM_SC_FIELDS
	case PT_ENUMFLAGS8: case PT_ENUMFLAGS16: case PT_ENUMFLAGS32:
#endif
		if (p->info) { printf(",\"values\":"); values(p->info); }
		break;
	case PT_FSRELPATH: printf(",\"dirfd\":%ld", (long)p->info); break;
	case PT_DYN:
		printf(",\"dyn\":[");
		for (int i = 0; i < p->ninfo; i++) { if (i) printf(","); param(&((const struct ppm_param_info *)p->info)[i]); }
		printf("]");
		break;
	default: break;
	}
	printf("}");
}
int main(void) {
	printf("{\"events\":[");
	int n = sizeof(g_event_info) / sizeof(g_event_info[0]);
	for (int i = 0; i < n; i++) {
		const struct ppm_event_info *e = &g_event_info[i];
		printf("%s{\"name\":\"%s\",\"category\":%d,\"flags\":%d,\"params\":[", i ? "," : "", e->name, e->category, e->flags);
		for (unsigned k = 0; k < e->nparams; k++) { if (k) printf(","); param(&e->params[k]); }
		printf("]}");
	}
	printf("],\"calls\":{");
#ifdef PPM_SC_FIELDS
	const char *sep = "";
#define PPM_SC_X(name, value) printf("%s\"%d\":[\"%s\",0]", sep, value, #name); sep = ",";
	PPM_SC_FIELDS
#else
	for (int i = 0; i < PPM_SC_MAX; i++)
		printf("%s\"%d\":[\"%s\",%d]", i ? "," : "", i, g_syscall_info_table[i].name, g_syscall_info_table[i].category);
#endif
	printf("}}\n");
}
`;

/** All that syscall_info_table.c needs of scap.h. */
const STUB = 'struct ppm_syscall_desc { enum ppm_event_category category; enum ppm_event_flags flags; char *name; };\n';

/** Numbers of ppm_param_type and the name that we give each. */
const TYPES =
  'none int8 int16 int32 int64 uint8 uint16 uint32 uint64 charbuf bytebuf errno sockaddr socktuple fd pid fdlist fspath syscallid sigtype reltime abstime port l4proto sockfamily bool ipv4addr dyn flags8 flags16 flags32 uid gid double sigset charbufarray pairs ipv4net ipv6addr ipv6net ipaddr ipnet mode fsrelpath enumflags8 enumflags16 enumflags32 fd32 pid32'.split(
    ' ',
  );
const FORMATS = ['', 'dec', 'hex', 'padded', 'dec', 'dec', 'oct'];
const FLAGS = { C: 1, D: 2, U: 4, R: 8, W: 16, M: 32, T: 128, S: 256, L: 2048 };
const CATEGORIES = [
  'unknown', 'other', 'file', 'net', 'IPC', 'memory', 'process', 'sleep', 'system', 'signal', 'user', 'time', 'processing',
]; // biome-ignore format: a list
const IO_BASE = 32;
const WAIT = 64;
const SCHEDULER = 128;
const INTERNAL = 256;

function tables(libs, commit) {
  const folder = mkdtempSync(join(tmpdir(), 'scap-tables-'));
  try {
    const tar = execFileSync('git', ['-C', libs, 'archive', commit, 'driver', 'userspace'], { maxBuffer: 1 << 30 });
    execFileSync('tar', ['-x', '-C', folder], { input: tar });
    mkdirSync(join(folder, 'userspace/stub'));
    writeFileSync(join(folder, 'userspace/stub/scap.h'), STUB);
    execFileSync('sh', ['-c', 'cp userspace/libscap/syscall_info_table.c userspace/stub/ 2>/dev/null || :'], { cwd: folder });
    writeFileSync(join(folder, 'dump.c'), DUMP);
    execFileSync('cc', ['-w', '-D_GNU_SOURCE', '-Iuserspace/stub', '-Idriver', 'dump.c', '-o', 'dump'], { cwd: folder });
    return JSON.parse(execFileSync(join(folder, 'dump'), { maxBuffer: 1 << 26, encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const valueTables = new Map();

function valuesId(values) {
  const key = values.map(([name, value]) => `${name} ${value}`).join('\n');
  if (!valueTables.has(key)) valueTables.set(key, valueTables.size);
  return valueTables.get(key);
}

function typeText({ type, fmt, values, dirfd, dyn }) {
  const base = [TYPES[type], FORMATS[fmt]].filter((text) => text !== '').join('/');
  if (values !== undefined) return `${base}#${valuesId(values)}`;
  if (dirfd !== undefined) return `${base}@${dirfd}`;
  return dyn === undefined ? base : `${base}(${dyn.map(typeText).join('|')})`;
}

/** What of a type makes a difference: names are only ever added to a table of values. */
const sameType = (a, b) => a.type === b.type && a.fmt === b.fmt;

function paramText(param, classic) {
  const own = `${param.name.replaceAll(' ', '_')}:${typeText(param)}`;
  if (classic === undefined || sameType(param, classic)) return own;
  return `${own}~${typeText({ ...classic, values: classic.values === undefined ? undefined : (param.values ?? classic.values) })}`;
}

function categoryText(category) {
  const plain = category & 0x1ff;
  if (plain & INTERNAL) return 'internal';
  if (plain & SCHEDULER) return 'scheduler';
  if (plain & WAIT) return 'wait';
  return plain & IO_BASE ? 'io' : CATEGORIES[plain];
}

const flagsText = (flags) =>
  Object.keys(FLAGS)
    .filter((letter) => flags & FLAGS[letter])
    .join('') || '-';

function eventLine(event, classic, id) {
  const flags = flagsText(event.flags);
  const before = classic === undefined ? flags : flagsText(classic.flags);
  const name = classic === undefined || event.name !== 'NA' ? event.name : classic.name;
  const category = categoryText((event.category & 0x1ff) === 0 && classic !== undefined ? classic.category : event.category);
  const params = event.params.map((param, i) => paramText(param, classic?.params[i]));
  return [
    id,
    name.replaceAll(' ', '_'),
    category,
    flags === before ? flags : `${flags}~${before}`,
    classic?.params.length ?? '-',
    ...params,
  ].join(' ');
}

function callLines(newest, classic) {
  const categories = new Map(newest.events.map(({ name, category }) => [name, category]));
  return Object.entries(newest.calls).map(([id, [upper]]) => {
    const known = classic.calls[id];
    const name = known?.[0] ?? upper.toLowerCase();
    return `${id} ${name} ${categoryText(known?.[1] ?? categories.get(name) ?? 1)}`;
  });
}

const HEAD = `/** Generated by scripts/scap-tables.mjs from falcosecurity/libs, commits ${NEWEST.slice(0, 12)} and ${CLASSIC.slice(0, 12)}. */\n`;

/** A text constant of one line per entry. */
const constant = (doc, name, lines) => `\n/** ${doc} */\nexport const ${name} = \`\\\n${lines.join('\n')}\n\`;\n`;

const EVENTS_DOC =
  'id, name, category, flags, how many parameters sysdig 0.29.3 knows, then name:type of each parameter; `~` precedes what 0.29.3 has instead.';
const CALLS_DOC = 'Number, name and category of the system calls, for those without an event type of their own.';
const VALUES_DOC = 'Names of numbers, a line a table: NAME=number, in the order in which sysdig looks.';

const libs = process.argv[2];
if (libs === undefined) throw new Error('usage: node scripts/scap-tables.mjs LIBS');
const newest = tables(libs, NEWEST);
const classic = tables(libs, CLASSIC);
const events = newest.events.map((event, id) => eventLine(event, classic.events[id], id));
const values = [...valueTables.keys()].map((key) => key.replaceAll('\n', ',').replaceAll(' ', '='));
const root = join(import.meta.dirname, '..');
writeFileSync(
  join(root, 'src/scap/event-table.ts'),
  HEAD + constant(EVENTS_DOC, 'EVENTS', events) + constant(CALLS_DOC, 'CALL_NAMES', callLines(newest, classic)),
);
writeFileSync(join(root, 'src/model/scap-values.ts'), HEAD + constant(VALUES_DOC, 'SCAP_VALUES', values));
