// Bundles src into dist (or the folder that is named): one entry, the heavy parts (gRPC, Ink) in pieces of their own that load when needed.
import { readFileSync, rmSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { build } from 'esbuild';

/** Loading costs by the piece: what every question to a capture loads is one piece, not forty. */
const COMMON = ['src/cli/read.ts', 'src/cli/dns.ts', 'src/cli/info.ts'];

const outdir = process.argv[2] ?? 'dist';
const options = {
  entryPoints: {
    trowel: 'src/cli/main.ts',
    'screen-worker': 'src/cli/screen-worker.ts',
    'doctor-worker': 'src/cli/doctor-worker.ts',
    'node-worker': 'src/node/worker.ts',
  },
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  jsx: 'automatic',
  external: ['better-sqlite3', '@clickhouse/client', '@grpc/grpc-js', 'protobufjs', 'long', 'react-devtools-core'],
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: { js: "import { createRequire as requireOf } from 'node:module';const require=requireOf(import.meta.url);" },
  legalComments: 'none',
  logLevel: 'warning',
};

/** The files that `entries` load at once. */
function closureOf(entries, inputs) {
  const found = new Set(entries);
  for (const file of found) {
    for (const { kind, path, external } of inputs[file].imports) if (kind !== 'dynamic-import' && !external) found.add(path);
  }
  return found;
}

/** Files that are loaded when needed, and load something common then: a splitter puts together what the same entries need. */
function needing(common, inputs) {
  const lazy = Object.values(inputs).flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'dynamic-import'));
  const entries = new Set(lazy.map(({ path }) => path).filter((path) => path in inputs && path.startsWith('src/')));
  return [...entries, 'src/cli/screen-worker.ts'].filter((entry) => [...closureOf([entry], inputs)].some((file) => common.has(file)));
}

/** Has every such file load all that is common. */
function together(common, entries) {
  return {
    name: 'together',
    setup({ onLoad }) {
      onLoad({ filter: /\/src\/.*\.tsx?$/ }, ({ path }) => {
        if (!entries.includes(relative('.', path))) return undefined;
        const imports = common.map((file) => `import ${JSON.stringify(resolve(file))};`);
        const loader = path.endsWith('x') ? 'tsx' : 'ts';
        return { contents: `${readFileSync(path, 'utf8')}\n${imports.join('\n')}`, loader, resolveDir: dirname(path) };
      });
    },
  };
}

/** What Ink has of its own for any tree, we have for ours: the files say why. */
const inkParts = {
  name: 'ink-parts',
  setup({ onResolve }) {
    const ours = (name) => ({ path: resolve('src/tui/kit', name) });
    onResolve({ filter: /^\.\/renderer\.js$/ }, ({ importer }) =>
      importer.endsWith('/ink/build/ink.js') ? ours('ink-renderer.ts') : undefined,
    );
    onResolve({ filter: /^string-width$/ }, ({ importer }) => (importer.includes('/node_modules/') ? ours('ink-width.ts') : undefined));
  },
};

rmSync(outdir, { recursive: true, force: true });
const { inputs } = (await build({ ...options, plugins: [inkParts], write: false, metafile: true })).metafile;
const common = [...closureOf(COMMON, inputs)].filter((file) => !COMMON.includes(file));
const main = closureOf(['src/cli/main.ts'], inputs);
const own = common.filter((file) => !main.has(file));
await build({ ...options, plugins: [inkParts, together(own, needing(new Set(own), inputs))] });
// An Ink that names its files otherwise would draw with its own, and slowly.
if (!('src/tui/kit/ink-renderer.ts' in inputs)) throw new Error('nothing of Ink asks for our renderer: see inkParts');
