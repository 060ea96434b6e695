/**
 * What the probe costs, measured beside what others cost, in interleaved rounds on this machine: `make -C native bench`.
 * Of each figure the least of all rounds counts, of each round the tenth percentile of many short batches: neighbours on
 * a shared machine can only add. Names on the command line choose parts: micro peers saturation sending start idle redis nginx.
 */
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuNs, peakRssMiB, record, type ThreadTimes, threadTimes } from './sink.ts';

const here = import.meta.dirname;
const micro = join(here, '../build/micro');
const subjects = ['getppid', 'read', 'udp-pair', 'open-close'] as const;
type Subject = (typeof subjects)[number];
type Costs = Partial<Record<Subject, number>>;

const rounds = Number(process.env.ROUNDS ?? 5);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const found = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/* ---- Verdicts ---- */

let short = 0;

function judge(what: string, value: number, limit: number, unit: string, more = false): void {
  const passes = more ? value >= limit : value <= limit;
  if (!passes) short++;
  const digits = Math.abs(value) < 10 ? 2 : 0;
  const sign = more ? '>=' : '<=';
  console.log(`  ${passes ? 'pass ' : 'SHORT'}  ${what.padEnd(52)} ${value.toFixed(digits).padStart(10)} ${sign} ${limit} ${unit}`);
}

function tell(what: string, text: string): void {
  console.log(`         ${what.padEnd(52)} ${text}`);
}

/* ---- One call ---- */

/** The client is on CPU 1, the probe and this process on CPU 0, so that each is measured and not their quarrel. */
const canPin = cpus().length > 1;
const allCpus = `0-${cpus().length - 1}`;
const pinned = canPin ? { cpu: 0 } : {};
const onClientCpu = canPin ? ['taskset', '-c', '1'] : [];

function pinSelf(list: string): void {
  if (canPin) execFileSync('taskset', ['-a', '-cp', list, String(process.pid)], { stdio: 'ignore' });
}

async function measure(names: readonly Subject[], prefix: readonly string[] = []): Promise<Costs> {
  const command = [...onClientCpu, ...prefix, micro, ...names];
  const text = await output(command[0] as string, command.slice(1));
  return Object.fromEntries(text.trim().split('\n').map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]));
}

/** What a program prints. This process goes on meanwhile: it is the collector, too. */
function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { maxBuffer: 1 << 20 }, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}

const setups: readonly { readonly name: string; readonly config: object }[] = [
  { name: 'untraced', config: { latency: false, calls: [42] } },
  { name: 'untraced, latency', config: { calls: [42] } },
  { name: 'rejected', config: { latency: false, cgroups: [2 ** 40] } },
  { name: 'rejected, latency', config: { cgroups: [2 ** 40] } },
  { name: 'traced', config: { latency: false } },
  { name: 'traced, latency', config: {} },
];

async function measureRecorded(config: object): Promise<Costs> {
  const recording = await record(config, pinned);
  try {
    return await measure(subjects);
  } finally {
    await recording.stop();
  }
}

function keepLeast(least: Map<string, Costs>, name: string, costs: Costs): void {
  const kept = least.get(name) ?? {};
  for (const subject of subjects) {
    const cost = costs[subject];
    if (cost !== undefined) kept[subject] = Math.min(kept[subject] ?? Number.POSITIVE_INFINITY, cost);
  }
  least.set(name, kept);
}

async function benchMicro(): Promise<void> {
  const least = new Map<string, Costs>();
  pinSelf('0');
  for (let round = 0; round < rounds; round++) {
    await quiet();
    keepLeast(least, 'none', await measure(subjects));
    for (const { name, config } of setups) keepLeast(least, name, await measureRecorded(config));
    keepLeast(least, 'empty programs', await measureEmpty());
  }
  pinSelf(allCpus);
  const base = least.get('none') ?? {};
  const added = (setup: string, subject: Subject) => (least.get(setup)?.[subject] ?? 0) - (base[subject] ?? 0);
  console.log(`\none call, ns added (base: ${subjects.map((s) => `${s} ${base[s]?.toFixed(0)}`).join(', ')})`);
  judge('untraced call, one hook', added('untraced', 'getppid'), 85, 'ns');
  judge('untraced call, with latency', added('untraced, latency', 'getppid'), 115, 'ns');
  tell('the same, two programs that do nothing', `${added('empty programs', 'getppid').toFixed(0)} ns`);
  judge('rejected by a filter in the kernel, read', added('rejected', 'read'), 150, 'ns');
  tell('the same with latency', `${added('rejected, latency', 'read').toFixed(0)} ns`);
  judge('1-byte read, delivered', added('traced', 'read'), 420, 'ns');
  judge('1-byte read, delivered, with latency', added('traced, latency', 'read'), 550, 'ns');
  judge('UDP send + recv, delivered', added('traced', 'udp-pair'), 1000, 'ns');
  tell('the same with latency', `${added('traced, latency', 'udp-pair').toFixed(0)} ns`);
  tell('open + close, delivered', `${added('traced', 'open-close').toFixed(0)} ns, with latency ${added('traced, latency', 'open-close').toFixed(0)} ns`);
}

/** The floor: what the hooks cost when they do nothing. */
async function measureEmpty(): Promise<Costs> {
  const empty = spawn(join(here, '../build/empty'), [join(here, '../build/empty.bpf.o')], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => empty.stdout.once('data', resolve));
  try {
    return await measure(['getppid', 'read']);
  } finally {
    empty.kill();
    await new Promise((resolve) => empty.once('exit', resolve));
  }
}

/* ---- Others, in the same rounds ---- */

async function benchPeers(): Promise<void> {
  pinSelf('0');
  const base = await measure(['getppid', 'read']);
  const strace = found('strace') ? await measure(['read'], ['strace', '-f', '-o', '/dev/null', '-e', 'trace=network,file,desc']) : null;
  const bpftrace = found('bpftrace') ? await measureBpftrace() : null;
  const ours = await measureRecorded({});
  pinSelf(allCpus);
  const times = (peer: Costs | null) => (peer === null ? 0 : ((peer.read ?? 0) - (base.read ?? 0)) / ((ours.read ?? 0) - (base.read ?? 0)));
  console.log('\na traced read by others, as a multiple of ours with latency');
  if (strace === null) tell('strace', 'not installed');
  else judge('strace -f -e trace=network,file,desc', times(strace), 20, 'times', true);
  if (bpftrace === null) tell('bpftrace', 'not installed, or does not run here');
  else judge('bpftrace, printf at the exit of read', times(bpftrace), 10, 'times', true);
  tell('a modern sysdig (falcosecurity/libs, July 2026)', 'read +390 ns, UDP pair +2,000 ns, without latency; not in this run');
}

/** With a tracefs of its own, since that is not mounted everywhere. Null: it does not run here. */
async function measureBpftrace(): Promise<Costs | null> {
  const said = join(mkdtempSync(join(tmpdir(), 'trowel-bpftrace-')), 'said');
  writeFileSync(said, '');
  const script = `BEGIN { printf("attached\\n") } tracepoint:syscalls:sys_exit_read /comm == "micro"/ { printf("%d %d\\n", tid, args->ret); }`;
  const command = 'mount -t tracefs tracefs /sys/kernel/tracing 2> /dev/null; exec bpftrace -o "$1" -e "$0"';
  const tool = spawn('unshare', ['-m', 'sh', '-c', command, script, said], { stdio: 'ignore' });
  const exited = new Promise((resolve) => tool.once('exit', resolve));
  for (let waited = 0; waited < 600 && tool.exitCode === null && !readFileSync(said, 'utf8').includes('attached'); waited++) await sleep(100);
  await sleep(1000); // BEGIN runs before the others are attached
  if (tool.exitCode !== null) return null;
  const costs = await measure(['read']);
  tool.kill('SIGINT');
  await exited;
  return costs;
}

/* ---- As much as goes ---- */

async function benchSaturation(): Promise<void> {
  const seconds = 3;
  const recording = await record({ latency: false, families: ['file'] });
  const before = threadTimes(recording.pid);
  const producers = cpus().slice(0, 2).map((_, i) => startProducer(i, seconds));
  await Promise.all(producers.map((producer) => new Promise((resolve) => producer.once('exit', resolve))));
  await sleep(1500);
  const after = threadTimes(recording.pid);
  const rss = peakRssMiB(recording.pid);
  const totals = await recording.stop();
  report(totals, seconds, before, after, rss);
}

/** At ordinary priority, whatever the benchmark's own: the probe has its turn before those it records. */
function startProducer(cpu: number, seconds: number) {
  const producer = spawn('taskset', ['-c', String(cpu), micro, 'spin', String(seconds)], { stdio: 'ignore' });
  if (producer.pid !== undefined) setPriority(producer.pid, 0);
  return producer;
}

type Totals = Awaited<ReturnType<Awaited<ReturnType<typeof record>>['stop']>>;

function report(totals: Totals, seconds: number, before: ThreadTimes, after: ThreadTimes, rss: number): void {
  const drain = (after.main - before.main) / totals.emitted;
  const send = (after.all - after.main - (before.all - before.main)) / totals.received;
  console.log('\ntwo producers that read 80 bytes as fast as they can');
  judge('kernel to probe', totals.emitted / seconds, 1_000_000, 'events/s', true);
  tell('lost in the ring, and in the queue', `${totals.lostRing} and ${totals.lostQueue} of ${totals.emitted + totals.lostRing}`);
  judge('emitted, but neither received nor reported', totals.emitted - totals.received - totals.lostQueue, 0, 'events');
  judge('to a collector that decodes and drops', totals.received / seconds, 500_000, 'events/s', true);
  judge('drain', drain, 100, 'ns/event');
  judge('encoding and sending', send, 150, 'ns/event');
  judge('peak memory of the probe', rss, 64, 'MiB');
}

/** Encoder and sender alone, at a steady rate and without a kernel side: that differs less from run to run. */
async function benchSending(): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) least = Math.min(least, await sendMadeUp(2000));
  console.log('\nhalf a million events a second that are made up');
  judge('encoding and sending, alone', least, 150, 'ns/event');
}

async function sendMadeUp(ms: number): Promise<number> {
  const recording = await record({}, { probe: process.env.TROWEL_SENDER ?? join(here, '../build/sender') });
  const before = threadTimes(recording.pid);
  await sleep(ms);
  const after = threadTimes(recording.pid);
  const { received } = await recording.stop();
  return (after.all - after.main - (before.all - before.main)) / received;
}

/* ---- Starting, and having nothing to do ---- */

async function benchStart(): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const recording = await record({});
    least = Math.min(least, recording.startNs);
    await recording.stop();
  }
  console.log('\nstarting');
  judge('CPU until the hooks are attached (a modern sysdig: 1.35)', least / 1e9, 0.3, 's');
}

/** Other people's events are no idleness: first with none let through by the kernel, then with whatever happens here. */
async function benchIdle(): Promise<void> {
  const none = await idle({ cgroups: [2 ** 40] });
  const all = await idle({});
  console.log('\nnothing to do');
  judge('CPU, nothing let through (a modern sysdig: 3.4)', none.percent, 0.5, '%');
  tell('CPU, with what happens on this machine', `${all.percent.toFixed(2)} % for ${Math.round(all.rate)} events a second`);
}

async function idle(config: object): Promise<{ percent: number; rate: number }> {
  const seconds = 8;
  const recording = await record(config);
  await sleep(1000);
  const before = threadTimes(recording.pid).all;
  await sleep(seconds * 1000);
  const busy = threadTimes(recording.pid).all - before;
  const totals = await recording.stop();
  return { percent: busy / (seconds * 1e7), rate: totals.received / (seconds + 1) };
}

/*
 * ---- Servers: CPU of both ends for a request ----
 * Both are on one CPU: else what it takes to wake an idle CPU is most of a request, and differs from run to run.
 */

interface Server {
  readonly name: string;
  /** The budget holds with latency, too. */
  readonly strict: boolean;
  readonly pids: () => number[];
  /** Makes requests, and says how many and what CPU that took on the client's side. */
  readonly load: () => Promise<{ readonly requests: number; readonly cpuNs: number }>;
  stop(): void;
}

/** Short turns and many: some of them neighbours leave alone. */
const TURNS = 3;

async function benchServer(start: () => Promise<Server>): Promise<void> {
  const server = await start();
  const kinds = [null, { latency: false }, { latency: false, snaplenWhole: 80 }, {}];
  const least = kinds.map(() => Number.POSITIVE_INFINITY);
  try {
    await server.load();
    for (let turn = 0; turn < rounds * TURNS; turn++) {
      await quiet();
      for (const [i, config] of kinds.entries()) least[i] = Math.min(least[i] as number, await perRequest(server, config));
    }
  } finally {
    server.stop();
  }
  const [none, plain, cut, latency] = least as [number, number, number, number];
  console.log(`\n${server.name}: ${none.toFixed(0)} ns CPU a request, both ends`);
  judge('with everything recorded (a modern sysdig: 20 to 34)', (plain / none - 1) * 100, 20, '%');
  tell('the same with 80 bytes of everything, HTTP too', `${((cut / none - 1) * 100).toFixed(1)} %`);
  const withLatency = (latency / none - 1) * 100;
  if (server.strict) judge('the same with latency', withLatency, 20, '%');
  else tell('the same with latency', `${withLatency.toFixed(1)} %`);
}

async function perRequest(server: Server, config: object | null): Promise<number> {
  const recording = config === null ? null : await record(config, pinned);
  const cpuOfServer = () => server.pids().reduce((sum, pid) => sum + cpuNs(`/proc/${pid}`), 0);
  const before = cpuOfServer();
  const { requests, cpuNs: client } = await server.load();
  const cost = (cpuOfServer() - before + client) / requests;
  await recording?.stop();
  return cost;
}

/** Runs a shell command and returns the CPU time of what it started, by the shell's `times`. */
async function timed(command: string): Promise<number> {
  const text = await output('sh', ['-c', `${onClientCpu.join(' ')} ${command} > /dev/null; times`]);
  const ns = ([, minutes, seconds]: RegExpMatchArray) => (Number(minutes) * 60 + Number(seconds)) * 1e9;
  return [...(text.trim().split('\n').at(-1) as string).matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, match) => sum + ns(match), 0);
}

function startPinned(program: string, args: readonly string[]) {
  const [first, ...rest] = [...onClientCpu, program, ...args];
  return spawn(first as string, rest, { stdio: 'ignore' }); // taskset becomes the program
}

async function startRedis(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-redis-'));
  const process = startPinned('redis-server', ['--port', '16379', '--save', '', '--dir', folder]);
  await sleep(1000);
  const requests = 30_000;
  return {
    name: 'redis GET, 10 clients',
    strict: true,
    pids: () => [process.pid as number],
    load: async () => ({ requests, cpuNs: await timed(`redis-benchmark -p 16379 -c 10 -n ${requests} -t get -q`) }),
    stop: () => process.kill(),
  };
}

async function startNginx(): Promise<Server> {
  const folder = mkdtempSync('/tmp/trowel-nginx-');
  execFileSync('chmod', ['755', folder]);
  writeFileSync(join(folder, '1k'), 'x'.repeat(1024));
  writeFileSync(join(folder, 'nginx.conf'), nginxConf(folder));
  const process = startPinned('nginx', ['-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']);
  await sleep(1000);
  const children = () => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);
  const requests = 15_000;
  return {
    name: 'nginx, 1 KiB file, 1 client',
    strict: false,
    pids: children,
    load: async () => ({ requests, cpuNs: await timed(`${micro} http 18080 ${requests}`) }),
    stop: () => process.kill(),
  };
}

const nginxConf = (folder: string) => `
worker_processes 1; pid ${folder}/pid; error_log /dev/null;
events { worker_connections 64; }
http {
  access_log off; keepalive_requests 1000000000; client_body_temp_path ${folder}; proxy_temp_path ${folder};
  fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:18080; root ${folder}; }
}`;

/* ---- */

/** Another probe on this machine would be measured, too. */
async function quiet(): Promise<void> {
  for (let waited = 0; othersTrace(); waited++) {
    if (waited % 30 === 0) console.error('waiting for another trowel-probe on this machine to end');
    await sleep(1000);
  }
}

function othersTrace(): boolean {
  const isProbe = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('trowel-probe');
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isProbe(name));
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
  micro: benchMicro,
  peers: benchPeers,
  saturation: benchSaturation,
  sending: benchSending,
  start: benchStart,
  idle: benchIdle,
  redis: () => (found('redis-benchmark') ? benchServer(startRedis) : Promise.resolve(console.log('\nredis: not installed'))),
  nginx: () => (found('nginx') ? benchServer(startNginx) : Promise.resolve(console.log('\nnginx: not installed'))),
};

const chosen = process.argv.slice(2);
console.log(`${cpus().length} × ${cpus()[0]?.model}, Linux ${execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()}; the least of ${rounds} rounds`);
for (const [name, run] of Object.entries(parts)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  await quiet();
  await run();
}
console.log(short === 0 ? '\nall budgets are met' : `\n${short} of the budgets are not met`);
process.exit(0);
