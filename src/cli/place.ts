/** Where a recording goes: a capture, one capture after the other, or a ring from which some are saved. */
import { Rotation } from '../collector/rotation.ts';
import { UsageError } from './exit.ts';
import { FlightRecorder } from './flight.ts';
import { flightPlan, rotationLimits } from './flight-options.ts';
import { makeFolder } from './folder.ts';
import type { RecordOptions } from './record.ts';
import { newTarget, requireFolder } from './target.ts';

export interface Place {
  /** The first file. */
  readonly path: string;
  /** What the user is told of. */
  readonly name: string;
  readonly rotation: Rotation | null;
  readonly flight: FlightRecorder | null;
}

export function placeOf(options: RecordOptions): Place {
  const plan = flightPlan(options);
  const limits = rotationLimits(options);
  if (plan !== null && limits !== null) throw new UsageError('--ring and -C, -G, -e exclude each other');
  if (plan !== null) {
    const name = options.write ?? '.';
    makeFolder('-w', name);
    const flight = new FlightRecorder(name, plan);
    return { path: flight.ring.first(), name, rotation: null, flight };
  }
  const path = options.write ?? defaultPath();
  if (limits === null) return { path: newTarget(path), name: path, rotation: null, flight: null };
  requireFolder(path);
  const rotation = new Rotation(path, limits);
  return { path: newTarget(rotation.first()), name: path, rotation, flight: null };
}

function defaultPath(): string {
  return `trowel-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.trowel`;
}
