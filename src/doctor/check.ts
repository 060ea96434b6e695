/** What a check finds, and what it is given. */
import { shellWord } from '../model/shell-word.ts';
import type { Examined } from './examined.ts';

/** `critical`: requests fail; `warning`: some do, or soon will; `note`: worth knowing, nothing failed of it. */
export type Severity = 'critical' | 'warning' | 'note';

/** What the node was seen to be. */
export interface FactEvidence {
  /** ns since the capture's start from which on it was so. */
  readonly time: number;
  readonly text: string;
}

export interface Finding {
  /** Of the check that found it. */
  readonly id: string;
  readonly severity: Severity;
  readonly verdict: string;
  /** Pods, services, processes. */
  readonly affected: readonly string[];
  /** Numbers of events that show it. */
  readonly events: readonly number[];
  readonly facts: readonly FactEvidence[];
  /** 0 to 1. */
  readonly confidence: number;
  /** What would have to be seen to be surer. */
  readonly unseen: readonly string[];
  /** Commands, and what to change. */
  readonly fixes: readonly string[];
  /** Addresses to which failures are explained by it, `ip:port`; `*`: all on this node. */
  readonly explains: readonly string[];
}

export interface Check {
  readonly id: string;
  readonly title: string;
  /** In the order of the registry: what went before explains what a later check would else report. */
  read(examined: Examined, before: readonly Finding[]): readonly Finding[];
}

const EVENTS = 8;

/** A finding from little: what is not said is as usual. */
export function finding(
  id: string,
  severity: Severity,
  verdict: string,
  more: Partial<Omit<Finding, 'id' | 'severity' | 'verdict'>> = {},
): Finding {
  const usual = { affected: [], events: [], facts: [], confidence: 0.9, unseen: [], fixes: [], explains: [] };
  const { affected = [], events = [], ...rest } = more;
  return {
    ...usual,
    id,
    severity,
    verdict,
    ...rest,
    affected: [...new Set(affected)].filter((name) => name !== ''),
    events: [...new Set(events)].sort((a, b) => a - b).slice(0, EVENTS),
  };
}

/** Whether an earlier finding explains failures to an address. */
export function isExplained(before: readonly Finding[], address: string): boolean {
  return before.some(({ explains }) => explains.includes('*') || explains.includes(address));
}

/** A command for people to paste: what a capture says stands in it as one word, whatever it holds. A list: as many words. */
export function command(parts: readonly string[], ...values: readonly (string | number | undefined | readonly string[])[]): string {
  const words = values.map((value) => (typeof value === 'object' ? value.map(shellWord).join(' ') : shellWord(String(value ?? '?'))));
  return parts.map((part, i) => part + (words[i] ?? '')).join('');
}
