// Bundles src into dist (or the folder that is named): one entry, the heavy parts (gRPC, Ink) in pieces of their own that load when needed.
import { readFileSync, rmSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Loading costs by the piece, and by its size: what all commands load is one piece, what all that open a capture load is
 * another, and what all that ask for events load the third. Each is what these files load.
 */
const PIECES = [
  ['src/cli/exit.ts', 'src/cli/several.ts', 'src/cli/time-options.ts', 'src/cli/version.ts', 'src/output/sink.ts'],
  ['src/cli/info.ts', 'src/store/reader.ts'],
  ['src/cli/read.ts', 'src/cli/dns.ts'],
];

const outdir = process.argv[2] ?? 'dist';
const options = {
  entryPoints: {
    trowel: 'src/cli/main.ts',
    'screen-worker': 'src/cli/screen-worker.ts',
    'doctor-worker': 'src/cli/doctor-worker.ts',
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

/** The files that `entries` load at once; not what plugins make, which is named NAMESPACE:PATH. */
function closureOf(entries, inputs) {
  const found = new Set(entries);
  for (const file of found) {
    for (const { kind, path, external } of inputs[file].imports)
      if (kind !== 'dynamic-import' && !external && !path.includes(':')) found.add(path);
  }
  return found;
}

/** Files that are loaded when needed, and load something of a piece then: a splitter puts together what the same entries need. */
function needing(piece, inputs) {
  const lazy = Object.values(inputs).flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'dynamic-import'));
  const entries = new Set(lazy.map(({ path }) => path).filter((path) => path in inputs && path.startsWith('src/')));
  return [...entries, 'src/cli/screen-worker.ts'].filter((entry) => [...closureOf([entry], inputs)].some((file) => piece.has(file)));
}

/** Has every file that needs something of a piece load all of it. `pieces`: sets of files. */
function together(pieces, inputs) {
  const loads = new Map();
  for (const piece of pieces) for (const entry of needing(piece, inputs)) loads.set(entry, [...(loads.get(entry) ?? []), ...piece]);
  return {
    name: 'together',
    setup({ onLoad }) {
      onLoad({ filter: /\/src\/.*\.tsx?$/ }, ({ path }) => {
        const files = loads.get(relative('.', path));
        if (files === undefined) return undefined;
        const imports = files.map((file) => `import ${JSON.stringify(resolve(file))};`);
        const loader = path.endsWith('x') ? 'tsx' : 'ts';
        return { contents: `${readFileSync(path, 'utf8')}\n${imports.join('\n')}`, loader, resolveDir: dirname(path) };
      });
    },
  };
}

/** The files of each piece that no piece before it has. */
function piecesOf(inputs) {
  const taken = new Set();
  return PIECES.map((entries) => {
    const own = [...closureOf(entries, inputs)].filter((file) => !taken.has(file));
    for (const file of own) taken.add(file);
    return new Set(own);
  });
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

/** Commander asks for these of Node's own parts when it loads, and uses them hardly ever: 8 ms of every command. */
const COMMANDER_PARTS = {
  'node:process': 'export default process;',
  'node:child_process': `export default { spawn: (...given) => process.getBuiltinModule('node:child_process').spawn(...given) };`,
};
const commanderParts = {
  name: 'commander-parts',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:(process|child_process)$/ }, ({ path, importer }) =>
      importer.includes('/node_modules/commander/') ? { path, namespace: 'commander-parts' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'commander-parts' }, ({ path }) => ({ contents: COMMANDER_PARTS[path] }));
  },
};

/** Importing it evaluates all that it exports, and that loads Node's fetch and WebSocket, which nobody here uses: 50 ms of every recording. */
const plainHttp = {
  name: 'plain-http',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:http$/ }, ({ path }) => ({ path, namespace: 'plain-http' }));
    onLoad({ filter: /.*/, namespace: 'plain-http' }, () => ({ contents: `module.exports = process.getBuiltinModule('node:http');` }));
  },
};

/** SQLite's driver is twelve files, and a .scap file is read without it: loaded with the first database that is opened. */
const SQLITE = `
  let driver;
  const loaded = () => (driver ??= require('better-sqlite3'));
  export default new Proxy(class {}, {
    construct: (_, given) => Reflect.construct(loaded(), given),
    get: (_, name) => loaded()[name],
  });`;
const lateSqlite = {
  name: 'late-sqlite',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^better-sqlite3$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'late-sqlite' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'late-sqlite' }, () => ({ contents: SQLITE, resolveDir: '.' }));
  },
};

const plugins = [inkParts, commanderParts, plainHttp, lateSqlite];

rmSync(outdir, { recursive: true, force: true });
const { inputs } = (await build({ ...options, plugins, write: false, metafile: true })).metafile;
await build({ ...options, plugins: [...plugins, together(piecesOf(inputs), inputs)] });
// The thread that looks at the node needs little of all that: by itself it costs half as much to start.
await build({ ...options, entryPoints: { 'node-worker': 'src/node/worker.ts' }, splitting: false });
// What stays root under sudo has as little as possible with it; names only when they are asked for.
await build({ ...options, entryPoints: { broker: 'src/cli/broker/main.ts' }, chunkNames: 'broker-[hash]', plugins: [plainHttp] });
// A command that loads what knows events, to say its version, takes twice as long: see PIECES.
const early = [...closureOf(['src/cli/main.ts'], inputs)].filter((file) => file.startsWith('src/event/') || file.startsWith('src/store/'));
if (early.length > 0) throw new Error(`src/cli/main.ts loads ${early[0]} and others at once, which only some commands need`);
// An Ink that names its files otherwise would draw with its own, and slowly.
if (!('src/tui/kit/ink-renderer.ts' in inputs)) throw new Error('nothing of Ink asks for our renderer: see inkParts');
