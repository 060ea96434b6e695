import { expect, test } from 'vitest';
import { parseFlow } from '../../src/output/reports/net-flows.ts';

test.each<[line: string, client: string, asked: string, reached: string, state: string]>([
  [
    'tcp 6 86 TIME_WAIT src=172.17.0.4 dst=10.3.0.214 sport=41550 dport=80 src=172.17.1.3 dst=172.17.0.4 sport=80 dport=41550 [ASSURED] mark=0 use=1',
    '172.17.0.4:41550',
    '10.3.0.214:80',
    '172.17.1.3:80',
    'TIME_WAIT',
  ],
  [
    'udp 17 22 src=fd00::4 dst=fd00:3::a sport=41865 dport=53 [UNREPLIED] src=fd00::2 dst=fd00::4 sport=53 dport=41865 mark=0 use=1',
    '[fd00::4]:41865',
    '[fd00:3::a]:53',
    '[fd00::2]:53',
    '',
  ],
])('%s', (line, client, asked, reached, state) => expect(parseFlow(line)).toMatchObject({ client, asked, reached, state, text: line }));

test('what has no ports is none', () => expect(parseFlow('icmp 1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7')).toBeNull());
