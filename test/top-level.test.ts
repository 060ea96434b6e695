/** What lies at the top of the repository: a new name there is a decision, never a file that was left behind. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { packageRoot } from '../src/model/package-root.ts';

const FILES = [
  ...['ARCHITECTURE.md', 'CHANGELOG.md', 'LICENSE', 'README.md'],
  ...['Makefile', 'biome.json', 'package-lock.json', 'package.json', 'tsconfig.json', 'vitest.config.ts'],
];
const FOLDERS = ['bin', 'captures', 'deploy', 'docs', 'native', 'proto', 'scripts', 'src', 'test'];

test('the top level has the files and folders that belong there, and no others', ({ skip }) => {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: packageRoot(), encoding: 'utf8' });
  const { status, stdout } = git('ls-files', '-z');
  const isRoot = status === 0 && git('rev-parse', '--show-prefix').stdout.trim() === '';
  if (!isRoot) skip('the folder is no git work tree: which files are the repository’s cannot be told');
  const paths = stdout.split('\0').filter((path) => path !== '' && !path.startsWith('.'));
  expect(paths.filter((path) => !path.includes('/')).toSorted()).toEqual(FILES.toSorted());
  const folders = paths.filter((path) => path.includes('/')).map((path) => path.slice(0, path.indexOf('/')));
  expect([...new Set(folders)].toSorted()).toEqual(FOLDERS);
});
