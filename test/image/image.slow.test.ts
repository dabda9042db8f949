import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltImage, buildImage, cannotBuild } from '../../scripts/image-build.ts';

const INSIDE = ['--pid', '--fork', '--kill-child', '--mount', '--mount-proc'];
const reason =
  cannotBuild() ??
  (spawnSync('unshare', [...INSIDE, 'true']).status === 0
    ? undefined
    : 'unshare may not make namespaces here.');
if (reason !== undefined) process.stdout.write(`skipped: the container image: ${reason}\n`);

describe.skipIf(reason !== undefined)(`the container image${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let home: string;
  let image: BuiltImage;
  let rootfs: string;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'dr-syncer-image-test-'));
    image = await build('first');
    const bundle = join(home, 'bundle');
    const unpacked = spawnSync('umoci', ['unpack', '--image', `${image.layout}:${image.tag}`, bundle]);
    expect(unpacked.status, String(unpacked.stderr)).toBe(0);
    rootfs = join(bundle, 'rootfs');
  }, 300_000);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const build = (name: string): Promise<BuiltImage> => {
    mkdirSync(join(home, name));
    return buildImage(join(home, name), join(home, 'packages'));
  };

  // As process 1 in a file system of its own, as the user of the image, without network.
  const inside = (command: readonly string[]): string[] => [
    ...[...INSIDE, '--net', '--root', rootfs, '--setuid', '65532', '--setgid', '65532', '--wd', '/tmp'],
    ...command,
  ];

  it('built twice has the same digest', { timeout: 300_000 }, async () => {
    expect((await build('second')).digest).toBe(image.digest);
  });

  it('says what it is and starts as nobody special', () => {
    const { config, architecture, os } = configOf(image);
    expect({ architecture, os, user: config.User }).toEqual({
      architecture: 'amd64',
      os: 'linux',
      user: '65532:65532',
    });
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'dr-syncer',
      'org.opencontainers.image.version': image.tag,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    });
  });

  it('runs the program by its entry point', () => {
    const { config } = configOf(image);
    const run = spawnSync('unshare', inside([...config.Entrypoint, '--version']), {
      encoding: 'utf8',
      env: Object.fromEntries(config.Env.map((setting: string) => setting.split('='))),
    });
    expect({ status: run.status, stdout: run.stdout.trim(), stderr: run.stderr }).toEqual({
      status: 0,
      stdout: image.tag,
      stderr: '',
    });
  });

  it('hands SIGTERM on to the program, and ends with its exit code', async () => {
    const [tini, dashes] = configOf(image).config.Entrypoint;
    const program =
      "process.on('SIGTERM', () => process.exit(42)); setInterval(() => {}, 1e6); console.log('ready')";
    const child = spawn('unshare', inside([tini, dashes, '/usr/bin/node', '-e', program]));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    process.kill(Number(first), 'SIGTERM');
    expect(await ended).toBe(42);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: raw JSON of an OCI image
const configOf = ({ layout, digest }: BuiltImage): any => {
  const blob = (name: string) =>
    JSON.parse(readFileSync(join(layout, 'blobs', name.replace(':', '/')), 'utf8'));
  return blob(blob(digest).config.digest);
};
