import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureChartTools, ensureTools } from './binaries.ts';
import { buildTools } from './build-tools.ts';

// These tests put a shell script called "go" on PATH; a real build takes ten minutes.
let home: string;
let target: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dr-syncer-build-test-'));
  target = join(home, 'cache', 'abc');
  mkdirSync(join(home, 'bin'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

test('two builds at once run Go once, and leave the complete directory and nothing else', async () => {
  fakeGo(`echo run >> ${home}/runs; sleep 0.5; echo tool > "$GOBIN/etcd"`);
  await Promise.all([build(), build()]);
  expect(readFileSync(join(home, 'runs'), 'utf8')).toBe('run\n');
  expect(readdirSync(join(home, 'cache'))).toEqual(['abc']);
  expect(readdirSync(target)).toEqual(['etcd']);
});

test('a lock whose owner is dead is taken over', async () => {
  fakeGo('echo tool > "$GOBIN/etcd"');
  mkdirSync(join(home, 'cache'));
  // Above the largest process id that Linux and macOS give out.
  writeFileSync(`${target}.lock`, '99999999');
  await build();
  expect(existsSync(join(target, 'etcd'))).toBe(true);
});

test('a failed build says what Go said and leaves nothing behind', async () => {
  fakeGo('echo "no space left" >&2; exit 1');
  await expect(build()).rejects.toThrow(/no space left/);
  expect(readdirSync(join(home, 'cache'))).toEqual([]);
});

test('without Go, a sentence says what is missing and what to do', async () => {
  vi.stubEnv('PATH', join(home, 'bin'));
  await expect(build()).rejects.toThrow('They are built with Go, and no "go" was found.');
  const empty = { XDG_CACHE_HOME: home };
  await expect(ensureTools(empty)).rejects.toThrow(
    /built with Go.*no "go" was found.*Install Go, or set KUBEBUILDER_ASSETS/,
  );
  await expect(ensureChartTools(empty)).rejects.toThrow(/helm and kubeconform.*built with Go.*Install Go/);
});

function build(): Promise<void> {
  return buildTools({
    testbed: home,
    target,
    programs: 'the programs',
    duration: 'a moment',
    withoutGo: 'They are built with Go, and no "go" was found.',
    isReady: () => existsSync(join(target, 'etcd')),
  });
}

function fakeGo(script: string): void {
  writeFileSync(join(home, 'bin', 'go'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${join(home, 'bin')}:${process.env['PATH']}`);
}
