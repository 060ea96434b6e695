/** `trowel collect`: the collector alone. Probes elsewhere push to it; each recording becomes a capture of its own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NamesClient } from '../collector/names-client.ts';
import { FAMILIES_WITHOUT_NET } from '../collector/pushdown.ts';
import { CollectorServer, type ServerKeys } from '../collector/server.ts';
import { Session } from '../collector/session.ts';
import { SharedNames } from '../collector/shared-names.ts';
import type { Bye, Hello } from '../collector/wire.ts';
import { compileFilter } from '../filter/compile.ts';
import { expanded } from '../filter/definitions.ts';
import { withPackets } from '../filter/with-packets.ts';
import { ApiClient } from '../kube/api.ts';
import { findAccess, KubeConfigError } from '../kube/config.ts';
import { Watcher } from '../kube/watcher.ts';
import { newTables } from '../model/rows.ts';
import { steadyNow } from '../model/steady.ts';
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { StoredSegments, spoolFolder, spoolInto } from './collect-store.ts';
import { definitions } from './definitions.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { makeFolder } from './folder.ts';
import { isBroken, lostText } from './lost.ts';
import { keepRecorderSmall } from './memory.ts';
import { redactRules } from './record-config.ts';
import { parseSpan } from './span.ts';

export interface CollectOptions {
  readonly listen: string;
  readonly write: string;
  readonly snaplen: number;
  readonly waitOver: string;
  readonly latency: boolean;
  /** False: what the kernel says of connections is left out. */
  readonly net: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  /** Anybody may connect, or listen in, from anywhere. */
  readonly insecure?: boolean;
  /** Recordings go there by way of a folder in `write`. */
  readonly store?: string;
  readonly spoolMb: number;
  /** A file of rules, or true: those that there are. */
  readonly redact?: string | true;
  readonly kubeconfig?: string;
  readonly api?: string;
  /** HOST:PORT of a collector that has names. */
  readonly namesFrom?: string;
  /** False: no names are asked for. */
  readonly k8s: boolean;
  /** At one time. */
  readonly maxProbes: number;
}

const SNAPLEN_WHOLE = 4096;
/** How long probes may take to send what they have, after they were told to stop. */
const GOODBYE_MS = 10_000;
/** Characters of a node in a file's name, which may have 255 with its date and its log. */
const LONGEST_NODE = 180;

export async function collect(filterText: string, options: CollectOptions): Promise<void> {
  keepRecorderSmall();
  const asked = expanded(filterText, definitions());
  compileFilter(asked, { dims: newTables(), epoch: 0n, hostname: '', growing: false }); // a mistake must show before anything is started
  const filter = withPackets(asked);
  requireAddress(options.listen);
  requirePrivacy(options);
  const redact = redactRules(options.redact);
  const config = {
    snaplen: options.snaplen,
    snaplenWhole: Math.max(options.snaplen, SNAPLEN_WHOLE),
    waitOverNs: parseSpan('--wait-over', options.waitOver),
    latency: options.latency,
    ...(options.net ? {} : { families: FAMILIES_WITHOUT_NET }),
  };
  makeFolder('-w', options.write);
  const spool = options.store === undefined ? null : spoolInto(options.store, spoolFolder(options.write), options.spoolMb * 1e6);
  const folder = spool?.folder ?? options.write;
  const names = sharedNames(options);
  const sessions = new Set<Session>();
  const server = new CollectorServer(
    (control) => {
      let path = '';
      const segments = spool === null ? null : new StoredSegments(spool);
      const pathFor = (hello: Hello) => {
        path = newPath(folder, hello.hostname);
        segments?.begin(path);
        say(`${sanitize(hello.hostname)}: recording into ${path}`);
        return path;
      };
      const onEnd = (bye: Bye | null, error: Error | null) => {
        sessions.delete(session);
        segments?.end();
        if (path !== '')
          say(
            `${path}: ${session.totals?.stored ?? 0} events, ${lostText(session.totals?.lost ?? 0, isBroken(bye, error))}${error === null ? '' : `; ${error.message}`}`,
          );
      };
      const command = `collect --listen ${options.listen}`;
      const session = new Session(
        {
          path: pathFor,
          filter,
          config,
          command,
          onEnd,
          ...(segments === null ? {} : { segments }),
          ...(redact === undefined ? {} : { redact }),
          ...(names === null ? {} : { names: names.shared }),
        },
        control,
      );
      sessions.add(session);
      return session;
    },
    { probes: options.maxProbes },
  );
  if (names !== null) server.share(names.shared);
  const askedToEnd = interrupted(); // from before anybody hears that it listens
  const bound = await server.listen(options.listen, keysOf(options)).catch((error: NodeJS.ErrnoException) => {
    const code = /EACCES|permission denied/i.test(error.message) ? EXIT.PRIVILEGE : EXIT.FAILED;
    throw new Exit(code, `cannot listen on ${options.listen}: ${error.message}`);
  });
  say(`listening on ${bound}: trowel-probe ${options.tlsCert === undefined ? '' : '--tls '}ADDRESS on each node`);
  await askedToEnd;
  for (const session of sessions) session.stop();
  await gone(sessions);
  await spool?.end();
  if (spool !== null && spool.waiting.length > 0) say(`${spool.waiting.length} files wait in ${folder}; the next collector sends them`);
  await server.close();
  names?.stop();
}

/** Where names for all nodes come from. */
interface Names {
  readonly shared: SharedNames;
  stop(): void;
}

/** One watcher for all nodes, or another collector's; null: no API is named, and this is no pod of a cluster. Throws UsageError for an API that cannot be asked. */
function sharedNames(options: CollectOptions): Names | null {
  const { k8s, kubeconfig, api, namesFrom } = options;
  if (!k8s) return null;
  if (namesFrom !== undefined) return namesOfAnother(namesFrom, options);
  const isNamed = kubeconfig !== undefined || api !== undefined;
  if (!isNamed && process.env.KUBERNETES_SERVICE_HOST === undefined) return null;
  try {
    const access = findAccess({ ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(api === undefined ? {} : { url: api }) });
    if (access === null) return null;
    const shared: SharedNames = new SharedNames(() => (watcher.sourceError === null ? [] : [watcher.sourceError]));
    const watcher = new Watcher(new ApiClient(access), shared.sink);
    watcher.start();
    return { shared, stop: () => watcher.stop() };
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    if (isNamed) throw new UsageError(error.message);
    say(`no names from the Kubernetes API: ${error.message}`);
    return null;
  }
}

function namesOfAnother(address: string, options: CollectOptions): Names {
  if (options.kubeconfig !== undefined || options.api !== undefined)
    throw new UsageError('--names-from takes the place of --kubeconfig and --api');
  const keys = keysOf(options);
  if (keys === null && !isLocal(address) && options.insecure !== true)
    throw new UsageError(
      `--names-from ${address} is elsewhere, and nothing would be encrypted: give --tls-cert, --tls-key and --tls-ca, or --insecure`,
    );
  const shared: SharedNames = new SharedNames(() => (client.sourceError === null ? [] : [client.sourceError]));
  const client = new NamesClient(address, keys, shared.sink);
  client.start();
  return { shared, stop: () => client.stop() };
}

/** NODE-DATE.trowel, with a number where that is taken. A node's name comes over the wire: it makes no path. */
export function newPath(folder: string, hostname: string): string {
  const node =
    hostname
      .replace(/[^A-Za-z0-9.-]/g, '_')
      .replace(/^\.+/, '')
      .slice(0, LONGEST_NODE) || 'node';
  const stem = join(folder, `${node}-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`);
  for (let n = 1; ; n++) {
    const path = `${stem}${n === 1 ? '' : `-${n}`}.trowel`;
    if (!existsSync(path)) return path;
  }
}

/** Throws UsageError for what is neither HOST:PORT nor unix:PATH. */
export function requireAddress(listen: string): void {
  const [, host = '', port = ''] = /^(.*):([0-9]+)$/.exec(listen) ?? [];
  if (listen.startsWith('unix:') ? listen === 'unix:' : host === '' || Number(port) > 65_535)
    throw new UsageError(`--listen takes HOST:PORT or unix:PATH, not ${listen}`);
}

/** What is recorded are others' secrets: it goes over a network only encrypted, unless the user says otherwise. Throws UsageError. */
function requirePrivacy({ listen, tlsCert, tlsCa, insecure = false }: CollectOptions): void {
  if (isLocal(listen) || insecure) return;
  if (tlsCert === undefined)
    throw new UsageError(
      `--listen ${listen} can be reached from elsewhere, and nothing would be encrypted: give --tls-cert, --tls-key and --tls-ca, or --insecure`,
    );
  if (tlsCa === undefined)
    say('any probe may connect and write captures here: --tls-ca takes only those with a certificate of your authority');
}

/** Whether only this machine can reach an address. */
export function isLocal(listen: string): boolean {
  if (listen.startsWith('unix:')) return true;
  const host = listen.slice(0, listen.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
  return host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}

function keysOf({ tlsCert, tlsKey, tlsCa }: CollectOptions): ServerKeys | null {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return null;
  if (tlsCert === undefined || tlsKey === undefined) throw new UsageError('--tls-cert and --tls-key belong together');
  return { certificate: pem(tlsCert), key: pem(tlsKey), authorities: tlsCa === undefined ? null : pem(tlsCa) };
}

function pem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

async function gone(sessions: ReadonlySet<Session>): Promise<void> {
  for (const end = steadyNow() + GOODBYE_MS; sessions.size > 0 && steadyNow() < end; )
    await new Promise((resolve) => setTimeout(resolve, 20));
}
