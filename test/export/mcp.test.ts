/** The tools, asked by the SDK's own client over standard input and output. */
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { CAPTURE } from './made.ts';

const client = new Client({ name: 'test', version: '1' });
const scene = join(packageRoot(), 'captures/scenes/a-server-that-sleeps.trowel');
beforeAll(() =>
  client.connect(
    new StdioClientTransport({ command: process.execPath, args: [join(packageRoot(), 'dist/trowel.js'), 'mcp', CAPTURE, scene] }),
  ),
);
afterAll(() => client.close());

interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly blind_spots: readonly { readonly id: string }[];
  readonly lost_events: number;
}

async function asked(name: string, args: Record<string, unknown> = {}): Promise<Answer> {
  const { content, isError } = await client.callTool({ name, arguments: args });
  const [first] = content as { text: string }[];
  expect([isError ?? false, first!.text.slice(0, 1)]).toEqual([false, '{']);
  return JSON.parse(first!.text) as Answer;
}

test('there is a tool for each question, read-only, with a schema', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['explain', 'dns', 'lens', 'read', 'doctor', 'fields']);
  for (const { inputSchema, annotations } of tools) {
    expect(annotations?.readOnlyHint).toBe(true);
    expect(inputSchema.properties).toHaveProperty('file.enum', ['critical-app.trowel', 'a-server-that-sleeps.trowel']);
  }
  expect(client.getInstructions()).toMatch(/blind_spots/);
});

test('explain: causes with the events that show them, confidence, and what could not be seen', async () => {
  const { rows, blind_spots, lost_events } = await asked('explain');
  const { causes, confidence } = rows[0]!.story as { causes: { id: string; nums: number[] }[]; confidence: { value: number } };
  expect(causes[0]!.id).toBe('dns-search-domain-silent');
  expect(causes[0]!.nums.length).toBeGreaterThan(5);
  expect(confidence.value).toBeGreaterThan(0.5);
  expect([lost_events, blind_spots.length > 0]).toEqual([0, true]);
  const { rows: read } = await asked('read', { filter: `evt.num=${causes[0]!.nums[0]}`, fields: ['evt.num', 'proc.name'] });
  expect(read).toEqual([{ 'evt.num': causes[0]!.nums[0], 'proc.name': 'curl' }]);
});

test('another recording, by its name', async () => {
  const { rows } = await asked('explain', { file: 'a-server-that-sleeps.trowel' });
  expect(JSON.stringify(rows[0])).toMatch(/server/);
});

test('doctor: what is wrong, and what could not be looked at', async () => {
  const { rows } = await asked('doctor');
  expect(rows[0]).toMatchObject({ id: expect.any(String), severity: expect.any(String) });
  expect(rows.at(-1)).toMatchObject({ checks: expect.any(Number), unseen: expect.any(Array) });
});

test('dns, lenses, fields', async () => {
  expect((await asked('dns')).rows[0]!['dns.lookup.result']).toBe('NOERROR');
  expect((await asked('lens')).rows.length).toBeGreaterThan(50);
  expect((await asked('lens', { name: 'topscalls', limit: 3 })).rows).toHaveLength(3);
  expect((await asked('lens', { name: 'events', by: ['fd.type', 'proc.aname[1]'], measure: ['bytes'], limit: 1 })).rows).toEqual([
    { bytes: expect.any(Number), 'fd.type': expect.any(String), 'proc.aname[1]': expect.any(String) },
  ]);
  expect((await asked('lens', { name: 'count-by', words: ['fd.name'], limit: 60 })).rows).toHaveLength(60);
  expect((await asked('fields', { filter: 'k8s.pod.name' })).rows.length).toBeGreaterThan(0);
});

test('what is wrong is said, with what would be right', async () => {
  const said = async (name: string, args: Record<string, unknown>) => {
    const { isError, content } = await client.callTool({ name, arguments: args });
    return [isError, (content as { text: string }[])[0]!.text];
  };
  expect(await said('read', { filter: 'k8s.nss=x' })).toEqual([true, expect.stringMatching(/k8s\.ns/)]);
  expect(await said('lens', { name: 'nosuch' })).toEqual([true, 'there is no lens called nosuch']);
  expect(await said('lens', { name: 'topscalls', args: ['x'] })).toEqual([
    true,
    expect.stringMatching(/^lens takes no args; it takes file, name, words/),
  ]);
  expect(await said('lens', { name: 'fdbytes_by' })).toEqual([true, 'bytes-by takes as words: field']);
  expect(await said('read', { limit: '5' })).toEqual([true, 'limit is a number']);
  expect(await said('dns', { file: 'nosuch' })).toEqual([true, expect.stringMatching(/there are: critical-app/)]);
});
