/** Where the Kubernetes API is, and how to be let in: a kubeconfig, a URL, or what a pod is given. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';

export interface ApiAccess {
  readonly url: string;
  readonly ca: Buffer | null;
  readonly certificate: Buffer | null;
  readonly key: Buffer | null;
  /** Asked for each request anew: the tokens that pods are given change. */
  readonly token: () => string | null;
  /** False: the server's certificate is not looked at. */
  readonly verify: boolean;
}

/** A kubeconfig that makes no sense. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError';
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The first of: the URL or file that the user named, $KUBECONFIG, ~/.kube/config, the pod's own account. Null: none of them is there. */
export function findAccess(named: { readonly kubeconfig?: string; readonly url?: string }): ApiAccess | null {
  if (named.url !== undefined) return plainAccess(named.url);
  if (named.kubeconfig !== undefined) return readKubeconfig(named.kubeconfig);
  const own = process.env.KUBECONFIG?.split(':')[0] ?? join(homedir(), '.kube/config');
  if (existsSync(own)) return readKubeconfig(own);
  return inCluster();
}

function plainAccess(url: string): ApiAccess {
  if (!/^https?:\/\//.test(url)) throw new KubeConfigError(`-k takes a URL such as https://10.0.0.1:6443, not ${url}`);
  return { url: url.replace(/\/$/, ''), ca: null, certificate: null, key: null, token: () => null, verify: true };
}

function inCluster(): ApiAccess | null {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (host === undefined || !existsSync(`${SERVICE_ACCOUNT}/token`)) return null;
  const ca = existsSync(`${SERVICE_ACCOUNT}/ca.crt`) ? readFileSync(`${SERVICE_ACCOUNT}/ca.crt`) : null;
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port ?? 443}`;
  return { url, ca, certificate: null, key: null, token: () => readFileSync(`${SERVICE_ACCOUNT}/token`, 'utf8').trim(), verify: true };
}

type Json = Readonly<Record<string, unknown>>;

/** The current context of a kubeconfig. Throws KubeConfigError with what is missing. */
export function readKubeconfig(path: string): ApiAccess {
  const config = parsed(path);
  const context = record(entry(config, 'contexts', String(config['current-context'] ?? ''), path).context);
  const cluster = record(entry(config, 'clusters', String(context.cluster ?? ''), path).cluster);
  const user = record(entry(config, 'users', String(context.user ?? ''), path).user);
  if (typeof cluster.server !== 'string') throw new KubeConfigError(`${path}: the cluster has no server`);
  if (user.exec !== undefined)
    throw new KubeConfigError(`${path}: credentials that a program gives out (exec) are not taken; use a token or a certificate`);
  const data = (from: Json, name: string) => dataOf(from, name, path);
  const tokenFile = user.tokenFile;
  return {
    url: cluster.server.replace(/\/$/, ''),
    ca: data(cluster, 'certificate-authority'),
    certificate: data(user, 'client-certificate'),
    key: data(user, 'client-key'),
    token:
      typeof tokenFile === 'string'
        ? () => readFileSync(resolve(dirname(path), tokenFile), 'utf8').trim()
        : () => (typeof user.token === 'string' ? user.token : null),
    verify: cluster['insecure-skip-tls-verify'] !== true,
  };
}

function parsed(path: string): Json {
  try {
    return record(parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new KubeConfigError(`${path}: ${(error as Error).message}`);
  }
}

function entry(config: Json, list: string, name: string, path: string): Json {
  const found = (Array.isArray(config[list]) ? (config[list] as unknown[]) : []).map(record).find((one) => one.name === name);
  if (found === undefined)
    throw new KubeConfigError(`${path}: there is no ${name === '' ? 'current-context' : `${name} among the ${list}`}`);
  return found;
}

/** `NAME-data` holds it in base64, `NAME` the path of a file. */
function dataOf(from: Json, name: string, path: string): Buffer | null {
  const inline = from[`${name}-data`];
  if (typeof inline === 'string') return Buffer.from(inline, 'base64');
  const file = from[name];
  if (typeof file !== 'string') return null;
  try {
    return readFileSync(resolve(dirname(path), file));
  } catch (error) {
    throw new KubeConfigError(`${path}: ${name}: ${(error as Error).message}`);
  }
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
