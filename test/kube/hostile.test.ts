/** Servers of names that do not stop talking: what is asked of them ends, with its reason, and what is taken has its rate. */
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from '../../src/kube/api.ts';
import { linesOf, wholeOf } from '../../src/kube/bounded.ts';

const EVENT = `${JSON.stringify({ type: 'MODIFIED', object: { metadata: { uid: 'u', name: 'n' } } })}\n`;
let server: Server;
let url = '';

/** As much as the other side takes. */
function pour(response: ServerResponse, text: string): void {
  const more = () => {
    while (!response.destroyed) if (!response.write(text)) return void response.once('drain', more);
  };
  more();
}

const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/endless': (response) => pour(response, '['.repeat(65_536)),
  '/flood': (response) => pour(response, EVENT.repeat(500)),
  '/line': (response) => pour(response, 'x'.repeat(65_536)),
  '/drips': (response) => void response.write(' '),
  '/pages': (response) => void response.end('{"items":[{}],"metadata":{"continue":"more"}}'),
  '/deep': (response) => void response.end('['.repeat(1_000_000)),
};

beforeAll(async () => {
  server = createServer((request, response) => ANSWERS[request.url!.split('?')[0]!]!(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.closeAllConnections());
afterAll(() => server.close());

const ask = (path: string) => new Promise<IncomingMessage>((resolve) => get(url + path, resolve).on('error', () => {}));
const api = () => new ApiClient({ url, ca: null, certificate: null, key: null, verify: true, token: () => null });

test.each([
  ['without an end', '/endless', /no end/],
  ['that drips', '/drips', /took more than 0.2 s/],
])('an answer %s is cut off', async (_, path, message) => {
  await expect(wholeOf(await ask(path), { length: 1 << 20, ms: path === '/drips' ? 200 : 30_000 })).rejects.toThrow(message);
});

test('a list whose pages have no end is given up', async () => {
  let items = 0;
  const list = api().list('/pages', AbortSignal.timeout(60_000), (page) => {
    items += page.length;
  });
  await expect(list).rejects.toThrow('/pages: the list has no end');
  expect(items).toBe(400);
}, 60_000);

test('what is nested too deep to be read is an error, and no crash', async () => {
  await expect(api().list('/deep', AbortSignal.timeout(60_000), () => {})).rejects.toThrow();
});

test('a line without an end ends a watch', async () => {
  const lines = linesOf(await ask('/line'), 1 << 20, 10);
  await expect(lines.next()).rejects.toThrow('a line has no end');
});

test('of a flood as much is taken as a second allows, and the rest of the thread goes on', async () => {
  const response = await ask('/flood');
  const lines = linesOf(response, 1 << 20, 100);
  const times: number[] = [];
  let turns = 0;
  const others = setInterval(() => turns++, 10);
  for await (const _ of lines) if (times.push(performance.now()) === 201) break;
  clearInterval(others);
  response.destroy();
  expect(times[200]! - times[100]!).toBeGreaterThan(500);
  expect(turns).toBeGreaterThan(10);
});
