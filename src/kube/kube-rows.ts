/** The rows of a capture for containers, objects and events of a cluster: what all sources observed, merged. */
import type { ContainerRow, KubeEventRow, KubeObjectRow, NameSource } from '../model/kube.ts';
import type { DimensionTables } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import { type Observation, Observations, type RowLimits, type Rule } from './observations.ts';
import type { KubeEvent, KubeObject } from './reduce.ts';
import type { KubeSink } from './watcher.ts';

/** Precedence: the API knows what was asked for, the runtime what runs. */
const OF_OBJECTS: readonly NameSource[] = ['api', 'cri', 'docker', 'cgroup', 'scap'];
const OF_CONTAINERS: readonly NameSource[] = ['cri', 'docker', 'api', 'cgroup', 'scap'];
const MOST_EVENTS = 10_000;
const LIMITS: RowLimits = { versions: 500, rows: 200_000, size: 128 << 20 };
/** ns that a recording remembers what is gone: longer than any event is under way, and as the ring of a flight recorder usually is. */
export const GONE_KEPT = 600 * SECOND;
/** The same of what the cluster reported: as long as clusters keep it. */
const EVENTS_KEPT = 3600 * SECOND;
/** ns between two looks at what is old. */
const LOOK_EVERY = 60 * SECOND;

export class KubeRows {
  readonly #objects: Observations<KubeObjectRow>;
  readonly #containers: Observations<ContainerRow>;
  readonly #tables: DimensionTables;
  readonly #epochMs: number;
  readonly #now: () => number;
  readonly #events = new Map<string, KubeEventRow>();
  readonly #pods = new Set<string>();
  /** When containers were gone, by id. */
  readonly #gone = new Map<string, number>();
  readonly #kept: number;
  #looked = 0;
  #eventsDropped = 0;

  /**
   * `epochMs`: ms since 1970 of the capture's time zero. `now`: ns since then. `kept`: ns after which what is gone leaves memory: the
   * capture has it, and a recording that runs for a year meets more pods than there is room for.
   */
  constructor(tables: DimensionTables, epochMs: number, now: () => number, limits: RowLimits = LIMITS, kept = Infinity) {
    this.#kept = kept;
    this.#tables = tables;
    this.#epochMs = epochMs;
    this.#now = now;
    this.#objects = new Observations(tables.objects, OF_OBJECTS, ruleOfObject, limits);
    this.#containers = new Observations(tables.containers, OF_CONTAINERS, ruleOfContainer, limits);
  }

  /** How many pods are known. */
  get pods(): number {
    return this.#pods.size;
  }

  /** What there was no room for, in words; null: nothing. */
  get dropped(): string | null {
    const things = this.#objects.dropped.things + this.#containers.dropped.things;
    const changes = this.#objects.dropped.changes + this.#containers.dropped.changes;
    const parts = [
      things > 0 ? `${things} observations of new objects` : '',
      changes > 0 ? `the time of ${changes} changes` : '',
      this.#eventsDropped > 0 ? `${this.#eventsDropped} events` : '',
    ].filter((part) => part !== '');
    return parts.length === 0 ? null : `no room for ${parts.join(', ')}`;
  }

  /** Where a source puts what it observes. */
  sink(source: NameSource): KubeSink {
    return {
      object: (object) => this.#object(source, object),
      container: (container) => {
        this.#forgetOld(this.#now());
        this.#gone.delete(container.container);
        this.#containers.observe(container.container, source, container, null, this.#now());
      },
      gone: (uid) => this.#objects.gone(uid, source, this.#now()),
      containerGone: (id) => void this.#gone.set(id, this.#now()),
      event: (event) => this.#event(event),
    };
  }

  /** Memory grows when something is told: that is when it is looked at. */
  #forgetOld(now: number): void {
    if (now - this.#looked < LOOK_EVERY || this.#kept === Infinity) return;
    this.#looked = now;
    for (const { kind, uid, containers } of this.#objects.forget(now - this.#kept)) {
      if (kind === 'Pod') this.#pods.delete(uid);
      for (const id of containers) this.#forgetContainer(id);
    }
    for (const [id, since] of this.#gone) if (since < now - this.#kept) this.#forgetContainer(id);
    for (const [uid, row] of this.#events) {
      if (row.last >= now - EVENTS_KEPT) continue;
      this.#events.delete(uid);
      this.#tables.kubeEvents.delete(row.id);
    }
  }

  #forgetContainer(id: string): void {
    this.#gone.delete(id);
    this.#containers.remove(id);
  }

  #object(source: NameSource, { created, ended, ...object }: KubeObject): void {
    this.#forgetOld(this.#now());
    if (object.kind === 'Pod') this.#pods.add(object.uid);
    const observation = {
      ...object,
      annotations: object.annotations ?? null,
      expressions: object.expressions ?? null,
      status: object.status ?? null,
    };
    this.#objects.observe(
      object.uid,
      source,
      observation,
      created === null ? null : this.#timeOf(created),
      this.#now(),
      ended === true ? ['ips'] : [],
    );
  }

  /** An event that repeats comes again with new times. Those that ended before the capture began are left out: there are too many. */
  #event({ first, last, ...event }: KubeEvent): void {
    this.#forgetOld(this.#now());
    const known = this.#events.get(event.uid);
    const times = { first: this.#timeOf(first), last: this.#timeOf(last) };
    if (known !== undefined) {
      Object.assign(known, event, times);
      this.#tables.kubeEvents.touch(known);
    } else if (times.last > -SECOND) {
      if (this.#events.size >= MOST_EVENTS) this.#eventsDropped++;
      else this.#events.set(event.uid, this.#tables.kubeEvents.add({ ...event, ...times }));
    }
  }

  #timeOf(ms: number): number {
    return (ms - this.#epochMs) * 1e6;
  }
}

/** A pod gets its node and its address after it was made; that endpoints come is a change. */
function ruleOfObject(field: string, { kind }: Observation<KubeObjectRow>): Rule {
  if (field === 'containers') return 'gathers';
  return field === 'node' || (field === 'ips' && (kind === 'Pod' || kind === 'Service')) ? 'late' : 'changes';
}

function ruleOfContainer(field: string): Rule {
  return field === 'labels' ? 'changes' : 'late';
}
