/** What the recorder itself costs: CPU and memory of collector and probe, and how long the kernel ran the probe's programs. */
import { readdirSync, readFileSync } from 'node:fs';
import type { OwnCost } from '../capture/own-cost.ts';
import { SECOND } from '../model/time.ts';

const TICK = SECOND / 100; // USER_HZ, on every architecture that Node runs on

/** What stays root for a collector that does not: its CPU and memory count as the collector's. */
export interface Helper {
  readonly pid: number;
  /** ns that the probe's programs ran, which only root is shown; null: not known. */
  readonly programs: number | null;
}

/** Measures from when it is made. `probePid`: as this process sees it. */
export class CostMeter {
  readonly #probePid: number;
  readonly #helper: Helper | null;
  #helped = { cpu: 0, bytes: 0 };
  readonly #begun = process.hrtime.bigint();
  readonly #cpuBefore = process.cpuUsage();
  #probe = { cpu: 0, bytes: 0 };
  #programs: number | null = null;
  #ownBytes = 0;

  constructor(probePid: number, helper: Helper | null = null) {
    this.#probePid = probePid;
    this.#helper = helper;
  }

  /** From the beginning to now; of a probe that is gone what was known last. */
  total(): OwnCost {
    this.#probe = spentBy(this.#probePid) ?? this.#probe;
    this.#programs = this.#helper?.programs ?? programTime(this.#probePid) ?? this.#programs;
    if (this.#helper !== null) this.#helped = spentBy(this.#helper.pid) ?? this.#helped;
    this.#ownBytes = ownBytes() ?? this.#ownBytes;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    return {
      over: Number(process.hrtime.bigint() - this.#begun),
      collector: (user + system) * 1000 + this.#helped.cpu,
      probe: this.#probe.cpu,
      programs: this.#programs,
      collectorBytes: this.#ownBytes + this.#helped.bytes,
      probeBytes: this.#probe.bytes,
    };
  }
}

/** Null: there is no descriptor to read it by. */
function ownBytes(): number | null {
  try {
    return process.memoryUsage.rss();
  } catch {
    return null;
  }
}

/** Null: the process is gone, or there is no descriptor to read it by. */
function spentBy(pid: number): { cpu: number; bytes: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from the third on: proc(5)
    return { cpu: (Number(fields[11]) + Number(fields[12])) * TICK, bytes: Number(fields[21]) * 4096 };
  } catch {
    return null;
  }
}

/** ns that the programs ran which a process holds; null: not counted, or not shown. */
export function programTime(pid: number): number | null {
  try {
    if (readFileSync('/proc/sys/kernel/bpf_stats_enabled', 'latin1').trim() !== '1') return null;
    const folder = `/proc/${pid}/fdinfo`;
    return readdirSync(folder).reduce((sum, fd) => {
      const found = /^run_time_ns:\s*([0-9]+)$/m.exec(readFileSync(`${folder}/${fd}`, 'latin1'));
      return sum + Number(found?.[1] ?? 0);
    }, 0);
  } catch {
    return null;
  }
}
