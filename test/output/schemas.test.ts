import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, test } from 'vitest';
import { ask } from '../../src/lens/ask.ts';
import { LENSES } from '../../src/lens/index.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { rendered } from '../../src/output/print.ts';
import { echoReport } from '../../src/output/reports/lens.ts';
import { reportSchema, schemaText } from '../../src/output/reports/schemas.ts';
import { JsonWriter } from '../../src/output/writers/json.ts';
import { REPORT_IDS, type ReportId } from '../../src/report/report.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const root = packageRoot();
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
const file = (name: string) => readFileSync(join(root, 'docs/schema', name), 'utf8');
for (const id of REPORT_IDS) ajv.addSchema(JSON.parse(file(`${id}.json`)));
const CAPTURE = 'captures/critical-app.trowel';
const ARGS: Readonly<Record<string, string>> = { port: '53', address: '10.88.0.2', path: 'resolv.conf', field: 'proc.name', ms: '1' };

const capture = new CaptureReader(CAPTURE);
afterAll(() => capture.close());
const context = { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false };

function printed(args: readonly string[]): unknown[] {
  const text = execFileSync(join(root, 'bin/trowel'), args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  return parsed(text);
}

function parsed(text: string): unknown[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Lines that do not fit, with the first reason. */
function misfits(id: ReportId, lines: readonly unknown[]): string[] {
  const valid = ajv.getSchema(`urn:trowel:schema:${id}`)!;
  return lines.flatMap((line) => (valid(line) ? [] : [`${ajv.errorsText(valid.errors)}: ${JSON.stringify(line).slice(0, 300)}`]));
}

test.each(REPORT_IDS)('docs/schema/%s.json is as it is (npm run docs)', (id) => {
  expect(file(`${id}.json`)).toBe(schemaText(reportSchema(id)));
});

describe('what --json prints fits its schema', () => {
  const CASES: readonly [ReportId, number, ...string[]][] = [
    ['events', 452, 'read', CAPTURE, '--json'],
    [
      'events',
      452,
      'read',
      CAPTURE,
      '--json',
      '-b',
      '--fields',
      'evt.num,evt.rawtime,evt.buffer,fd.ip,proc.args,evt.latency,dns.addrs,evt.rawarg.res',
    ],
    ['dns', 1, 'dns', CAPTURE, '--json'],
    ['explain', 1, 'explain', CAPTURE, '--json'],
    ['explain', 1, 'explain', CAPTURE, '--json', '--over', '100s', 'proc.name=mount'],
    ['info', 1, 'info', CAPTURE, '--json'],
    ['trace-string', 1, 'trace-string', CAPTURE, 'localdomain', '--json'],
    ['fields', 100, 'fields', '--json'],
    ['lenses', 30, 'lens', '-l', '--json'],
  ];
  test.each(CASES)('%s (at least %d lines): trowel %s %s %s', (id, least, ...args) => {
    const lines = printed(args);
    expect(lines.length).toBeGreaterThanOrEqual(least);
    expect(misfits(id, lines).slice(0, 3)).toEqual([]);
  });

  test.each(LENSES)('the lens $name', (lens) => {
    const look = ask({ lens, words: lens.args.map((arg) => ARGS[arg]!) }, capture, context);
    const isEcho = look.kind === 'echo';
    const text = isEcho ? rendered(echoReport(look.blocks, capture.epoch, {}), new JsonWriter()) : rendered(look, new JsonWriter());
    expect(misfits(isEcho ? 'echo' : 'lens', parsed(text)).slice(0, 3)).toEqual([]);
  });
});

test('a schema refuses what is not so', () => {
  expect(misfits('dns', [{}])[0]).toMatch(/must have required property 'dns.lookup.id'/);
  expect(misfits('events', [{ 'evt.rawtime': 12 }])[0]).toMatch(/evt.rawtime/);
});
