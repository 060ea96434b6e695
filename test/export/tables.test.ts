/** Tables for other tools: each read back by a reader of its own. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, describe, expect, test } from 'vitest';
import { EventsBuilder } from '../helpers/events.ts';
import { CAPTURE, Folder, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());

function exported(format: string, capture: string, ...more: string[]): string {
  const file = folder.file(`${Math.random()}.${format}`);
  expect(trowel('export', capture, ...more, '--format', format, '-o', file)).toEqual({ status: 0, stdout: '', stderr: '' });
  return file;
}

const bufferOf = (file: string) => Uint8Array.from(readFileSync(file)).buffer;

describe('Parquet', () => {
  test('has the rows that read prints, with their types', async () => {
    const file = bufferOf(
      exported('parquet', CAPTURE, '--fields', 'evt.num,evt.rawtime,evt.latency,proc.name,evt.failed,evt.buffer,dns.addrs'),
    );
    const rows = await parquetReadObjects({ file, utf8: false });
    expect(rows).toHaveLength(452);
    const { stdout } = trowel(
      'read',
      CAPTURE,
      '--json',
      '-b',
      '--fields',
      'evt.num,evt.rawtime,evt.latency,proc.name,evt.failed,evt.buffer,dns.addrs',
    );
    const wanted = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    rows.forEach((row, i) => {
      const line = wanted[i]!;
      expect(row['evt.num']).toBe(BigInt(line['evt.num'] as number));
      expect(row['evt.rawtime']).toBe(BigInt(line['evt.rawtime'] as string));
      expect([row['proc.name'], row['evt.failed']]).toEqual([line['proc.name'], line['evt.failed']]);
      const payload = row['evt.buffer'] as Uint8Array | null;
      expect(payload === null || payload === undefined ? null : Buffer.from(payload).toString('base64')).toBe(line['evt.buffer']);
    });
  });

  test('has a row for each of many events', async () => {
    const made = new EventsBuilder();
    const thread = made.thread().id;
    for (let i = 0; i < 16_000; i++) made.event({ type: 'read', thread, res: i });
    const file = bufferOf(exported('parquet', folder.capture('many.trowel', made), '--fields', 'evt.num,evt.res'));
    expect(Number(parquetMetadata(file).num_rows)).toBe(16_000);
  });

  test('without events still has its columns', () => {
    const file = folder.file('none.parquet');
    expect(trowel('export', CAPTURE, 'evt.num=1', '--format', 'parquet', '-o', file).stderr).toMatch(/^note: no event matches/);
    const { schema, num_rows } = parquetMetadata(bufferOf(file));
    expect(Number(num_rows)).toBe(0);
    expect(schema.map(({ name }) => name)).toContain('k8s.pod.name');
  });
});

test('JSON lines and CSV have a line an event', () => {
  const lines = readFileSync(exported('jsonl', CAPTURE), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toHaveLength(452);
  const csv = readFileSync(exported('csv', CAPTURE, 'proc.name=curl', '--fields', 'evt.num,proc.name'), 'utf8')
    .trim()
    .split('\n');
  expect(csv[0]).toBe('evt.num,proc.name');
  expect(csv.slice(1).every((line) => /^\d+,curl$/.test(line))).toBe(true);
});

describe('what is written', () => {
  test('is readable by its owner alone, and takes no other file’s place', () => {
    expect(statSync(exported('csv', CAPTURE)).mode & 0o777).toBe(0o600);
    const taken = folder.file('taken');
    writeFileSync(taken, 'mine');
    const { status, stderr } = trowel('export', CAPTURE, '--format', 'csv', '-o', taken);
    expect([status, stderr]).toEqual([2, `trowel: ${taken} exists already: choose another -o FILE\n`]);
    expect(readFileSync(taken, 'utf8')).toBe('mine');
  });

  test('is in a folder that is there', () => {
    const { status, stderr } = trowel('export', CAPTURE, '--format', 'csv', '-o', folder.file('nosuch/x.csv'));
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^trowel: -o .*: there is no folder .*nosuch\n$/)]);
  });

  test('has a format that is known', () => {
    const { status, stderr } = trowel('export', CAPTURE, '--format', 'xls');
    expect(status).toBe(2);
    expect(stderr).toMatch(/--format takes jsonl, csv, parquet, pcapng, scap, perfetto, otlp, otlp-logs/);
  });
});
