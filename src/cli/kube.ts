/** `kubectl trowel NODE|POD`: records on a node of a cluster by a job of its own, brings the capture home, and takes the job away. */
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileFilter } from '../filter/compile.ts';
import { expanded } from '../filter/definitions.ts';
import { packageRoot } from '../model/package-root.ts';
import { newTables } from '../model/rows.ts';
import { steadyNow } from '../model/steady.ts';
import { SECOND } from '../model/time.ts';
import { say } from '../output/stderr.ts';
import { CaptureReader } from '../store/reader.ts';
import { definitions } from './definitions.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { jobOf, readTemplate, type Template } from './kube-job.ts';
import { OVER } from './kube-pod.ts';
import { ended, Kubectl, KubectlError } from './kubectl.ts';
import { parseSpan } from './span.ts';
import { newTarget } from './target.ts';

export interface KubeRecordOptions {
  readonly write?: string;
  readonly for: string;
  /** Of the pod that is named. */
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly image?: string;
  /** The daemon set whose pod it is. */
  readonly template?: string;
  /** Secrets are taken out on the node already. */
  readonly redact?: true;
}

/** Where to record, and what of it. */
interface Place {
  readonly node: string;
  readonly filter: string;
}

const START_MS = 120_000;
const LOOK_MS = 500;
/** Times that a log which broke off is taken up again. */
const FOLLOWS = 20;
/** What a container waits for that will not come by waiting. */
const HOPELESS = /^(ErrImage|ImagePullBackOff|InvalidImageName|CreateContainer|RunContainerError|ImageInspectError)/;

export async function kubeRecord(target: string, filterText: string, options: KubeRecordOptions): Promise<void> {
  const filter = expanded(filterText, definitions());
  compileFilter(filter, { dims: newTables(), epoch: 0n, hostname: '', growing: false }); // a mistake must show before anything is started
  const seconds = Math.ceil(parseSpan('--for', options.for) / SECOND);
  const template = readTemplate(options.template ?? join(packageRoot(), 'deploy/daemonset.yaml'));
  const path = newTarget(
    options.write ??
      `${target.replace(/[^A-Za-z0-9.-]/g, '_').replace(/^[.-]+/, '')}-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.trowel`,
  );
  const kubectl = new Kubectl([
    ...(options.kubeconfig === undefined ? [] : ['--kubeconfig', options.kubeconfig]),
    ...(options.context === undefined ? [] : ['--context', options.context]),
  ]);
  try {
    const place = await placeOf(kubectl, target, filter, options.namespace);
    await new NodeRecording(kubectl, template, place, path, seconds, options).run();
  } catch (error) {
    if (error instanceof KubectlError) throw new Exit(EXIT.FAILED, error.message);
    throw error;
  }
}

/** A node by its name, or `NAMESPACE/POD`: the node on which that runs, and what it does. Throws UsageError, KubectlError. */
async function placeOf(kubectl: Kubectl, target: string, filter: string, namespace: string | undefined): Promise<Place> {
  const name = target.replace(/^(nodes?|pods?|po|no)\//, '');
  if (!/^([a-z0-9]([-.a-z0-9]*[a-z0-9])?\/)?[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(name))
    throw new UsageError(`${target} is no name of a node or a pod`);
  const isPod = target.startsWith('po') && name !== target;
  if (!isPod && !name.includes('/') && namespace === undefined) {
    const node = (await kubectl.run(['get', 'node', name, '--ignore-not-found', '-o', 'name'])).trim();
    if (node !== '') return { node: name, filter };
  }
  const slash = name.indexOf('/');
  const [ns, pod] = slash < 0 ? [namespace, name] : [name.slice(0, slash), name.slice(slash + 1)];
  const found = await kubectl.run(['get', 'pod', pod, ...(ns === undefined ? [] : ['-n', ns]), '--ignore-not-found', '-o', 'json']);
  if (found.trim() === '') throw new UsageError(`the cluster has no ${isPod || slash >= 0 ? '' : 'node and no '}pod called ${name}`);
  const { metadata, spec } = JSON.parse(found) as { metadata: { namespace: string }; spec: { nodeName?: string } };
  if (spec.nodeName === undefined) throw new UsageError(`${name} is on no node yet`);
  const own = `k8s.ns.name=${metadata.namespace} and k8s.pod.name=${pod}`;
  return { node: spec.nodeName, filter: filter === '' ? own : `${own} and (${filter})` };
}

interface PodStatus {
  readonly name: string;
  readonly state: 'waiting' | 'running' | 'over';
  /** Why it waits, or ended. */
  readonly reason: string;
}

class NodeRecording {
  readonly #kubectl: Kubectl;
  readonly #template: Template;
  readonly #place: Place;
  readonly #path: string;
  readonly #seconds: number;
  readonly #options: KubeRecordOptions;
  readonly #name = `trowel-${randomBytes(5).toString('hex')}`;
  readonly #abort = new AbortController();
  #pod = '';
  #signals = 0;
  #following: ReturnType<Kubectl['start']> | null = null;

  constructor(kubectl: Kubectl, template: Template, place: Place, path: string, seconds: number, options: KubeRecordOptions) {
    this.#kubectl = kubectl;
    this.#template = template;
    this.#place = place;
    this.#path = path;
    this.#seconds = seconds;
    this.#options = options;
  }

  async run(): Promise<void> {
    const onSignal = () => this.#signal();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    try {
      await this.#create();
      await this.#started();
      const code = await this.#followed();
      await this.#fetch();
      say(`${this.#path}: recorded on ${this.#place.node}`);
      if (code !== EXIT.OK) throw new Exit(code, `the recorder on ${this.#place.node} ended with ${code}`);
    } finally {
      await this.#cleanUp();
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
    }
    if (this.#signals > 0) throw new Exit(EXIT.INTERRUPTED);
  }

  /** The first ends the recording, which is brought home; the second ends everything. Before there is one, the first does. */
  #signal(): void {
    this.#signals++;
    if (this.#signals > 1 || this.#pod === '') {
      this.#abort.abort();
      this.#following?.kill('SIGKILL');
      return;
    }
    say('ending the recording; once more gives it up');
    this.#inPod('stop').catch((error: Error) => say(error.message));
  }

  /** Throws Exit where the user wants no more. */
  #goOn(): void {
    if (this.#abort.signal.aborted) throw new Exit(EXIT.INTERRUPTED, `given up: nothing of it is left on ${this.#place.node}`);
  }

  #system(...args: string[]): string[] {
    return ['-n', this.#template.namespace, ...args];
  }

  async #create(): Promise<void> {
    const { account } = this.#template;
    const found =
      account === null ? '' : await this.#kubectl.run(this.#system('get', 'serviceaccount', account, '--ignore-not-found', '-o', 'name'));
    const hasAccount = found.trim() !== '';
    if (account !== null && !hasAccount)
      say(`names come from the container runtime alone: the cluster has no account ${account} (kubectl apply -f deploy/rbac.yaml)`);
    this.#goOn();
    const { filter, node } = this.#place;
    const args = ['--for', `${this.#seconds}s`, ...(this.#options.redact === true ? ['--redact'] : []), ...(filter === '' ? [] : [filter])];
    const job = { name: this.#name, node, image: this.#options.image ?? null, seconds: this.#seconds, args, hasAccount };
    await this.#kubectl.run(['create', '-f', '-'], JSON.stringify(jobOf(this.#template, job)));
  }

  async #started(): Promise<void> {
    for (const end = steadyNow() + START_MS; ; await sleep(LOOK_MS)) {
      this.#goOn();
      const pod = await this.#look();
      if (pod !== null && pod.state !== 'waiting') {
        this.#pod = pod.name;
        return;
      }
      const why = pod === null ? 'no pod was made for it' : pod.reason;
      if (HOPELESS.test(why))
        throw new Exit(EXIT.FAILED, `the recorder does not start on ${this.#place.node}: ${why}; --image names its image`);
      if (steadyNow() > end)
        throw new Exit(EXIT.FAILED, `the recorder did not start on ${this.#place.node} within ${START_MS / 1000} s: ${why}`);
    }
  }

  async #look(): Promise<PodStatus | null> {
    interface State {
      readonly waiting?: { readonly reason?: string; readonly message?: string };
      readonly running?: object;
      readonly terminated?: { readonly reason?: string };
    }
    interface Pod {
      readonly metadata: { readonly name: string };
      readonly status?: {
        readonly phase?: string;
        readonly reason?: string;
        readonly containerStatuses?: readonly { readonly state?: State }[];
      };
    }
    const text = await this.#kubectl.run(this.#system('get', 'pods', '-l', `job-name=${this.#name}`, '-o', 'json'));
    const pod = (JSON.parse(text) as { items: readonly Pod[] }).items[0];
    if (pod === undefined) return null;
    const { name } = pod.metadata;
    const state = pod.status?.containerStatuses?.[0]?.state ?? {};
    if (state.running !== undefined) return { name, state: 'running', reason: '' };
    if (state.terminated !== undefined || pod.status?.phase === 'Failed')
      return { name, state: 'over', reason: state.terminated?.reason ?? pod.status?.reason ?? '' };
    const { reason = 'it is being made', message = '' } = state.waiting ?? {};
    return { name, state: 'waiting', reason: message === '' ? reason : `${reason}: ${message}` };
  }

  /** Shows what the recorder says until it is over; gives its exit code. */
  async #followed(): Promise<number> {
    for (let tries = 0; tries < FOLLOWS; tries++) {
      this.#goOn();
      const code = await this.#follow(tries > 0);
      if (code !== null) return code;
      this.#goOn();
      const pod = await this.#look();
      if (pod === null) throw new Exit(EXIT.FAILED, `the recorder's pod was taken away from ${this.#place.node}`);
      if (pod.state === 'over') throw new Exit(EXIT.FAILED, `the recorder's pod ended before its capture was fetched: ${pod.reason}`);
      await sleep(LOOK_MS);
    }
    throw new Exit(EXIT.FAILED, 'the log of the recorder breaks off again and again');
  }

  /** null: the log broke off. */
  async #follow(again: boolean): Promise<number | null> {
    const args = this.#system('logs', '-f', ...(again ? ['--tail', '1'] : []), this.#pod);
    const child = this.#kubectl.start(args);
    this.#following = child;
    child.stdin!.end();
    const end = ended(child, args).catch(() => {}); // the pod is looked at next
    let code: number | null = null;
    for await (const line of createInterface({ input: child.stdout! })) {
      const over = OVER.exec(line);
      if (over === null) say(line);
      else {
        code = Number(over[1]);
        break;
      }
    }
    child.kill('SIGKILL');
    await end;
    this.#following = null;
    return code;
  }

  /** By our own program in the pod: the image need have no other. */
  #inPod(what: 'stop' | 'send' | 'fetched'): Promise<string> {
    return this.#kubectl.run(this.#execArgs(what));
  }

  #execArgs(what: 'stop' | 'send' | 'fetched'): string[] {
    const [recorder] = this.#template.spec.containers;
    return this.#system('exec', this.#pod, '-c', recorder!.name, '--', ...recorder!.command.slice(0, -1), 'kube-pod', what);
  }

  /** There under its name only when all of it is there, and opens. */
  async #fetch(): Promise<void> {
    this.#goOn();
    const partial = `${this.#path}.partial`;
    try {
      await this.#kubectl.into(partial, this.#execArgs('send'));
      const capture = new CaptureReader(partial);
      capture.close();
      renameSync(partial, newTarget(this.#path));
    } finally {
      for (const suffix of ['', '-wal', '-shm']) rmSync(partial + suffix, { force: true });
    }
    await this.#inPod('fetched').catch(() => {}); // it is taken away in any case
  }

  async #cleanUp(): Promise<void> {
    try {
      await this.#kubectl.run(this.#system('delete', 'job', this.#name, '--ignore-not-found', '--wait=false'));
    } catch (error) {
      say(`the job ${this.#name} could not be taken away, and will end by itself: ${(error as Error).message}`);
    }
  }
}
