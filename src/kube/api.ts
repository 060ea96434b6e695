/** Lists and watches of the Kubernetes API, over plain HTTP requests: three verbs need no client library. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { type Bounds, linesOf, wholeOf } from './bounded.ts';
import type { ApiAccess } from './config.ts';

/** Objects asked for at once. */
const PAGE = 500;
/** A watch that says nothing for this long is broken: servers send bookmarks about once a minute. */
const WATCH_SECONDS = 240;
const REQUEST_MS = 30_000;
/** An object larger than this is no object. */
const MAX_LINE = 8 << 20;
const PAGE_BOUNDS: Bounds = { length: 256 << 20, ms: 60_000 };
/** Pages of one list: 200,000 objects, more than are kept. */
const MOST_PAGES = 400;
/** Changes taken of one watch in a second; a busy cluster has hundreds. */
const CHANGES_A_SECOND = 2000;
/** Characters of what a refusal says: those that are read, and those that are told. */
const MAX_REFUSAL = 16_384;
const MAX_REASON = 300;

/** The server answered, but not with what was asked for. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Readonly<Record<string, unknown>>;
}

export class ApiClient {
  readonly #access: ApiAccess;
  readonly #agent: HttpAgent | Agent;

  constructor(access: ApiAccess) {
    this.#access = access;
    const { ca, certificate, key, verify } = access;
    const secure = {
      ...(ca === null ? {} : { ca }),
      ...(certificate === null ? {} : { cert: certificate }),
      ...(key === null ? {} : { key }),
    };
    this.#agent = access.url.startsWith('https:')
      ? new Agent({ keepAlive: true, rejectUnauthorized: verify, ...secure })
      : new HttpAgent({ keepAlive: true });
  }

  get url(): string {
    return this.#access.url;
  }

  /** All objects of a resource, page by page; gives the version to watch from. Throws ApiError. */
  async list(path: string, signal: AbortSignal, take: (items: readonly unknown[]) => void): Promise<string> {
    let next = '';
    for (let pages = 1; ; pages++) {
      if (pages > MOST_PAGES) throw new ApiError(0, `${path}: the list has no end`);
      const page = (await this.#json(`${path}?limit=${PAGE}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`, signal)) as {
        items?: unknown[];
        metadata?: { continue?: string; resourceVersion?: string };
      };
      take(page.items ?? []);
      next = page.metadata?.continue ?? '';
      if (next === '') return page.metadata?.resourceVersion ?? '';
    }
  }

  /** Changes since a version, as they come, until the server ends the watch. Throws ApiError, or what the connection throws. */
  async *watch(path: string, version: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const response = await this.#get(
      `${path}?watch=1&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${version}`,
      signal,
    );
    for await (const line of linesOf(response, MAX_LINE, CHANGES_A_SECOND)) yield JSON.parse(line) as WatchEvent;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #json(path: string, signal: AbortSignal): Promise<unknown> {
    return JSON.parse(await wholeOf(await this.#get(path, signal), PAGE_BOUNDS));
  }

  async #get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { url, token } = this.#access;
    const bearer = token();
    const headers = { accept: 'application/json', ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }) };
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = send(url + path, { agent: this.#agent, headers, signal, timeout: REQUEST_MS }, resolve);
      request.on('timeout', () => request.destroy(new Error(`${url} does not answer`)));
      request.on('error', reject);
      request.end();
    });
    response.socket.setTimeout((WATCH_SECONDS + 30) * 1000);
    const { statusCode = 0 } = response;
    if (statusCode === 200) return response;
    const said = await reasonOf(response);
    throw new ApiError(statusCode, `${url}${path.split('?')[0]}: HTTP ${statusCode}${said === '' ? '' : `, ${said}`}`);
  }
}

/** What a refusal says of itself: the message of its Status object, else the text; empty: nothing. */
async function reasonOf(response: IncomingMessage): Promise<string> {
  let body = '';
  try {
    for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
      body += piece;
      if (body.length > MAX_REFUSAL) break;
    }
    return String((JSON.parse(body) as { message?: unknown } | null)?.message ?? '').slice(0, MAX_REASON);
  } catch {
    return body.slice(0, MAX_REASON).trim(); // no JSON, or the connection broke: the status says enough
  }
}
