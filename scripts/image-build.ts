import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { downloadPackages, makeRootfs, must } from './image-rootfs.ts';

const ROOT = join(import.meta.dirname, '..');

/** An image that was built: the digest of its manifest, and the folder with its OCI layout. */
export interface BuiltImage {
  readonly digest: string;
  readonly layout: string;
  readonly tag: string;
}

/** Why no image can be built here, with the line that helps; undefined if one can. */
export const cannotBuild = (): string | undefined => {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'the image is for linux/amd64 and is built there.';
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isOnPath(program));
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.map(([, debian]) => debian))].join(' ');
  return `${missing.map(([program]) => program).join(', ')} not found. Run: apt-get install --yes ${packages}`;
};

/**
 * Builds the image into `folder`, which must be empty, of Debian packages in `packages` (downloaded if that is not there).
 * Throws an Error with what a program said.
 */
export const buildImage = async (folder: string, packages: string): Promise<BuiltImage> => {
  if (!existsSync(packages)) downloadPackages(packages);
  const scratch = mkdtempSync(join(tmpdir(), 'dr-syncer-image-'));
  try {
    const rootfs = join(scratch, 'rootfs');
    await makeRootfs(packages, rootfs, scratch);
    const layer = join(scratch, 'layer.tar');
    packTar(rootfs, layer);
    return assemble(layer, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

/** Packs a layout into an OCI archive, the same bytes for the same layout. */
export const writeArchive = ({ layout }: BuiltImage, file: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  packTar(layout, file);
};

// The Debian package of each program.
const PROGRAMS: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  tar: 'tar',
  umoci: 'umoci',
};

const isOnPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

// Seconds since 1970: that of the last commit unless the builder says another one.
const epoch = (): number => {
  const given = Number(process.env['SOURCE_DATE_EPOCH'] || git('log', '-1', '--format=%ct') || 0);
  if (!Number.isInteger(given)) throw new Error('SOURCE_DATE_EPOCH must be a number of seconds.');
  return given;
};

const git = (...args: string[]): string =>
  spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? '';

const packTar = (folder: string, file: string): void => {
  const fixed = [
    '--sort=name',
    `--mtime=@${epoch()}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--format=gnu',
  ];
  must('tar', [...fixed, '-C', folder, '-cf', file, '.'], ROOT);
};

const assemble = (layer: string, folder: string): BuiltImage => {
  const { name, version, description, license } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const layout = join(folder, 'layout');
  const created = new Date(epoch() * 1000).toISOString().replace('.000', '');
  const image = `${layout}:${version}`;
  const umoci = (...args: string[]): string => must('umoci', args, folder);
  umoci('init', '--layout', layout);
  umoci('new', '--image', image);
  umoci(
    'raw',
    'add-layer',
    '--image',
    image,
    '--history.created',
    created,
    '--history.created_by',
    'npm run image',
    layer,
  );
  const labels = {
    title: name,
    version,
    description,
    licenses: license,
    created,
    revision: git('rev-parse', 'HEAD'),
  };
  const config = [
    ...['--config.user', '65532:65532', '--config.workingdir', '/tmp', '--config.stopsignal', 'SIGTERM'],
    ...ENTRYPOINT.flatMap((word) => ['--config.entrypoint', word]),
    ...ENVIRONMENT.flatMap((setting) => ['--config.env', setting]),
    ...Object.entries(labels)
      .filter(([, value]) => value !== '')
      .flatMap(([key, value]) => ['--config.label', `org.opencontainers.image.${key}=${value}`]),
    ...['--created', created, '--os', 'linux', '--architecture', 'amd64', '--no-history'],
  ];
  umoci('config', '--image', image, ...config);
  umoci('gc', '--layout', layout);
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  return { digest: index.manifests[0].digest, layout, tag: version };
};

// tini is process 1: it hands on signals and buries orphans, which Node does not.
const ENTRYPOINT = ['/usr/bin/tini', '--', '/usr/bin/node', '/opt/dr-syncer/bin/dr-syncer.js'];
const ENVIRONMENT = [
  'PATH=/usr/bin',
  'HOME=/tmp',
  'TMPDIR=/tmp',
  'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
];
