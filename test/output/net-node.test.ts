/** What is made of a CNI's files, whoever wrote them. */
import { expect, test } from 'vitest';
import { parseCni } from '../../src/output/reports/net-node.ts';

test.each<[what: string, content: string, name: string, plugins: ReturnType<typeof parseCni>['plugins']]>([
  [
    'a list of plugins',
    '{"name":"n","plugins":[{"type":"bridge","bridge":"cni0","mtu":1450,"ipam":{"ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"fd00::/64"}]]}},{"type":"portmap"}]}',
    'n',
    [
      { type: 'bridge', bridge: 'cni0', mtu: 1450, ranges: ['10.1.0.0/24', 'fd00::/64'] },
      { type: 'portmap', bridge: '', mtu: null, ranges: [] },
    ],
  ],
  ['one plugin', '{"name":"m","type":"ptp","ipam":{"subnet":"10.2.0.0/24"}}', 'm', [{ type: 'ptp', bridge: '', mtu: null, ranges: ['10.2.0.0/24'] }]],
  ['other shapes', '{"name":7,"plugins":[null,{"type":["x"],"mtu":"1","ipam":{"ranges":[{"subnet":1},3]}}]}', '', [
    { type: '', bridge: '', mtu: null, ranges: [] },
    { type: '', bridge: '', mtu: null, ranges: [] },
  ]],
  ['no JSON', '{"plugins": [', '', []],
])('%s', (_, content, name, plugins) => {
  expect(parseCni('10.conf', content)).toEqual({ file: '10.conf', name, plugins, content });
}); // biome-ignore format: a table
