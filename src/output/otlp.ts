/** What requests of OTLP have in common: resources and attributes, as OTLP/JSON writes them. */
import type { SpanOwner } from '../lens/spans.ts';

/** Of which events records are made. */
export const LOG_EVENTS =
  'evt.is_io_write=true and evt.failed=false and evt.buffer exists and (fd.num=2 or syslog.message exists or (fd.type=file and (fd.name contains .log or fd.name contains /log/)))';

/** 64-bit numbers are digits, as protobuf's JSON has them. */
export type AnyValue = { readonly stringValue: string } | { readonly intValue: string } | { readonly doubleValue: number };

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export interface Resource {
  readonly attributes: readonly KeyValue[];
}

export interface Scope {
  readonly name: string;
}

export const SCOPE: Scope = { name: 'trowel' };

/** Those of one owner have one resource. */
export const ownerKey = ({ namespace, pod, comm, pid }: SpanOwner): string => `${namespace}/${pod} ${comm} ${pid}`;

export function resourceOf({ comm, pid, namespace, pod, container }: SpanOwner): Resource {
  const named = { 'service.name': pod === '' ? comm : pod, 'process.pid': pid, 'process.command': comm };
  const kube = pod === '' ? {} : { 'k8s.namespace.name': namespace, 'k8s.pod.name': pod };
  return { attributes: attributesOf({ ...named, ...kube, ...(container === '' ? {} : { 'container.id': container }) }) };
}

export function attributesOf(all: Readonly<Record<string, string | number>>): KeyValue[] {
  return Object.entries(all).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number): AnyValue {
  if (typeof value === 'string') return { stringValue: value.toWellFormed() };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** ns since 1970, as digits. */
export const wallText = (epoch: bigint, time: number): string => (epoch + BigInt(Math.round(time))).toString();
