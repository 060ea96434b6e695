/** What a flight recorder saved, taken to a folder, an HTTP server and an S3 store. */
import { spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { checkUpload } from '../../src/cli/flight-upload.ts';
import { packageRoot } from '../../src/model/package-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-upload-'));
const capture = join(folder, 'node-1.trowel');
const explanation = join(folder, 'node-1.md');
writeFileSync(capture, Buffer.alloc(300_000, 'events'));
writeFileSync(explanation, '# Saved\n');
const ACCOUNT = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' };

interface Put {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}
let puts: Put[] = [];
/** Answers that the next requests get; behind them 200. */
let answers: number[] = [];
let server: Server;
let address = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      puts.push({ request, body: Buffer.concat(parts) });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  puts = [];
  answers = [];
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function upload(to: string, env: NodeJS.ProcessEnv = {}, lateMs = 0): Promise<{ code: number | null; said: string }> {
  const child = spawn(join(packageRoot(), 'bin/trowel'), ['flight-upload'], { env: { ...process.env, ...env } });
  setTimeout(() => child.stdin.end(JSON.stringify({ paths: [capture, explanation], to })), lateMs);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

test('a folder gets both files, for their owner alone', async () => {
  const to = join(folder, 'far');
  checkUpload(to);
  expect(await upload(to)).toEqual({ code: 0, said: '' });
  expect(readFileSync(join(to, 'node-1.trowel'))).toEqual(readFileSync(capture));
  expect(statSync(join(to, 'node-1.md')).mode & 0o777).toBe(0o600);
});

test('an order that comes late, as from a recorder that is busy, is waited for', async () => {
  const to = join(folder, 'late');
  checkUpload(to);
  expect(await upload(to, {}, 600)).toEqual({ code: 0, said: '' });
});

test('a folder that is gone: what is wrong is told, and nothing half is left', async () => {
  const to = join(folder, 'gone');
  expect(await upload(to)).toEqual({ code: 1, said: expect.stringContaining('ENOENT') });
  expect(existsSync(to)).toBe(false);
}, 20_000);

test('an HTTP server that is away for a moment gets both by PUT', async () => {
  answers = [503];
  expect(await upload(`${address}/in`, { TROWEL_UPLOAD_AUTHORIZATION: 'Bearer x' })).toEqual({ code: 0, said: '' });
  expect(puts.map(({ request }) => [request.method, request.url, request.headers.authorization])).toEqual([
    ['PUT', '/in/node-1.trowel', 'Bearer x'],
    ['PUT', '/in/node-1.trowel', 'Bearer x'],
    ['PUT', '/in/node-1.md', 'Bearer x'],
  ]);
  expect(puts[1]!.body).toEqual(readFileSync(capture));
});

test('what a server refuses is not tried again', async () => {
  answers = [403];
  expect(await upload(address)).toEqual({ code: 1, said: expect.stringContaining('node-1.trowel: it answered 403') });
  expect(puts).toHaveLength(1);
});

test('an S3 store gets both, signed as AWS signs, each with the digest of its bytes', async () => {
  expect(await upload('s3://captures/nodes', { ...ACCOUNT, AWS_ENDPOINT_URL: address })).toEqual({ code: 0, said: '' });
  expect(puts.map(({ request }) => request.url)).toEqual(['/captures/nodes/node-1.trowel', '/captures/nodes/node-1.md']);
  for (const { request, body } of puts) {
    expect(request.headers['x-amz-content-sha256']).toBe(createHash('sha256').update(body).digest('hex'));
    expect(request.headers.authorization).toMatch(new RegExp(`Signature=${signature(request)}$`));
  }
});

/** As "Signature Version 4" has it, https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html. */
function signature({ method, url, headers }: IncomingMessage): string {
  const [, scope, signed] = /Credential=AKID\/(\S+), SignedHeaders=([^,]+), /.exec(headers.authorization!)!;
  const canonical = signed!.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const request = [method, url, '', canonical.join(''), signed, headers['x-amz-content-sha256']].join('\n');
  const digest = createHash('sha256').update(request).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n');
  const hmac = (key: string | Buffer, word: string) => createHmac('sha256', key).update(word).digest();
  const key = scope!.split('/').reduce<string | Buffer>(hmac, `AWS4${ACCOUNT.AWS_SECRET_ACCESS_KEY}`);
  return hmac(key, text).toString('hex');
}

test.each([
  ['ftp://host/x', /takes a folder/],
  ['https:///x', /takes a folder/],
  ['http://user:word@host/x', /TROWEL_UPLOAD_AUTHORIZATION/],
  ['s3://bucket', /AWS_ACCESS_KEY_ID/],
])('--upload %s is refused', (to, message) => {
  expect(() => checkUpload(to)).toThrow(message);
});
