import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bundle } from './bundle.ts';

const ROOT = join(import.meta.dirname, '..');

// What Node is linked with, and what it loads to look up names.
const LIBRARIES = [
  ...['ld-linux-x86-64.so.2', 'libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'libgcc_s.so.1'],
  ...['libstdc++.so.6', 'libresolv.so.2', 'libnss_dns.so.2', 'libnss_files.so.2'],
];
const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates', 'tini'];

/** Downloads the Debian packages that the image takes files of. Throws an Error with what apt said. */
export const downloadPackages = (folder: string): void => {
  mkdirSync(folder, { recursive: true });
  must('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', ...PACKAGES], folder);
};

/**
 * Makes the file system of the image in `rootfs`: Node and the libraries that it needs, tini, CA certificates and the
 * program. There is no shell and no package manager. The same packages and sources give the same content.
 */
export const makeRootfs = async (packages: string, rootfs: string, scratch: string): Promise<void> => {
  process.umask(0o022);
  for (const folder of FOLDERS) mkdirSync(join(rootfs, folder), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(rootfs, name));
  const unpacked = join(scratch, 'unpacked');
  for (const file of readdirSync(packages).sort()) {
    const place = join(unpacked, file.split('_')[0] ?? file);
    mkdirSync(place, { recursive: true });
    must('dpkg-deb', ['-x', join(packages, file), place], scratch);
    keepNotice(join(packages, file), place, rootfs);
  }
  const found = filesIn(unpacked);
  for (const name of LIBRARIES) place(find(found, name), join(rootfs, LIB, name), 0o644);
  place(find(found, 'ld-linux-x86-64.so.2'), join(rootfs, 'usr/lib64/ld-linux-x86-64.so.2'), 0o755);
  place(find(found, 'tini'), join(rootfs, 'usr/bin/tini'), 0o755);
  place(join(ROOT, 'node_modules/node/bin/node'), join(rootfs, 'usr/bin/node'), 0o755);
  const authorities = found.filter((file) => file.endsWith('.crt')).sort();
  const pem = authorities.map((file) => readFileSync(file, 'utf8').trim()).join('\n');
  write(join(rootfs, 'etc/ssl/certs/ca-certificates.crt'), `${pem}\n`);
  for (const [file, text] of Object.entries(TEXTS)) write(join(rootfs, file), text);
  await addProgram(join(rootfs, 'opt/dr-syncer'));
  chmodSync(join(rootfs, 'tmp'), 0o1777);
};

const LIB = 'usr/lib/x86_64-linux-gnu';
const FOLDERS = [
  ...['dev', 'etc/ssl/certs', 'opt/dr-syncer', 'proc', 'sys', 'tmp', 'usr/bin', LIB, 'usr/lib64'],
  ...['usr/share/doc', 'var/lib/dpkg/status.d'],
];
const TEXTS: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/:/nonexistent\nnonroot:x:65532:65532:nonroot:/tmp:/nonexistent\n',
  'etc/group': 'root:x:0:\nnonroot:x:65532:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

const addProgram = async (folder: string): Promise<void> => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  await bundle(join(folder, 'dist/dr-syncer.js'));
  chmodSync(join(folder, 'dist/dr-syncer.js'), 0o644);
  place(join(ROOT, 'bin/dr-syncer.js'), join(folder, 'bin/dr-syncer.js'), 0o755);
  place(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'), 0o644);
  write(join(folder, 'package.json'), `${JSON.stringify({ name: 'dr-syncer', version, type: 'module' })}\n`);
};

// The licence, and what scanners read to know which version of a package the files are of.
const keepNotice = (deb: string, unpacked: string, rootfs: string): void => {
  const name = basename(unpacked);
  const notice = filesIn(join(unpacked, 'usr/share/doc')).find((file) => file.endsWith('/copyright'));
  if (notice !== undefined) place(notice, join(rootfs, 'usr/share/doc', name, 'copyright'), 0o644);
  write(join(rootfs, 'var/lib/dpkg/status.d', name), must('dpkg-deb', ['-f', deb], dirname(deb)));
};

const find = (files: readonly string[], name: string): string => {
  const file = files.find((path) => basename(path) === name);
  if (file === undefined) throw new Error(`None of the packages ${PACKAGES.join(', ')} has ${name}.`);
  return file;
};

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => !lstatSync(file).isDirectory());

const place = (from: string, to: string, mode: number): void => {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to);
  chmodSync(to, mode);
};

const write = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o644 });
};

/** Runs a program and returns its stdout. Throws an Error with what it said when it fails. */
export const must = (file: string, args: readonly string[], cwd: string): string => {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${file} ${args[0] ?? ''} failed (exit ${status}):\n${stderr}${stdout}`);
  return stdout;
};
