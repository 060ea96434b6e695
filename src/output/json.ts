/** One event as one line of JSON; keys are the fields as the filter language writes them. */
import type { BoundField, Field } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { jsonText } from './printable.ts';
import { fieldJson, type Json } from './value.ts';

/** What `--json` gives where nothing else is asked for. */
const DEFAULT_NAMES =
  'evt.num evt.rawtime evt.latency evt.cpu evt.dir evt.type evt.res evt.rawres proc.name proc.pid thread.tid container.id fd.num fd.type fd.name evt.info';
/** Added for events with a DNS message. */
const DNS_NAMES = 'dns.id dns.qr dns.qname dns.qtype dns.rcode dns.addrs dns.latency dns.answered dns.attempt dns.side dns.server';

export class JsonFormat {
  readonly #fields: readonly BoundField[];
  readonly #dnsFields: readonly BoundField[];
  readonly #bytesAs: 'base64' | 'text';

  /** `fields` null: the default ones. */
  constructor(fields: readonly BoundField[] | null, bytesAs: 'base64' | 'text') {
    this.#fields = fields ?? DEFAULT_NAMES.split(' ').map(fieldNamed);
    this.#dnsFields = fields === null ? DNS_NAMES.split(' ').map(fieldNamed) : [];
    this.#bytesAs = bytesAs;
  }

  /** Fields that it prints. */
  get fields(): readonly Field[] {
    return [...this.#fields, ...this.#dnsFields].map(({ field }) => field);
  }

  line(view: EventView): string {
    const object: Record<string, Json> = {};
    for (const bound of this.#fields) object[bound.label] = fieldJson(bound, view, this.#bytesAs);
    if (this.#dnsFields.length > 0 && view.dns !== null) {
      for (const bound of this.#dnsFields) object[bound.label] = fieldJson(bound, view, this.#bytesAs);
    }
    return jsonText(object);
  }
}
