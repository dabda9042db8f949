/**
 * npm run image: the container image as an OCI archive, dist/image/dr-syncer-<version>.tar, without a container engine.
 * With --check it is built a second time, and both digests must be the same.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../src/common/errors.ts';
import { buildImage, cannotBuild, writeArchive } from './image-build.ts';

const FOLDER = join(import.meta.dirname, '..', 'dist', 'image');

try {
  const reason = cannotBuild();
  if (reason !== undefined) throw new Error(reason);
  await main(process.argv.includes('--check'));
} catch (error) {
  process.stderr.write(`No image was built: ${errorText(error)}\n`);
  process.exitCode = 1;
}

async function main(isChecked: boolean): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const scratch = mkdtempSync(join(FOLDER, 'build-'));
  try {
    const packages = join(scratch, 'packages');
    const [first, second] = [join(scratch, 'first'), join(scratch, 'second')];
    for (const folder of [first, second]) mkdirSync(folder);
    const image = await buildImage(first, packages);
    if (isChecked) {
      const again = await buildImage(second, packages);
      if (again.digest !== image.digest)
        throw new Error(`two builds differ: ${image.digest} and ${again.digest}.`);
      process.stdout.write('built twice, with the same digest\n');
    }
    const file = join(FOLDER, `dr-syncer-${image.tag}.tar`);
    writeArchive(image, file);
    const megabytes = (statSync(file).size / 1e6).toFixed(1);
    process.stdout.write(`${file} ${megabytes} MB\n${image.digest}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
