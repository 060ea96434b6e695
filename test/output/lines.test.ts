/** What lines of text are made of: places of a format, and bytes in rows. */
import { expect, test } from 'vitest';
import { LineFormat } from '../../src/output/format.ts';
import { hexDump } from '../../src/output/printable.ts';

/** Behind the offset and sixteen bytes in hex. */
const TEXT_AT = 55;

test('each byte of a row has one place, whatever it is', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const rows = hexDump(bytes, true);
  expect(rows).toHaveLength(16);
  for (const row of rows) expect(row).toHaveLength(TEXT_AT + 16);
  expect(hexDump(Buffer.from('GET / HTTP/1.1\r\nHost: a\tb'), true).map((line) => line.slice(TEXT_AT))).toEqual([
    'GET / HTTP/1.1..',
    'Host: a.b',
  ]);
});

// biome-ignore format: a table
test.each([
  ['%http.header.user-agent|', ['http.header.user-agent']],
  ['%http.header[user-agent]|', ['http.header[user-agent]']],
  ['%proc.name-%proc.pid', ['proc.name', 'proc.pid']],
  ['%evt.num%%%-10proc.name', ['evt.num', 'proc.name']],
])('the places of %s', (format, labels) => {
  expect(new LineFormat(format).bounds.map(({ label }) => label)).toEqual(labels);
});
