/** How much a probe may have under way. */
import { subscribe } from 'node:diagnostics_channel';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';

/**
 * Bytes. HTTP/2 begins with 64 KiB, which is one batch: on a busy machine probe and collector then wait in turns for a CPU, and what
 * a kill takes along grows by the second.
 */
const WINDOW = 2 * 1024 * 1024;

/** Bytes of a batch at most. By itself HTTP/2 cuts it into pieces of 16 KiB, each of which costs the probe and Node. */
const FRAME = 1024 * 1024;

let isSubscribed = false;
const widened = new WeakSet<Http2Session>();

/** For whoever connects to this process from now on. */
export function widenWindows(): void {
  if (isSubscribed) return;
  isSubscribed = true;
  subscribe('http2.server.stream.start', (message) => widen((message as { stream: ServerHttp2Stream }).stream.session));
}

/** gRPC gives no setting for it. What is under way already counts by the new window, too. */
function widen(session: Http2Session | undefined): void {
  if (session === undefined || session.destroyed || widened.has(session)) return;
  widened.add(session);
  session.setLocalWindowSize(WINDOW);
  session.settings({ initialWindowSize: WINDOW, maxFrameSize: FRAME });
}
