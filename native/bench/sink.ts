/** A collector for the benchmark: it takes what the probe sends, counts it and keeps nothing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { widenWindows } from '../../src/collector/window.ts';

const here = import.meta.dirname;
const root = protobuf.loadSync(join(here, '../../proto/trowel.proto'));
const FromProbe = root.lookupType('trowel.v1.FromProbe');
const ToProbe = root.lookupType('trowel.v1.ToProbe');

/** CPU time in ns of the threads of a process, by the kernel's scheduler. The first is the one that drains the ring. */
export interface ThreadTimes {
  readonly main: number;
  readonly all: number;
}

export interface Totals {
  readonly received: number;
  /** By the probe's own word: ring and queue. */
  readonly lostRing: number;
  readonly lostQueue: number;
  /** What the kernel side wrote into the ring. */
  readonly emitted: number;
  readonly cpuS: number;
}

export interface Recording {
  readonly pid: number;
  /** CPU time of the probe until it was ready, in ns. */
  readonly startNs: number;
  stop(): Promise<Totals>;
}

// biome-ignore lint/suspicious/noExplicitAny: messages as protobufjs decodes them
type Message = any;

export function threadTimes(pid: number): ThreadTimes {
  const times = readdirSync(`/proc/${pid}/task`).map((tid) => [Number(tid), cpuNs(`/proc/${pid}/task/${tid}`)] as const);
  return { main: times.find(([tid]) => tid === pid)?.[1] ?? 0, all: times.reduce((sum, [, ns]) => sum + ns, 0) };
}

/** CPU time of one thread in ns. */
export function cpuNs(folder: string): number {
  return Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]);
}

export function peakRssMiB(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Starts the probe, or what stands in for it, and resolves when its hooks are attached. `cpu`: where both are pinned. */
export async function record(config: object, options: { readonly cpu?: number; readonly probe?: string } = {}): Promise<Recording> {
  const socket = join(mkdtempSync(join(tmpdir(), 'trowel-bench-')), 'sock');
  const counted = { received: 0, lostRing: 0, lostQueue: 0, emitted: new Map<string, number>(), cpuS: 0 };
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let call: Message = null;

  widenWindows(); // as the collector does
  const server = new grpc.Server({ 'grpc.max_receive_message_length': 1 << 26 });
  server.addService(service, {
    Record(stream: Message) {
      call = stream;
      stream.on('data', (message: Message) => {
        if (message.hello) stream.write({ config: { ...defaults, ...config, excludePids: [process.pid] } });
        if (message.ready) ready.resolve();
        if (message.batch) count(counted, message.batch);
        if (message.bye) counted.cpuS = message.bye.cpuS;
      });
      stream.on('end', () => stream.end());
      stream.on('error', () => {});
    },
  });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())),
  );
  const probe = startProbe(socket, options);
  probe.on('error', ready.reject);
  probe.on('exit', (code) => {
    if (code !== 0) ready.reject(new Error(`the probe ended with ${code}`));
    server.forceShutdown();
    ended.resolve();
  });
  await ready.promise;
  const pid = probe.pid as number;
  return {
    pid,
    startNs: threadTimes(pid).all,
    async stop() {
      call.write({ stop: {} });
      await ended.promise;
      const emitted = [...counted.emitted.values()].reduce((sum, n) => sum + n, 0);
      return { ...counted, emitted };
    },
  };
}

const defaults = { snaplen: 80, snaplenWhole: 4096, waitOverNs: 1_000_000, latency: true };

const service = {
  Record: {
    path: '/trowel.v1.Collector/Record',
    requestStream: true,
    responseStream: true,
    requestDeserialize: (bytes: Buffer) => FromProbe.decode(bytes),
    responseSerialize: (message: object) => Buffer.from(ToProbe.encode(ToProbe.fromObject(message)).finish()),
    requestSerialize: (value: Buffer) => value,
    responseDeserialize: (value: Buffer) => value,
  },
};

function startProbe(socket: string, { cpu, probe = probeToMeasure() }: { readonly cpu?: number; readonly probe?: string }): ChildProcess {
  const command = cpu === undefined ? [probe] : ['taskset', '-c', String(cpu), probe];
  return spawn(command[0] as string, [...command.slice(1), `unix:${socket}`], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Another one, to compare with, if it is named. */
function probeToMeasure(): string {
  return process.env.TROWEL_PROBE ?? join(here, '../build/trowel-probe');
}

function count(counted: { received: number; lostRing: number; lostQueue: number; emitted: Map<string, number> }, batch: Message): void {
  counted.received += batch.n;
  for (const loss of batch.losses) {
    if (loss.reason === 0) counted.lostRing += Number(loss.count);
    else counted.lostQueue += Number(loss.count);
  }
  for (const counter of batch.counters) counted.emitted.set(`${counter.cpu} ${counter.family}`, Number(counter.emitted));
}
