import type { Capture } from '../capture/capture.ts';
import { CaptureError } from '../capture/error.ts';
import { missingOf } from '../capture/meta.ts';
import { lookupParts } from '../dns/parts.ts';
import type { CaptureContext } from '../event/view.ts';
import { captureEnd } from '../lens/dns.ts';
import { CaptureReader } from '../store/reader.ts';
import { definitions } from './definitions.ts';
import { fileKind } from './file-kind.ts';
import { namedFile } from './import-cache.ts';
import { warnOfMissing } from './scap-outcome.ts';

/** Opens a capture for reading. Throws CaptureError. */
export function openCapture(path: string): Capture {
  const kind = fileKind(path);
  if (kind === 'capture') {
    const capture = new CaptureReader(path);
    warnOfMissing(namedFile(path), missingOf(capture.meta));
    return capture;
  }
  if (kind === 'unknown') throw new CaptureError(namedFile(path), 'is neither a Trowel capture nor a .scap file');
  throw new CaptureError(namedFile(path), 'is a sysdig capture: this version cannot read it yet');
}

/** What fields need to know of a capture. */
export function contextOf(capture: Capture, growing = false): CaptureContext {
  const { dims, epoch, meta } = capture;
  return {
    dims,
    epoch,
    hostname: meta.hostname ?? '',
    growing,
    definitions: definitions(),
    lookupPart: lookupParts(dims, () => captureEnd(capture)),
  };
}
