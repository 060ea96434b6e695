/** Sends spans to an OpenTelemetry collector: OTLP/JSON over HTTP, a request for each batch. */
import type { Span } from '../lens/spans.ts';
import { OtlpWriter } from '../output/writers/otlp.ts';
import type { Report } from '../report/report.ts';
import { EXIT, Exit, UsageError } from './exit.ts';

const PATH = '/v1/traces';
const TIMEOUT_MS = 10_000;

/** `to`: http://HOST:PORT, or the whole address. Gives what was sent, in words. Throws Exit where the collector does not take it. */
export async function sendSpans(report: Report<Span>, to: string): Promise<string> {
  const url = addressOf(to);
  const writer = new OtlpWriter();
  let sent = 0;
  const post = async (body: string | Uint8Array) => {
    if (body.length > 0) await postOne(url, body);
  };
  await post(writer.begin(report));
  for (const span of report.items) {
    await post(writer.row(span));
    sent++;
  }
  await post(writer.end());
  return `${sent} spans sent to ${url.href}`;
}

function addressOf(to: string): URL {
  if (!URL.canParse(to) || !/^https?:/.test(to))
    throw new UsageError(`--to takes a collector's address, such as http://127.0.0.1:4318, not ${to}`);
  const url = new URL(to);
  if (url.pathname === '/') url.pathname = PATH;
  return url;
}

async function postOne(url: URL, body: string | Uint8Array): Promise<void> {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    if (!response.ok) throw new Error(`it answered ${response.status} ${response.statusText}`);
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Exit(EXIT.FAILED, `${url.href}: ${cause instanceof Error ? cause.message : message}`);
  }
}
