import { spawn } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** What to build: the Go module with the `tool` lines, and the directory that shall hold the programs. */
export interface ToolBuild {
  readonly testbed: string;
  readonly target: string;
  /** Who the programs are, in sentences: `the Kubernetes programs for the test clusters`. */
  readonly programs: string;
  /** How long it takes: `7 to 15 minutes`. */
  readonly duration: string;
  /** Sentences for somebody without Go: what is built with it, and what to do. */
  readonly withoutGo: string;
  /** `-X` flags for Go's linker. */
  readonly linkFlags?: readonly string[];
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
  await takeLock(lock, build);
  try {
    if (!build.isReady()) {
      await installInto(build);
    }
  } finally {
    rmSync(lock, { force: true });
  }
}

const PROGRESS_MS = 15_000;

async function installInto(build: ToolBuild): Promise<void> {
  const { target, programs, duration, isReady } = build;
  const staging = `${target}.${process.pid}.building`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging);
  try {
    say(`Building ${programs} (once per version, ${duration}).`);
    await runGo(build, staging);
    if (isReady()) {
      return;
    }
    rmSync(target, { recursive: true, force: true });
    renameSync(staging, target);
    say(`They are in ${target}.`);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function runGo({ testbed, withoutGo, linkFlags = [] }: ToolBuild, bin: string): Promise<void> {
  const child = spawn(
    'go',
    ['install', '-v', '-trimpath', '-ldflags', ['-s -w', ...linkFlags].join(' '), 'tool'],
    {
      cwd: testbed,
      // What the user says about Go stays, such as -p=1 on a shared machine.
      env: { ...process.env, GOBIN: bin, GOFLAGS: `${process.env['GOFLAGS'] ?? ''} -mod=readonly`.trim() },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
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
        reject(cause.code === 'ENOENT' ? new Error(withoutGo, { cause }) : cause),
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

async function takeLock(lock: string, { programs, isReady }: ToolBuild): Promise<void> {
  for (let round = 0; !tryLock(lock); round += 1) {
    if (isReady()) {
      // The builder is about to release; its lock is of no more interest.
      await sleep(100);
    } else {
      if (round % 30 === 0) {
        say(`Another process builds ${programs}; waiting for it (lock ${lock}).`);
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
