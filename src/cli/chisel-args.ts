/** The arguments that sysdig's chisels take, in a lens' words: what there is here as an argument or as a filter, or what to use in its place. */
import { ofCommand } from '../lens/memcache.ts';
import { UsageError } from './exit.ts';

/** What does the work of chisels that have no lens. */
const INSTEAD: Readonly<Record<string, string>> = {
  around: 'trowel read FILE --around NUM:MS shows what was near an event; trowel slice keeps what matches a filter',
  flame: 'sysdig’s tracers are not recorded; trowel export --format perfetto shows requests, lookups and waits as slices',
  shellshock_detect: 'trowel lens commands FILE \'proc.env contains "() {"\', of a file with environments, as sysdig’s have',
  statsd: 'trowel metrics FILE writes numbers for Prometheus',
  tracers_2_statsd: 'sysdig’s tracers are not recorded; trowel metrics FILE writes numbers for Prometheus',
  wsysdig_summary: 'trowel FILE shows the summary',
};

/** sysdig's name of a chisel that has no lens, and what to use. */
export function withoutLens(name: string): UsageError {
  const view = name.startsWith('v_') ? 'it is a view of csysdig; trowel FILE opens the screen' : undefined;
  return new UsageError(`there is no lens for sysdig's chisel ${name}; ${INSTEAD[name] ?? view ?? 'trowel lens -l lists what there is'}`);
}

/** What follows a chisel's name in its own word, `-c 'spy_port 80'`: a part in quotes is one. */
export function chiselWords(text: string): string[] {
  return Array.from(text.matchAll(/"([^"]*)"|'([^']*)'|\S+/g), ([word, double, single]) => double ?? single ?? word);
}

/** Its words, as arguments and filter of the lens. Throws UsageError for what has no counterpart. */
export function lensWords(chisel: string, words: readonly string[]): readonly string[] {
  const kept = words.map((word) => word.replace(/(^| )disable_color$/, '')).filter((word) => word !== '');
  return (OWN[chisel] ?? ((same: readonly string[]) => same))(kept);
}

type Translation = (words: readonly string[]) => readonly string[];

/** Of a file all is shown at once: how often a terminal shows it anew does not matter. */
const refreshed: Translation = (words) => (/^[0-9]+$/.test(words[0] ?? '') ? words.slice(1) : words);

const OWN: Readonly<Record<string, Translation>> = {
  spy_file: spyFile,
  memcachelog: (words) => words.map(memcacheWord),
  spectrogram: refreshed,
  subsecoffset: refreshed,
  httptop: ([by, ...rest]) => {
    if (by === 'time' || by === 'bytes')
      throw new UsageError(`httptop ${by}: trowel lens http-top FILE has the times; most requests come first`);
    return by === undefined || by === 'ncalls' ? rest : [by, ...rest];
  },
  list_login_shells: refusing(/^[\w*/.-]+$/, "list_login_shells COMMAND: trowel lens commands FILE 'proc.cmdline contains COMMAND'"),
  lscontainers: refusing(/^desc$/, 'lscontainers desc: trowel lens containers FILE --json prints what programs read'),
  spy_users: refusing(/^[0-9]+$/, 'spy_users DEPTH: trowel lens tree FILE shows who started whom'),
  spy_logs: refusing(/^[\w/.-]+$/, "spy_logs DUMP: trowel slice FILE 'FILTER' -w OUT keeps a part of a capture"),
  spy_syslog: refusing(/^[\w/.-]+$/, "spy_syslog DUMP: trowel slice FILE 'FILTER' -w OUT keeps a part of a capture"),
};

function refusing(pattern: RegExp, why: string): Translation {
  return (words) => {
    if (words.length > 0 && pattern.test(words[0]!)) throw new UsageError(why);
    return words;
  };
}

/** `R PATH`, `W PATH`, `RW PATH`, `PATH`. */
function spyFile(words: readonly string[]): readonly string[] {
  const [first = '', ...rest] = words;
  const [, way, path] = /^(R|W|RW)(?: (.*))?$/.exec(first) ?? [];
  if (way === undefined) return words;
  const [name, ...filter] = path === undefined ? rest : [path, ...rest];
  if (name === undefined) throw new UsageError(`spy_file ${way}: trowel lens echo FILE 'fd.type=file' shows all files`);
  const only = way === 'RW' ? [] : [way === 'R' ? 'evt.is_io_read=true' : 'evt.is_io_write=true'];
  return [name, ...only, ...(only.length > 0 && filter.length > 0 ? ['and', '(', ...filter, ')'] : filter)];
}

/** A command and a size. */
function memcacheWord(word: string): string {
  if (word === 'get' || word === 'set') return ofCommand(word);
  if (/^[0-9]+$/.test(word)) throw new UsageError('sizes of memcachelog: trowel lens memcache-log FILE --json has them');
  return word;
}

/** `keys keydescs value valuedesc filter top_number value_units`, as a ranking's options. */
export function tableGenerator(words: readonly string[], file: string | null): string[] {
  const [keys, , value, , filter = '', top] = words;
  if (keys === undefined || value === undefined)
    throw new UsageError('table_generator KEYS … VALUE …: trowel lens --by FIELDS --measure LIST FILE [FILTER]');
  const measure = value === 'evt.count' ? 'count' : value === 'evt.latency' ? 'time' : `sum(${value})`;
  const limit = /^[1-9][0-9]*$/.test(top ?? '') ? ['-n', top!] : [];
  return ['lens', 'events', '--by', keys, '--measure', measure, file ?? '--live', ...(filter === 'none' ? [] : [filter]), ...limit];
}
