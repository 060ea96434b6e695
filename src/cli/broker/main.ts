/** The broker: the process that stays root under sudo. It does what is in REQUESTS for the collector that started it, and ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { setPriority } from 'node:os';
import type { NameSources } from '../../collector/name-sources.ts';
import { ThreadLooks } from '../../collector/node-looks.ts';
import { programTime } from '../../collector/own-cost.ts';
import { ProbeProcess } from '../probe-process.ts';
import { type Child, Lines, MAX_ORDER, MAX_REQUEST, type Order, REQUESTS, type Request, type Word } from './words.ts';

const ERRORS_EVERY_MS = 250;
/** As often as the collector looks at what recording costs. */
const PROGRAMS_EVERY_MS = 1000;
/** As src/collector/priority.ts has it. */
const NICE = -5;
/** Bytes that wait for a collector that does not read: names behind that are left out, and told. */
const MOST_WAITING = 64 << 20;

process.on('SIGUSR1', () => {}); // Node's own answer is a debugger, which whoever runs programs here could give orders as root

const channel = new Socket({ fd: 3 });
const parent = process.ppid;
let order: Order | null = null;
let looks: ThreadLooks | null = null;
let names: NameSources | null = null;
let probe: ProbeProcess | null = null;
let command: ChildProcess | null = null;
let leftOut = 0;
let said = '';
let timer: NodeJS.Timeout | undefined;
const done = new Set<Request>();

const say = (word: Word) => void channel.write(`${JSON.stringify(word)}\n`);
function sayName(word: Word): void {
  if (channel.writableLength > MOST_WAITING) leftOut++;
  else say(word);
}

function begin(given: Order): void {
  order = given;
  if (given.node === undefined) return;
  looks = new ThreadLooks(given.node);
  looks.begin({
    seen: (snapshot) => say({ snapshot }),
    failed: (reason) => say({ noLooks: reason }),
    over: () => say({ noLooks: null }),
  });
}

function startProbe({ address }: Order): void {
  try {
    probe = new ProbeProcess(address);
    if (probe.pid !== undefined) tellOf(probe.pid);
    void probe.exited.then((code) => say({ ended: 'probe', code }));
  } catch (error) {
    failed('probe', error as Error);
  }
}

function tellOf(pid: number): void {
  say({ started: 'probe', pid });
  setInterval(() => {
    const programs = programTime(pid);
    if (programs !== null) say({ programs });
  }, PROGRAMS_EVERY_MS).unref();
}

const failed = (failed: Child, { message }: Error) => say({ failed, reason: message });

function startCommand({ command: [file, ...args] }: Order): void {
  if (file === undefined) return;
  command = spawn(file, args, { stdio: 'inherit' });
  if (command.pid !== undefined) say({ started: 'command', pid: command.pid });
  command.on('error', (error) => failed('command', error));
  command.on('exit', (code) => {
    command = null;
    say({ ended: 'command', code: code ?? 1 });
  });
}

async function startNames({ kube }: Order): Promise<void> {
  if (kube === undefined) return;
  const { NameSources: Sources } = await import('../../collector/name-sources.ts');
  names = new Sources(kube, (of) => ({
    object: (object) => sayName({ of, object }),
    container: (container) => sayName({ of, container }),
    gone: (gone) => sayName({ of, gone }),
    containerGone: (containerGone) => sayName({ of, containerGone }),
    event: (event) => sayName({ of, event }),
  }));
  names.start();
  timer = setInterval(() => sayErrors(false), ERRORS_EVERY_MS);
}

function sayErrors(last: boolean): void {
  const behind = leftOut === 0 ? [] : [`${leftOut} names were left out: the collector did not take them`];
  const nameErrors = [...(names?.errors ?? []), ...behind];
  const text = JSON.stringify(nameErrors);
  if (last || text !== said) say({ nameErrors, last });
  said = text;
}

function endNames(): void {
  clearInterval(timer);
  names?.stop();
  sayErrors(true);
}

const WORK: Readonly<Record<Request, (given: Order) => void>> = {
  probe: startProbe,
  'end-probe': () => void probe?.end(),
  command: startCommand,
  'end-command': () => void command?.kill('SIGTERM'),
  names: (given) => void startNames(given),
  'end-names': endNames,
  'last-look': () => looks?.last(),
  'end-looks': () => void looks?.end(),
  raise: ({ pid }) => {
    if (process.ppid === pid) setPriority(pid, NICE);
  },
};
/** As often as is asked; everything else once. */
const OFTEN: readonly Request[] = ['raise'];

function take(line: string): void {
  if (order === null) {
    begin(JSON.parse(line) as Order);
    return;
  }
  const request = REQUESTS.find((one) => one === line);
  if (request === undefined) channel.destroy();
  if (request === undefined || (done.has(request) && !OFTEN.includes(request))) return;
  done.add(request);
  WORK[request](order);
}

/** The collector has ended, in whatever way. */
async function end(): Promise<void> {
  clearInterval(timer);
  names?.stop();
  command?.kill('SIGTERM');
  await Promise.all([looks?.end(), probe?.end()]);
  for (const path of order?.remove ?? []) rmSync(path, { recursive: true, force: true });
  process.exit(0);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {}); // the collector's to take
const lines = new Lines(
  () => (order === null ? MAX_ORDER : MAX_REQUEST),
  take,
  () => channel.destroy(),
);
channel.on('data', (bytes: Buffer) => lines.take(bytes));
channel.on('error', () => {});
channel.once('close', () => void end());
if (parent === 1) channel.destroy();
