/** `clickhouse://[USER:PASSWORD@]HOST[:PORT]/DATABASE[?node=N&ns=N&from=T&to=T&tls=1]`: which store, and which of its recordings. */
import { CaptureError } from '../capture/error.ts';

export interface StoreAddress {
  /** As the user typed it, without the password. */
  readonly name: string;
  readonly url: string;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** Names of nodes; empty: all. */
  readonly nodes: readonly string[];
  /** Namespaces of Kubernetes; empty: all. */
  readonly namespaces: readonly string[];
  /** As typed; null: no bound. */
  readonly from: string | null;
  readonly to: string | null;
}

const SCHEME = 'clickhouse://';
const PORT = '8123';
/** What needs no quotes in SQL. */
const DATABASE = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const PARAMETERS: ReadonlySet<string> = new Set(['node', 'ns', 'from', 'to', 'tls']);

export const isStoreName = (name: string): boolean => name.startsWith(SCHEME);

/** Throws CaptureError for what is no address of a store. */
export function storeAddress(text: string): StoreAddress {
  const url = URL.parse(text.replace(SCHEME, 'http://'));
  const problem = (what: string) => new CaptureError(text.replace(/\/\/[^/@]*@/, '//'), what);
  if (!isStoreName(text) || url === null || url.hostname === '') throw problem('is no address such as clickhouse://HOST:8123/trowel');
  const [database, username, password] = [url.pathname.slice(1), url.username, url.password].map(decoded);
  if (database === '') throw problem('names no database: clickhouse://HOST:8123/trowel');
  if (database === undefined || !DATABASE.test(database)) throw problem('names a database that is not of letters, digits and _ alone');
  if (username === undefined || password === undefined) throw problem('has a % in its account that stands for no character: %25');
  const unknown = [...url.searchParams.keys()].find((key) => !PARAMETERS.has(key));
  if (unknown !== undefined) throw problem(`takes node, ns, from, to and tls behind the ?, not ${unknown}`);
  const scheme = url.searchParams.get('tls') === '1' ? 'https' : 'http';
  return {
    name: `${SCHEME}${url.host}/${database}${url.search}`,
    url: `${scheme}://${url.hostname}:${url.port === '' && !text.includes(':80/') ? PORT : url.port || '80'}`,
    database,
    username: username || 'default',
    password,
    nodes: url.searchParams.getAll('node'),
    namespaces: url.searchParams.getAll('ns'),
    from: url.searchParams.get('from'),
    to: url.searchParams.get('to'),
  };
}

/** Undefined: a % in it stands for nothing. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
