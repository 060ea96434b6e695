/** What the options of `trowel record` say to the probe, and of where names come from. */
import { readFileSync, statfsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KubeOptions } from '../collector/name-sources.ts';
import { FAMILIES_WITHOUT_NET } from '../collector/pushdown.ts';
import type { Config } from '../collector/wire.ts';
import { findAccess, KubeConfigError } from '../kube/config.ts';
import { parseRules, type Rule } from '../model/redact.ts';
import { SECOND } from '../model/time.ts';
import { say } from '../output/stderr.ts';
import { cgroupError } from './cgroup.ts';
import { UsageError } from './exit.ts';
import type { RecordOptions } from './record.ts';
import { parseSpan } from './span.ts';

const MAX_SNAPLEN = 16_384;
const SNAPLEN_WHOLE = 4096;

/** `broker`: the pid of who starts the command for this process; absent: this process does. */
export function configOf(options: RecordOptions, broker?: number): Config {
  if (options.onlyCommand === true && options.command.length === 0) throw new UsageError('--only-command needs a command behind --');
  if (options.snaplen > MAX_SNAPLEN) throw new UsageError(`-s takes at most ${MAX_SNAPLEN} bytes, not ${options.snaplen}`);
  return {
    ...(options.cgroup === undefined ? {} : { cgroups: options.cgroup.map(cgroupId) }),
    ...(options.net ? {} : { families: FAMILIES_WITHOUT_NET }),
    snaplen: options.snaplen,
    snaplenWhole: Math.max(options.snaplen, SNAPLEN_WHOLE),
    waitOverNs: parseSpan('--wait-over', options.waitOver),
    latency: options.latency,
    excludePids: [process.pid, broker, options.excludePid].filter((pid) => pid !== undefined),
    ...(options.onlyCommand === true ? { pids: [broker ?? process.pid] } : {}),
  };
}

/** What the user named must be right; what is found by itself and is not, leaves pods without the names of the API. */
export function kubeOptions({ kubeconfig, api, cri, docker }: RecordOptions): KubeOptions {
  const named = { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(api === undefined ? {} : { url: api }) };
  const sockets = { ...(cri === undefined ? {} : { cri }), ...(docker === undefined ? {} : { docker }) };
  try {
    findAccess(named);
    return { ...named, ...sockets };
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    if (Object.keys(named).length > 0) throw new UsageError(error.message);
    say(`no names from the Kubernetes API: ${error.message}`);
    return { ...sockets, noApi: true };
  }
}

/** A cgroup's id is the inode of its directory. */
function cgroupId(path: string): string {
  let id: string;
  try {
    id = statSync(path, { bigint: true }).ino.toString();
  } catch {
    throw new UsageError(`--cgroup takes the path of a cgroup's directory below /sys/fs/cgroup, not ${path}`);
  }
  const error = cgroupError(resolve(path), statfsSync(path).type, statfsSync('/sys/fs/cgroup').type);
  if (error !== null) throw new UsageError(`--cgroup ${path}: ${error}`);
  return id;
}

/** ms after which the recording ends; null: it has no such limit. */
export function limitMs({ for: span, seconds }: RecordOptions): number | null {
  const limits = [
    ...(span === undefined ? [] : [{ ms: parseSpan('--for', span) / (SECOND / 1000), option: `--for ${span}` }]),
    ...(seconds === undefined ? [] : [{ ms: seconds * 1000, option: `-M ${seconds}` }]),
  ];
  for (const { ms, option } of limits) if (ms === 0) throw new UsageError(`${option} records nothing`);
  return limits.length === 0 ? null : Math.min(...limits.map(({ ms }) => ms));
}

/** Rules beside those that there are; undefined: nothing is taken out. Throws UsageError. */
export function redactRules(redact: string | true | undefined): readonly Rule[] | undefined {
  if (redact === undefined) return undefined;
  if (redact === true) return [];
  try {
    return parseRules(readFileSync(redact, 'utf8'));
  } catch (error) {
    throw new UsageError(`--redact ${redact}: ${(error as Error).message}`);
  }
}
