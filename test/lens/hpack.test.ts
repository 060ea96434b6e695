/** HPACK: the examples of RFC 7541, appendix C, and what is no HPACK at all. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HpackDecoder } from '../../src/event/http2/hpack.ts';
import { huffmanText } from '../../src/event/http2/huffman.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** `name: value` of what comes one block after the other on one connection. */
function decoded(blocks: readonly string[]): string[][] {
  const decoder = new HpackDecoder();
  return blocks.map((block) => decoder.decode(bytes(block)).headers.map(({ name, value }) => `${name}: ${value}`));
}

const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
  [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'],
];
const [PRIVATE, PLACE] = ['cache-control: private', 'location: https://www.example.com'];
const date = (second: number) => `date: Mon, 21 Oct 2013 20:13:${second} GMT`;
const COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const RESPONSES = [
  [':status: 302', PRIVATE, date(21), PLACE],
  [':status: 307', PRIVATE, date(21), PLACE],
  [':status: 200', PRIVATE, date(22), PLACE, 'content-encoding: gzip', COOKIE],
];
/** The examples of responses have a table of 256 bytes, so that entries fall out. */
const SIZE_256 = '3fe101';

// biome-ignore format: a table
test.each([
  ['C.2.1 a literal that is remembered', ['400a637573746f6d2d6b65790d637573746f6d2d686561646572'], [['custom-key: custom-header']]],
  ['C.2.2 a literal that is not', ['040c2f73616d706c652f70617468'], [[':path: /sample/path']]],
  ['C.2.3 a literal that never is', ['100870617373776f726406736563726574'], [['password: secret']]],
  ['C.2.4 a number', ['82'], [[':method: GET']]],
  ['C.3 requests', ['828684410f7777772e6578616d706c652e636f6d', '828684be58086e6f2d6361636865', '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565'], REQUESTS],
  ['C.4 requests, Huffman', ['828684418cf1e3c2e5f23a6ba0ab90f4ff', '828684be5886a8eb10649cbf', '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf'], REQUESTS],
  ['C.5 responses', [`${SIZE_256}4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d`, '4803333037c1c0bf', '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31'], RESPONSES],
  ['C.6 responses, Huffman', [`${SIZE_256}488264025885aec3771a4b6196d07abe941054d444a820059504 0b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3`, '4883640effc1c0bf', '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007'], RESPONSES],
])('RFC 7541 %s', (_, blocks, expected) => {
  expect(decoded(blocks)).toEqual(expected);
});

describe('blocks that are missing or broken', () => {
  test('what was cut off leaves the headers before, and the numbers of later ones unknown', () => {
    const decoder = new HpackDecoder();
    expect(decoder.decode(bytes('828684410f7777772e65'))).toEqual({
      headers: [':method=GET', ':scheme=http', ':path=/'].map((text) => ({ name: text.split('=')[0], value: text.split('=')[1] })),
      whole: false,
    });
    expect(decoder.decode(bytes('82be')).headers).toEqual([
      { name: ':method', value: 'GET' },
      { name: null, value: null },
    ]);
    expect(decoder.decode(bytes('400161 0162')).headers).toEqual([{ name: 'a', value: 'b' }]); // from here on numbers are known again
    expect(decoder.decode(bytes('be')).headers).toEqual([{ name: 'a', value: 'b' }]);
  });

  test.each([
    ['80', 'number 0'],
    ['ffffffffffffffff', 'a number without an end'],
    ['0001618100', 'a text whose padding is no padding'],
    ['00016184ffffffff', 'the end of the code within a text'],
    ['0001617f', 'a text that is longer than the block'],
  ])('%s: %s', (block) => {
    expect(new HpackDecoder().decode(bytes(block)).whole).toBe(false);
  });

  test('bytes at random end, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
        const decoder = new HpackDecoder();
        for (const block of blocks) expect(decoder.decode(block).headers.length).toBeLessThanOrEqual(block.length);
      }),
    );
  });
});

// The code's shortest words and its longest, of appendix B.
test.each([
  ['07', '0'],
  ['f7', 'z'],
  ['ffaf', '#'],
  ['fffe1f', '\\'],
  ['fffe6f', '\u0080'],
  ['ffffea', '\t'],
  ['fffffbbf', '\u00ff'],
  ['fffffff3', '\n'],
])('the code’s word %s', (coded, text) => {
  expect(huffmanText(bytes(coded))).toBe(text);
});
