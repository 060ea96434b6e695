/** `--upload`: a saved capture and its explanation go to a folder, an HTTP server or an S3 bucket, by a process of their own. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, createReadStream, openAsBlob, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from './exit.ts';
import { makeFolder } from './folder.ts';
import { orderIn } from './order-in.ts';

/** What is to be uploaded, as JSON on stdin. */
export interface UploadOrder {
  readonly paths: readonly string[];
  /** As `--upload` had it. */
  readonly to: string;
}

const TRIES = 3;
const PAUSE_MS = 1_000;
/** A request may take so long, and as much as a slow line needs. */
const TIMEOUT_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 500;
/** Secrets come by the environment: command lines are for everybody to see. */
const AUTHORIZATION = 'TROWEL_UPLOAD_AUTHORIZATION';

/** Whether something can be uploaded to it, before the recording begins. Throws UsageError. */
export function checkUpload(to: string): void {
  if (!to.includes('://')) {
    makeFolder('--upload', to);
    return;
  }
  if (!URL.canParse(to) || !/^(https?|s3):\/\/[^/]/.test(to))
    throw new UsageError(`--upload takes a folder, http(s)://HOST/PATH or s3://BUCKET/PATH, not ${to}`);
  if (new URL(to).password !== '') throw new UsageError(`--upload takes no password: say the header's value in ${AUTHORIZATION}`);
  if (to.startsWith('s3:')) s3Account();
}

export async function flightUpload(): Promise<void> {
  const { paths, to } = await orderIn<UploadOrder>();
  for (const path of paths) await patiently(() => uploadTo(to, path));
}

/** A server may be away for a moment; what it refuses, it refuses again. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refused || tried === TRIES) throw error;
      await sleep(PAUSE_MS * 4 ** (tried - 1));
    }
  }
}

class Refused extends Error {}

async function uploadTo(to: string, path: string): Promise<void> {
  if (!to.includes('://')) copyInto(to, path);
  else if (to.startsWith('s3:')) await putS3(to, path);
  else await put(`${withSlash(to)}${encodeURIComponent(basename(path))}`, path, authorization(), fetch);
}

const withSlash = (url: string) => (url.endsWith('/') ? url : `${url}/`);

function authorization(): Record<string, string> {
  const value = process.env[AUTHORIZATION];
  return value === undefined ? {} : { authorization: value };
}

/** There under its name only when all of it is there. */
function copyInto(folder: string, path: string): void {
  const target = join(folder, basename(path));
  const part = `${target}.partial`;
  try {
    copyFileSync(path, part);
    chmodSync(part, 0o600);
    renameSync(part, target);
  } catch (error) {
    throw new Refused((error as Error).message);
  } finally {
    rmSync(part, { force: true });
  }
}

type Fetch = (url: string, request: RequestInit) => Promise<Response>;

/** The body is read from the disk while it is sent. */
async function put(url: string, path: string, headers: Record<string, string>, send: Fetch): Promise<void> {
  const { size } = statSync(path);
  const signal = AbortSignal.timeout(Math.ceil(TIMEOUT_MS + size / SLOWEST_BYTES_PER_MS));
  let response: Response;
  try {
    response = await send(url, { method: 'PUT', headers, body: await openAsBlob(path), signal, redirect: 'error' });
    await response.arrayBuffer();
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`${url}: ${cause instanceof Error ? cause.message : message}`);
  }
  if (response.ok) return;
  const text = `${url}: it answered ${response.status} ${response.statusText}`;
  throw response.status < 500 ? new Refused(text) : new Error(text);
}

/** The account of the usual variables (AWS_ACCESS_KEY_ID …). Throws UsageError where there is none. */
function s3Account(): { accessKeyId: string; secretAccessKey: string; sessionToken?: string; region: string } {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined)
    throw new UsageError('--upload s3://… takes its account from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which are not set');
  const region = AWS_REGION ?? AWS_DEFAULT_REGION ?? 'us-east-1';
  const session = AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN };
  return { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, region, ...session };
}

/** AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is where another than Amazon's store is: there the bucket is the path's first part. */
async function putS3(to: string, path: string): Promise<void> {
  const { AwsClient } = await import('aws4fetch');
  const account = s3Account();
  const client = new AwsClient({ ...account, service: 's3', retries: 0 });
  const { hostname: bucket, pathname } = new URL(to);
  const endpoint = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const base =
    endpoint === undefined ? `https://${bucket}.s3.${account.region}.amazonaws.com` : `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  const url = `${withSlash(`${base}${pathname}`)}${encodeURIComponent(basename(path))}`;
  await put(url, path, { 'x-amz-content-sha256': await sha256(path) }, (at, request) => client.fetch(at, request));
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}
