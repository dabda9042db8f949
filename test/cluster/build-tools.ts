import { spawn } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** What to build: the Go module with the `tool` lines, and the directory that shall hold the programs. */
export interface ToolBuild {
  readonly testbed: string;
  readonly target: string;
  /** True once `target` is complete, also when another process completed it. */
  isReady(): boolean;
}

/**
 * Builds the pinned tools into `target`. The directory appears by one rename, so it is never half full, and a
 * lock beside it makes a second process wait instead of building too. Progress goes to stderr.
 * Throws an Error with the end of Go's output when the build fails, or a hint when Go is not installed.
 */
export async function buildTools(build: ToolBuild): Promise<void> {
  mkdirSync(dirname(build.target), { recursive: true });
  const lock = `${build.target}.lock`;
  await takeLock(lock, build.isReady);
  try {
    if (!build.isReady()) {
      await installInto(build);
    }
  } finally {
    rmSync(lock, { force: true });
  }
}

const VERSION = 'k8s.io/component-base/version';
const LINK_FLAGS = `-s -w -X ${VERSION}.gitVersion=v1.37.2 -X ${VERSION}.gitMajor=1 -X ${VERSION}.gitMinor=37`;
const PROGRESS_MS = 15_000;

async function installInto({ testbed, target, isReady }: ToolBuild): Promise<void> {
  const staging = `${target}.${process.pid}.building`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging);
  try {
    say('Building the Kubernetes programs for the test clusters (once per version, 7 to 15 minutes).');
    await runGo(testbed, staging);
    if (isReady()) {
      return;
    }
    rmSync(target, { recursive: true, force: true });
    renameSync(staging, target);
    say(`The Kubernetes programs are in ${target}.`);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function runGo(testbed: string, bin: string): Promise<void> {
  const child = spawn('go', ['install', '-v', '-trimpath', '-ldflags', LINK_FLAGS, 'tool'], {
    cwd: testbed,
    env: { ...process.env, GOBIN: bin, GOFLAGS: '-mod=readonly' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stop = (): boolean => child.kill();
  process.once('exit', stop);
  const started = Date.now();
  const tail: string[] = [];
  let lines = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines += 1;
    tail.push(line);
    tail.splice(0, tail.length - 20);
  });
  const ticker = setInterval(() => {
    say(`  ${Math.round((Date.now() - started) / 1000)} s, ${lines} packages downloaded or compiled`);
  }, PROGRESS_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', (cause: NodeJS.ErrnoException) =>
        reject(cause.code === 'ENOENT' ? noGo(cause) : cause),
      );
      child.once('close', (code) =>
        code === 0
          ? resolve()
          : reject(new Error(`"go install tool" failed in ${testbed} (exit ${code}):\n${tail.join('\n')}`)),
      );
    });
  } finally {
    clearInterval(ticker);
    process.off('exit', stop);
  }
}

function noGo(cause: Error): Error {
  return new Error(
    'The test clusters need etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl and kwok. ' +
      'They are built with Go 1.26 or newer, and no "go" was found on PATH. ' +
      'Install Go, or set KUBEBUILDER_ASSETS to a directory that holds these programs.',
    { cause },
  );
}

async function takeLock(lock: string, isReady: () => boolean): Promise<void> {
  for (let round = 0; !tryLock(lock); round += 1) {
    if (isReady()) {
      // The builder is about to release; its lock is of no more interest.
      await sleep(100);
    } else {
      if (round % 30 === 0) {
        say(`Another process builds the Kubernetes programs; waiting for it (lock ${lock}).`);
      }
      await sleep(1000);
    }
  }
}

// The lock is linked into place with its content, so nobody can see it without its owner's pid.
function tryLock(lock: string): boolean {
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  } finally {
    rmSync(mine, { force: true });
  }
  if (ownerLives(lock)) {
    return false;
  }
  rmSync(lock, { force: true });
  return tryLock(lock);
}

function ownerLives(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    // EPERM: alive, but another user's. ENOENT: released in the meantime.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
