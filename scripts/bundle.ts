import { build } from 'esbuild';

/** Bundles the program and what it imports into one file. Paths are relative to the working directory. */
export const bundle = async (outfile: string): Promise<void> => {
  await build({
    entryPoints: [new URL('../src/cli.ts', import.meta.url).pathname],
    outfile,
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
};
