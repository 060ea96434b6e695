// Makes the npm package, after `make build`: node scripts/package.mjs [FOLDER]. It brings all that it needs, so that `npm install ./trowel-*.tgz`
// asks no registry and compiles nothing: the bundle, SQLite for Linux, macOS and Windows as its authors built it, and the probe as one file
// for each machine that it was built for (make -C native static; native/cross-arm64). Without a probe it replays.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** What the bundle leaves outside (scripts/bundle.mjs), and what it asks for by name (src/output/table.ts). */
const OUTSIDE = ['better-sqlite3', '@clickhouse/client', '@grpc/grpc-js', 'protobufjs', 'long', 'string-width'];
const SHIPPED = ['bin', 'dist', 'proto', 'captures', 'deploy', 'README.md', 'CHANGELOG.md', 'LICENSE'];
const PROBES = { 'linux-x64': 'native/build/static/trowel-probe', 'linux-arm64': 'native/build/arm64/static/trowel-probe' };
/** Of packages: what only who builds or checks them needs. */
const NOT_RUN = /(^|\/)(better-sqlite3\/(deps|src|binding\.gyp)|@types|test|tests|\.bin)(\/|$)|\.(map|d\.ts|d\.mts|d\.cts)$/;

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Folders of packages and of all that they need, in node_modules. */
function closureOf(names, from = ROOT, found = new Map()) {
  for (const name of names) {
    const folder = [join(from, 'node_modules', name), join(ROOT, 'node_modules', name)].find((place) => existsSync(place));
    if (folder === undefined) throw new Error(`${name} is not installed: npm ci`);
    if (found.has(folder) || name.startsWith('@types/')) continue;
    found.set(folder, folder.slice(ROOT.length + 1));
    closureOf(Object.keys(manifestOf(folder).dependencies ?? {}), folder, found);
  }
  return found;
}

function stage(folder) {
  for (const name of SHIPPED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  for (const [machine, built] of Object.entries(PROBES)) {
    if (!existsSync(join(ROOT, built))) continue;
    mkdirSync(join(folder, 'native/prebuilt', machine), { recursive: true });
    cpSync(join(ROOT, built), join(folder, 'native/prebuilt', machine, 'trowel-probe'));
  }
  for (const [from, to] of closureOf(OUTSIDE))
    cpSync(realpathSync(from), join(folder, to), {
      recursive: true,
      filter: (path) => path === from || !NOT_RUN.test(path.slice(from.length - to.length)),
    });
  const { private: _, scripts: __, devDependencies: ___, dependencies, ...rest } = manifestOf(ROOT);
  const needed = Object.fromEntries(OUTSIDE.map((name) => [name, manifestOf(join(ROOT, 'node_modules', name)).version]));
  if (OUTSIDE.some((name) => !(name in dependencies))) throw new Error('OUTSIDE names what package.json does not');
  const files = [...SHIPPED, 'native/prebuilt'];
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ ...rest, files, dependencies: needed, bundleDependencies: OUTSIDE }, null, 2),
  );
}

if (process.platform === 'linux' && process.arch === 'x64' && existsSync(join(ROOT, 'native/build/trowel-probe'))) {
  execFileSync(join(ROOT, 'scripts/setup-apt'), ['g++'], { stdio: 'inherit' }); // for its static library
  execFileSync('make', ['-s', '-C', join(ROOT, 'native'), 'static', `NODE=${process.execPath}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
const target = resolve(process.argv[2] ?? '.');
mkdirSync(target, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'trowel-stage-'));
try {
  stage(folder);
  const { name, version } = manifestOf(folder);
  const file = join(target, `${name}-${version}.tgz`);
  // What `npm pack` makes, in a tenth of its time where LEVEL=1 will do.
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', '--transform=s,^[.],package,'];
  execFileSync('tar', [...owner, `--use-compress-program=gzip -${process.env.LEVEL ?? 9}`, '-cf', file, '.'], {
    cwd: folder,
    stdio: 'inherit',
  });
  const probes = existsSync(join(folder, 'native/prebuilt')) ? readdirSync(join(folder, 'native/prebuilt')) : [];
  console.log(`${file}: with probes for ${probes.join(', ') || 'no machine'}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
