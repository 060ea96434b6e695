import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Completable, candidates, wordsOf } from '../../src/cli/completion.ts';

const FILE = 'captures/critical-app.trowel';
const COMMANDS: readonly Completable[] = [
  { name: 'read', options: ['--json', '--explain-filter'], file: true, filter: true },
  { name: 'record', options: ['--write'], file: false, filter: true },
  { name: 'info', options: ['--json'], file: true, filter: false },
  { name: 'version', options: [], file: false, filter: false },
];

test.each([
  ['trowel read a', ['trowel', 'read', 'a']],
  ['trowel read ', ['trowel', 'read', '']],
  ["trowel read f 'proc.name=cu", ['trowel', 'read', 'f', 'proc.name=cu']],
  ['trowel read f "a b" c', ['trowel', 'read', 'f', 'a b', 'c']],
  ['trowel a\\ b', ['trowel', 'a b']],
  ['', ['']],
])('the words of %j', (line, words) => expect(wordsOf(line)).toEqual(words));

describe.skipIf(!existsSync(FILE))('what may stand at the cursor', () => {
  test.each<[line: string, word: string, first: string[]]>([
    ['trowel re', 're', ['read', 'record']],
    ['trowel read --ex', '--ex', ['--explain-filter']],
    [`trowel read ${FILE} proc.nam`, 'proc.nam', ['proc.name']],
    [`trowel read ${FILE} proc.name=`, '', ['curl']],
    [`trowel read ${FILE} 'proc.name=cu`, 'proc.name=cu', ['proc.name=curl']],
    [`trowel read ${FILE} 'fd.num=3 and dns.rcode=NX`, 'fd.num=3 and dns.rcode=NX', ['fd.num=3 and dns.rcode=NXDOMAIN']],
    [`trowel read --json ${FILE} dns.rcode=NX`, 'NX', ['NXDOMAIN']],
    ['trowel record evt.type=connec', 'connec', ['connect']],
    [`trowel read ${FILE}`, FILE, []],
    ['trowel read captures/', 'captures/', []],
    ['trowel nosuch x', 'x', []],
    ['trowel version x', 'x', []],
  ])('%s', (line, word, first) => {
    const found = candidates(line, word, COMMANDS);
    expect(found.slice(0, first.length)).toEqual(first);
    if (first.length === 0) expect(found).toEqual([]);
  });
});
