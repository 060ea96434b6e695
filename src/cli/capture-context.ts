/** What the fields of a filter or of a table know of the capture that is asked. */
import { type Capture, captureEnd } from '../capture/capture.ts';
import type { EventStream } from '../capture/event-stream.ts';
import { StoredHttp2 } from '../capture/http2.ts';
import { joinedEnds } from '../capture/members.ts';
import { nodesOf } from '../capture/meta.ts';
import { lookupParts } from '../dns/parts.ts';
import { PassingHttp2 } from '../event/http2/heads.ts';
import type { CaptureContext } from '../event/view.ts';
import { tracesOf } from '../lens/dns.ts';
import { followedIn } from '../lens/followed.ts';
import { definitions } from './definitions.ts';

/** `growing`: rows are added while they are asked for. */
export function contextOf(stream: EventStream, growing = false): CaptureContext {
  const { dims, epoch, typeNames } = stream;
  const passing = !isCapture(stream);
  const context: CaptureContext = {
    dims,
    epoch,
    get hostname() {
      return stream.meta.hostname ?? '';
    },
    get nodes() {
      return nodesOf(stream.meta);
    },
    ends: joinedEnds(stream.meta),
    growing: growing || passing,
    definitions: definitions(),
    ...(typeNames === undefined ? {} : { typeNames }),
    ...(passing
      ? {}
      : {
          lookupPart: lookupParts(
            dims,
            () => captureEnd(stream),
            (spans) => tracesOf(stream, spans),
          ),
        }),
  };
  if (!isCapture(stream)) return Object.assign(context, { http2: new PassingHttp2(stream.dims) });
  return Object.assign(context, { followed: followedIn(stream, context), http2: new StoredHttp2(stream) });
}

function isCapture(stream: EventStream): stream is Capture {
  return 'select' in stream;
}
