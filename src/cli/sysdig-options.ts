/** sysdig 0.29's options, and what becomes of each: it is done, needs nothing done, or is refused with what to use instead. */

export interface SysdigOption {
  /** The letter; empty: it has only the long name. */
  readonly short: string;
  readonly long: string;
  /** What its value is called; empty: it takes none. */
  readonly value: string;
  /** `done`: as in sysdig; `nothing`: accepted, since there is nothing to do; `refused`: an error that says `why`. */
  readonly fate: 'done' | 'nothing' | 'refused';
  /** What it does here, why nothing is to do, or what to use instead. */
  readonly why: string;
}

const option = (fate: SysdigOption['fate'], names: string, why: string): SysdigOption => {
  const found = /^(?:-(\w), )?--([\w-]+)(?: <(.*)>)?$/.exec(names)!;
  return { short: found[1] ?? '', long: found[2]!, value: found[3] ?? '', fate, why };
};
const done = (names: string, why: string) => option('done', names, why);
const nothing = (names: string, why: string) => option('nothing', names, why);
const refused = (names: string, why: string) => option('refused', names, why);

// biome-ignore format: a table
export const SYSDIG_OPTIONS: readonly SysdigOption[] = [
  done('-A, --print-ascii', 'read -A'),
  done('-b, --print-base64', 'read -b'),
  refused('-B, --bpf <probe>', 'the probe is a part of trowel record: leave it out'),
  done('-c, --chisel <name>', 'trowel lens NAME; its arguments stand behind it, or in the same word; without -r: of a recording that begins now (--live)'),
  done('-C, --file-size <MB>', 'record -C: FILE-1, FILE-2 …'),
  refused('--cri <socket>', 'use trowel record --cri SOCKET'),
  nothing('--cri-timeout <ms>', 'names are asked for beside the recording and hold nothing up'),
  nothing('--disable-cri-async', 'names are asked for beside the recording and hold nothing up'),
  nothing('-d, --displayflt', 'filters never keep Trowel from knowing processes and descriptors'),
  nothing('-D, --debug', 'it is about sysdig itself'),
  done('-e, --events <n>', 'record -e'),
  nothing('-E, --exclude-users', 'users are few and cost nothing'),
  nothing('-F, --fatfile', 'a capture always holds what is needed to know processes and descriptors'),
  nothing('--filter-proclist', 'a capture has the processes that its events need'),
  done('-G, --seconds <n>', 'record -G'),
  refused('-H, --plugin <name>', 'there are no plugins; Kubernetes’ names are known without'),
  done('-i, --chisel-info <name>', 'trowel lens -l NAME: what it shows'),
  refused('-I, --input <plugin>', 'there are no plugins; trowel record records this node'),
  done('-j, --json', 'read -j; with -p the fields of the format'),
  done('-k, --k8s-api <url>', 'record -k URL; a file that is read has its names in it'),
  refused('-K, --k8s-api-cert <file>', 'use trowel record --kubeconfig FILE'),
  done('-l, --list', 'trowel fields'),
  done('--list-chisels', 'trowel lens -l'),
  done('--list-markdown', 'trowel fields --markdown'),
  refused('--list-inputs', 'there are no plugins; trowel record records this node'),
  refused('-L, --list-events', 'trowel lens calls FILE lists the event types of a capture'),
  refused('--libs-version', 'there are none of Falco’s libraries in Trowel; trowel version says what it is'),
  nothing('--large-environment', 'environments are kept as long as they are'),
  refused('-m, --mesos-api <url>', 'Mesos is not supported'),
  done('-M, --max-seconds <n>', 'record -M; of a file, what happened in its first seconds'),
  done('-n, --numevents <n>', 'record -n, read -n, import -n'),
  nothing('--node-name <name>', 'names are asked for of the pods that appear'),
  nothing('-N, --no-resolve', 'ports are numbers anyway'),
  refused('--page-faults', 'page faults are not recorded'),
  nothing('-P, --progress', 'a terminal shows it anyway'),
  refused('--plugin-config-file <file>', 'there are no plugins'),
  done('-p, --print <format>', 'read -p, and lens -p for k and c'),
  done('-q, --quiet', 'read -q'),
  done('-r, --read <file>', 'trowel read FILE, and so on'),
  refused('-R, --resolve-ports', 'ports stay numbers: %fd.sproto and %fd.cproto print their names'),
  done('-S, --summary', 'read --summary: the kinds of events and how many there were, after the events'),
  done('-s, --snaplen <n>', 'record -s; a file has what it has'),
  done('-t, --timetype <form>', 'read -t'),
  refused('-T, --force-tracers-capture', 'tracers are not supported; record -s N keeps more of each payload'),
  nothing('--unbuffered', 'what a file holds is there at once'),
  refused('-u, --udig', 'the probe needs the kernel'),
  refused('-U, --suppress-comm <name>', 'add to the filter: proc.name!=NAME'),
  done('-v, --verbose', 'read -v: payloads in full; -S has the summary'),
  done('-w, --write <file>', 'record -w, or import -w; Trowel’s format'),
  done('-W, --limit <n>', 'record -W: the last N files are kept'),
  done('-x, --print-hex', 'read -x'),
  done('-X, --print-hex-ascii', 'read -X'),
  nothing('-z, --compress', 'captures are always compressed'),
];
