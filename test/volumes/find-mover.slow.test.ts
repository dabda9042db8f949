import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/common/errors.ts';
import { preflightMover } from '../../src/volumes/check-mover.ts';
import { checkCopyArgs, findMover, moverEnv, strategyWarnings } from '../../src/volumes/find-mover.ts';
import { type Bench, openBench, options, STAND_IN, standIn, VERSIONS } from './helpers/stand-in.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench('3.6.1');
});
afterEach(() => bench.remove());

const script = (text: string): string => {
  const path = join(bench.root, 'program');
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
};

describe('findMover', { timeout: 120_000 }, () => {
  it.each(VERSIONS)('D1: asks version %s for its version', async (version) => {
    const mover = await findMover({
      path: STAND_IN,
      env: { ...bench.env, PV_MIGRATE_FAKE_VERSION: version },
    });
    const { major, minor, patch } = mover.dialect.version;
    expect(`${major}.${minor}.${patch}`).toBe(version);
  });

  it('finds the program on PATH, past folders and files that do not run', async () => {
    const [folder, plain, real] = ['folder', 'plain', 'real'].map((name) => join(bench.root, name));
    for (const path of [folder, plain, real]) mkdirSync(path as string);
    mkdirSync(join(folder as string, 'pv-migrate'));
    writeFileSync(join(plain as string, 'pv-migrate'), 'not executable', { mode: 0o644 });
    symlinkSync(STAND_IN, join(real as string, 'pv-migrate'));
    const PATH = [folder, plain, '', real, bench.env['PATH']].join(':');
    const mover = await findMover({ env: { ...bench.env, PATH } });
    expect(mover.path).toBe(join(real as string, 'pv-migrate'));
  });

  it('runs nothing that lies in the folder where it happens to be: L1', async () => {
    const before = process.cwd();
    const here = join(bench.root, 'here');
    mkdirSync(here);
    symlinkSync(STAND_IN, join(here, 'pv-migrate'));
    process.chdir(here);
    try {
      for (const PATH of ['', ':', '.', `:${bench.root}`, '../here'])
        await expect(findMover({ env: { PATH } })).rejects.toThrow('not on PATH');
    } finally {
      process.chdir(before);
    }
  });

  it('D2: says how to get the program when it is missing', async () => {
    const missing = findMover({ env: { PATH: bench.root } });
    await expect(missing).rejects.toBeInstanceOf(RefusedError);
    await expect(missing).rejects.toMatchObject({
      message: expect.stringContaining('not on PATH'),
      hint: expect.stringContaining('github.com/utkuozdemir/pv-migrate/releases'),
    });
    await expect(findMover({ path: '/nowhere/pvm', env: {} })).rejects.toThrow(
      'No program found at /nowhere/pvm (--pv-migrate-path).',
    );
  });

  it('D2: refuses a program that fails, that is another one, or that is too new', async () => {
    const find = (text: string) => findMover({ path: script(text), env: bench.env });
    await expect(find('#!/bin/sh\nexit 3\n')).rejects.toThrow(/--version failed/);
    await expect(find('#!/bin/sh\necho hello\n')).rejects.toThrow(/does not print a pv-migrate version/);
    await expect(find('#!/bin/sh\necho pv-migrate version 4.0.0\n')).rejects.toThrow(
      /4\.0\.0 is not supported/,
    );
  });
});

describe('moverEnv', { timeout: 120_000 }, () => {
  it('D8: withholds kubeconfigs and the credentials of other commands, and keeps the rest for login plugins', () => {
    expect(
      moverEnv({
        PATH: '/bin',
        KUBECONFIG: '/k',
        PV_MIGRATE_S3_SECRET_KEY: 's',
        AWS_PROFILE: 'p',
        GONE: undefined,
      }),
    ).toEqual({ PATH: '/bin', AWS_PROFILE: 'p', NO_COLOR: '1' });
  });
});

describe('checkCopyArgs', { timeout: 120_000 }, () => {
  it('D5: lets the mover refuse unknown flags and bad values without copying', async () => {
    const mover = await standIn(bench);
    await expect(checkCopyArgs(mover, ['--source=a', '--nope'])).rejects.toMatchObject({
      message: 'pv-migrate 3.6.1 rejects its arguments: Error: unknown flag: --nope',
      hint: expect.stringContaining('--pv-migrate-flags'),
    });
    await expect(checkCopyArgs(mover, ['--helm-timeout=soon'])).rejects.toThrow(/invalid argument "soon"/);
    await expect(checkCopyArgs(mover, ['--source=a', '--dest=b', '--ignore-sizes'])).resolves.toBeUndefined();
    expect(bench.noted('attempt')).toEqual([]);
  });
});

describe('strategyWarnings', { timeout: 120_000 }, () => {
  it('D12, D15: tells what is left out, and that the old local strategy needs ssh', async () => {
    const old = await findMover({ path: STAND_IN, env: { ...bench.env, PV_MIGRATE_FAKE_VERSION: '2.2.1' } });
    const blind = { ...old, env: { ...old.env, PATH: bench.root } };
    expect(await strategyWarnings(blind, options())).toEqual([
      'pv-migrate 2.2.1 has no strategy nodeport; it is skipped.',
      'The local strategy of this pv-migrate needs ssh, which is not on PATH.',
    ]);
    expect(await strategyWarnings(await standIn(bench), options())).toEqual([]);
  });
});

describe('preflightMover', { timeout: 120_000 }, () => {
  it.each(VERSIONS)('accepts the default options with version %s and copies nothing', async (version) => {
    const env = { ...bench.env, PV_MIGRATE_FAKE_VERSION: version };
    const { mover, warnings } = await preflightMover(options({ path: STAND_IN }), env);
    expect(mover.path).toBe(STAND_IN);
    expect(warnings.filter((text) => text.includes('nodeport'))).toHaveLength(version < '3' ? 1 : 0);
    expect(bench.noted('attempt')).toEqual([]);
  });

  it('D5: finds a flag that this version does not have before anything is stopped', async () => {
    const env = { ...bench.env, PV_MIGRATE_FAKE_VERSION: '3.2.0' };
    const wrong = preflightMover(options({ path: STAND_IN, extraFlags: ['--rsync-push'] }), env);
    await expect(wrong).rejects.toThrow(
      'pv-migrate 3.2.0 rejects its arguments: Error: unknown flag: --rsync-push',
    );
    const fine = preflightMover(options({ path: STAND_IN, extraFlags: ['--rsync-push'] }), bench.env);
    await expect(fine).resolves.toMatchObject({ warnings: [] });
  });
});
