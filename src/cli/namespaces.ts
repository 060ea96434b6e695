/** `--only-ns`, and `ns=` of a store's address: whose events somebody may see. What else is in the store leaves it no further than here. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Capture } from '../capture/capture.ts';
import type { StoreAddress } from '../cluster/address.ts';
import { compileFilter } from '../filter/compile.ts';
import { written } from '../filter/literal.ts';
import { extract } from '../store/extract.ts';
import { CaptureReader } from '../store/reader.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { chosenNamespaces } from './nodes.ts';
import { openStored } from './open-capture.ts';

/** Null: all. Throws UsageError where the address allows none of those asked for. */
export function namespacesOf({ namespaces }: Pick<StoreAddress, 'namespaces'>): readonly string[] | null {
  const chosen = chosenNamespaces();
  if (namespaces.length === 0) return chosen.length === 0 ? null : chosen;
  const both = chosen.length === 0 ? namespaces : namespaces.filter((name) => chosen.includes(name));
  if (both.length === 0) throw new UsageError(`--only-ns ${chosen.join(', ')}: the address is of ${namespaces.join(', ')} only`);
  return both;
}

/** Makes a capture one of these namespaces alone: their pods' events, and what those refer to. */
export function mask(path: string, namespaces: readonly string[]): number {
  const part = `${path}.masked`;
  const capture = new CaptureReader(path);
  try {
    const events = extractOnly(capture, part, namespaces);
    renameSync(part, path);
    return events;
  } finally {
    capture.close();
    rmSync(part, { force: true });
  }
}

/** A file's events of these namespaces alone, as a capture that goes away with the process. */
export async function openMasked(file: string, namespaces: readonly string[]): Promise<Capture> {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-masked-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'part.trowel');
  const capture = await openStored(file);
  try {
    extractOnly(capture, path, namespaces);
  } finally {
    capture.close();
  }
  return new CaptureReader(path, file);
}

function extractOnly(capture: Capture, path: string, namespaces: readonly string[]): number {
  const filter = compileFilter(`k8s.ns in (${namespaces.map(written).join(', ')})`, contextOf(capture));
  return extract(capture, filter, path, new Set(namespaces));
}
