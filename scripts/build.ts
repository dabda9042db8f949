// Bundles the program and what it imports into one file, dist/dr-syncer.js, that bin/dr-syncer.js loads.
import { rm, stat } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/cli.ts'],
  outfile: 'dist/dr-syncer.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.19',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  // Some dependencies are CommonJS and call require() for Node's own modules.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
});
const { size } = await stat('dist/dr-syncer.js');
console.log(`dist/dr-syncer.js ${(size / 1024).toFixed(0)} KiB`);
