/** What a recorder itself cost, as its capture says. */

import { spanText } from '../model/time.ts';

export interface OwnCost {
  /** ns that it was measured over. */
  readonly over: number;
  /** ns of CPU. */
  readonly collector: number;
  readonly probe: number;
  /** ns; null: the kernel does not count them (sysctl kernel.bpf_stats_enabled), or does not show them. */
  readonly programs: number | null;
  /** Resident bytes. */
  readonly collectorBytes: number;
  readonly probeBytes: number;
}

/** Of what happened between two totals: `collector 3.1 % 120 MiB, probe 0.4 % 40 MiB`; 100 % is one CPU. */
export function costText(cost: OwnCost, before?: OwnCost): string {
  const over = cost.over - (before?.over ?? 0);
  const share = (ns: number) => `${((100 * ns) / Math.max(over, 1)).toFixed(1)} %`;
  const part = (name: string, ns: number, bytes: number) => `${name} ${share(ns)} ${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const programs = cost.programs === null ? '' : `, in the kernel ${share(cost.programs - (before?.programs ?? 0))}`;
  const collector = part('collector', cost.collector - (before?.collector ?? 0), cost.collectorBytes);
  return `${collector}, ${part('probe', cost.probe - (before?.probe ?? 0), cost.probeBytes)}${programs}`;
}

/** Of one CPU, between two totals, all together. */
export function costShare(cost: OwnCost, before?: OwnCost): number {
  const sum = ({ collector, probe, programs }: OwnCost) => collector + probe + (programs ?? 0);
  return (sum(cost) - (before === undefined ? 0 : sum(before))) / Math.max(cost.over - (before?.over ?? 0), 1);
}

/** What `JSON.parse` gave of a capture's meta, in which anything may stand. */
export function parseCost(text: string | undefined): OwnCost | null {
  try {
    const found: unknown = text === undefined ? null : JSON.parse(text);
    return isCost(found) ? found : null;
  } catch {
    return null;
  }
}

/** What one of the probe's programs cost in the kernel: how often it ran, and ns of all that together. */
export interface ProgramCost {
  readonly name: string;
  readonly runs: number;
  readonly ns: number;
}

/** As a capture's meta has it: the dearest first. */
export function programsText(programs: readonly ProgramCost[]): string {
  const rows = programs.map(({ name, runs, ns }) => ({ name: name.replace(/_(typed|raw|classic)$/, ''), runs, ns }));
  return JSON.stringify(rows.sort((a, b) => b.ns - a.ns));
}

/** What `JSON.parse` gave of a capture's meta, in which anything may stand. */
export function parsePrograms(text: string | undefined): ProgramCost[] {
  try {
    const found: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(found) ? found.filter(isProgramCost) : [];
  } catch {
    return [];
  }
}

function isProgramCost(value: unknown): value is ProgramCost {
  if (typeof value !== 'object' || value === null) return false;
  const { name, runs, ns } = value as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && Number.isFinite(runs) && Number.isFinite(ns);
}

/** `exit 1.2 s, 310 ns × 3871023`, the dearest. */
export function programCosts(programs: readonly ProgramCost[]): string {
  return programs
    .slice(0, SHOWN_PROGRAMS)
    .map(({ name, runs, ns }) => `${name} ${spanText(ns)} (${Math.round(ns / Math.max(runs, 1))} ns × ${runs})`)
    .join('  ');
}

const SHOWN_PROGRAMS = 4;

const NUMBERS = ['over', 'collector', 'probe', 'collectorBytes', 'probeBytes'] as const;

function isCost(value: unknown): value is OwnCost {
  if (typeof value !== 'object' || value === null) return false;
  const known = value as Readonly<Record<string, unknown>>;
  return NUMBERS.every((name) => Number.isFinite(known[name])) && (known.programs === null || Number.isFinite(known.programs));
}
