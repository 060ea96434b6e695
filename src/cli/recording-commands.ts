/** The commands that record, with their options. */
import { type Command, Option } from 'commander';
import { count, repeated } from './option-values.ts';

/** `after`: the words behind `--`. */
export function recordingCommands(trowel: Command, after: readonly string[]): void {
  recordCommand(trowel, after);
  snapshotCommand(trowel);
  kubeCommand(trowel);
  ownCommands(trowel);
  collectCommand(trowel);
}

function recordCommand(trowel: Command, after: readonly string[]): void {
  trowel
    .command('record [filter...]')
    .description('record this node until Ctrl-C, or until the command behind -- ends')
    .option('-w, --write <file>', 'capture to write (default: trowel-DATE.trowel)')
    .option('--for <span>', 'end after a time, such as 10s')
    .option('-n, --events <n>', 'end after so many events', count)
    .option('-M, --seconds <n>', 'end after so many seconds', count)
    .option('-s, --snaplen <n>', 'payload bytes kept of one operation', count, 80)
    .option('-C, --file-size <mb>', 'go on in another file after so many megabytes: FILE-1, FILE-2 …', count)
    .option('-G, --file-seconds <n>', 'go on in another file after so many seconds', count)
    .option('-e, --file-events <n>', 'go on in another file after so many events', count)
    .option('-W, --files <n>', 'with -C, -G or -e: keep the last so many files; with --ring: so many saved captures', count)
    .option('--ring <size>', 'keep the last stretch only, such as 10m or 2GB, and save from it into the folder -w; both: 10m,2GB', repeated)
    .option('--keep-free <share>', 'with --ring: give up old parts while the disk has less free, such as 5%')
    .option(
      '--on <filter>',
      'with --ring: save when an event matches, or the doctor finds something: doctor, doctor:CHECK; may be repeated',
      repeated,
    )
    .option('--pre <span>', 'with --ring: save from so long before (default: 60s)')
    .option('--post <span>', 'with --ring: and until so long after (default: 10s)')
    .option('--max-saves <n>', 'with --ring: save at most so often in an hour (default: 6)', count)
    .option('--upload <to>', 'with --ring: what is saved also goes to a folder, http(s)://HOST/PATH by PUT, or s3://BUCKET/PATH')
    .option('--max-cpu <share>', `record less while recording costs more of a CPU, such as 5%: first no ipc, then no file, wait, net`)
    .option('--redact [file]', 'store no passwords, tokens, cookies, keys, environments; FILE has more, a regular expression a line')
    .option('--wait-over <span>', 'record blocking waits from this duration on', '1ms')
    .option('--no-latency', 'do not measure how long calls take: cheaper for the node')
    .option('--cgroup <path>', 'record only what is in this cgroup, or below; may be repeated', repeated)
    .option(
      '--kubeconfig <file>',
      'names of pods and services from this cluster (default: $KUBECONFIG, ~/.kube/config, the pod’s own account)',
    )
    .option('-k, --api <url>', 'names from the Kubernetes API at this URL')
    .option('--cri <socket>', 'names from this container runtime (default: where it usually listens)')
    .option('--docker <socket>', 'names from this Docker (default: /var/run/docker.sock)')
    .option('--no-k8s', 'look for no names but those in the cgroups')
    .option('--no-net', 'leave out what the kernel says of connections: retransmissions, resets, dropped packets')
    .option('--no-node', 'do not look at the node’s network: interfaces, routes, rules, sockets')
    .option('--netns <netns>', 'the network namespace that counts as the node’s: a name, a pid or a path')
    .option('--only-command', 'record only the command behind -- and what it starts')
    .option('--json', 'print the summary as JSON')
    .addOption(new Option('--exclude-pid <pid>', 'leave the events of a process out').argParser(count).hideHelp())
    .action(async (words: string[], options) => (await import('./record.ts')).record(words.join(' '), { ...options, command: after }));
}

function snapshotCommand(trowel: Command): void {
  trowel
    .command('snapshot')
    .description('let the running flight recorder (record --ring) save what led to now')
    .option('--pid <pid>', 'of the recorder, where several run', count)
    .option('-j, --json', 'as JSON')
    .action(async (options) => (await import('./snapshot.ts')).snapshot(options));
}

function kubeCommand(trowel: Command): void {
  trowel
    .command('kube <target> [filter...]')
    .description('record on a node of a cluster, or what a pod does, through kubectl: kubectl trowel NODE|NAMESPACE/POD does the same')
    .option('-w, --write <file>', 'capture to write, here (default: TARGET-DATE.trowel)')
    .option('--for <span>', 'end after a time; Ctrl-C ends it earlier', '60s')
    .option('-n, --namespace <name>', 'of the pod that is named')
    .option('--redact', 'store no passwords, tokens, cookies, keys, environments')
    .option('--image <name>', 'of the recorder, as scripts/image-root makes it (default: the daemon set’s)')
    .option('--template <file>', 'the daemon set whose pod records (default: deploy/daemonset.yaml of this package)')
    .option('--kubeconfig <file>', 'for kubectl')
    .option('--context <name>', 'for kubectl')
    .action(async (target: string, words: string[], options) => (await import('./kube.ts')).kubeRecord(target, words.join(' '), options));
}

/** What the flight recorder starts itself as. */
function ownCommands(trowel: Command): void {
  trowel.command('flight-upload', { hidden: true }).action(async () => (await import('./flight-upload.ts')).flightUpload());
  trowel.command('flight-save', { hidden: true }).action(async () => (await import('./flight-save.ts')).flightSave());
}

function collectCommand(trowel: Command): void {
  trowel
    .command('collect [filter...]')
    .description('the collector alone: probes on other nodes push to it, each into a capture of its own')
    .requiredOption('--listen <address>', 'HOST:PORT or unix:PATH')
    .option('-w, --write <folder>', 'where the captures go', '.')
    .option('--store <store>', 'send them to a store, clickhouse://HOST:8123/DATABASE; what it does not take yet waits in -w')
    .option('--spool-mb <n>', 'with --store: megabytes that may wait; the oldest are given up, and counted', count, 10_000)
    .option('-s, --snaplen <n>', 'payload bytes kept of one operation', count, 80)
    .option('--wait-over <span>', 'record blocking waits from this duration on', '1ms')
    .option('--no-latency', 'do not measure how long calls take')
    .option('--no-net', 'leave out what the kernel says of connections: retransmissions, resets, dropped packets')
    .option('--redact [file]', 'store no passwords, tokens, cookies, keys, environments; FILE has more, a regular expression a line')
    .option(
      '--kubeconfig <file>',
      'names of pods and services from this cluster, asked once for all nodes (default: in a cluster, the pod’s own account)',
    )
    .option('-k, --api <url>', 'names from the Kubernetes API at this URL')
    .option('--names-from <address>', 'names from another collector, HOST:PORT, which asks the API for all of them')
    .option('--no-k8s', 'look for no names but those in the cgroups')
    .option('--max-probes <n>', 'take so many probes at a time', count, 256)
    .option('--tls-cert <file>', 'certificate of this collector (PEM), with --tls-key')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option('--tls-ca <file>', 'take only probes that show a certificate that these authorities signed (PEM)')
    .option('--insecure', 'listen beyond this machine without TLS')
    .action(async (words: string[], options) => (await import('./collect.ts')).collect(words.join(' '), options));
}
