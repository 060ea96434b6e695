// Bundles src into dist (or the folder that is named): one entry, the heavy parts (gRPC, Ink) in pieces of their own that load when needed.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

const outdir = process.argv[2] ?? 'dist';
rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: { trowel: 'src/cli/main.ts', 'screen-worker': 'src/cli/screen-worker.ts', 'node-worker': 'src/node/worker.ts' },
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  jsx: 'automatic',
  external: ['better-sqlite3', '@grpc/grpc-js', 'protobufjs', 'long', 'react-devtools-core'],
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: { js: "import { createRequire as requireOf } from 'node:module';const require=requireOf(import.meta.url);" },
  legalComments: 'none',
  logLevel: 'warning',
});
