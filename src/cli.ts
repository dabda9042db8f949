import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { shellWord } from './command-line.ts';
import { InterruptedError } from './errors.ts';
import { isClosedPipe } from './io.ts';
import { runProgram } from './program.ts';
import { VERSION } from './version.ts';

// The only file that touches the process: arguments in, exit code out, signals.

const interrupt = new AbortController();
let asked = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    asked++;
    interrupt.abort(new InterruptedError(`Interrupted by ${signal}.`));
    // The first asks for a safe point; a person who asks again wants out now, and the journal allows it.
    if (asked > 1) process.exit(130);
    process.stderr.write('Stopping at a safe point; press Ctrl-C again to stop at once.\n');
  });
}
// A reader that went away (`dr-syncer ... | head`) is not an error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
  });
}

// On a large machine V8 lets the heap grow to several times what is in use before it collects: thousands of objects
// then take 400 MB where 60 MB are needed. Small runs never get there, and keep the faster way.
const FRUGAL_FROM_BYTES = 160 * 2 ** 20;
const memoryWatch = setInterval(() => {
  if (process.memoryUsage.rss() < FRUGAL_FROM_BYTES) return;
  setFlagsFromString('--optimize-for-size');
  clearInterval(memoryWatch);
}, 100);
memoryWatch.unref();

const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? 'unknown';
  }
};

// A pid alone may be another process by the time somebody asks; with its start time it is this one. Another host can
// have the same name: with the boot and the pid namespace it is this one. Where the system does not tell, they are ''.
const startTime = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
};
const system = (): string => {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '')}`;
  } catch {
    return '';
  }
};
// A process of another system may run for all that is known here.
const isAlive = (id: string): boolean => {
  const [pid = '', started = '', where = ''] = id.split(':');
  if (where !== system()) return true;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startTime(Number(pid)) === started;
};

// Tests let a lock expire within seconds.
const LOCK_TTL = process.env.DR_SYNCER_LOCK_TTL_MS;

process.exitCode = await runProgram(
  process.argv.slice(2),
  {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    operator: `${userName()}@${hostname()}`,
    commandLine: ['dr-syncer', ...process.argv.slice(2)].map(shellWord).join(' '),
    version: VERSION,
    process: {
      id: `${process.pid}:${startTime(process.pid)}:${system()}`,
      isAlive,
      pid: process.pid,
      lockTtlMs: LOCK_TTL === undefined ? undefined : Number(LOCK_TTL),
      kill: (pid, signal) => process.kill(pid, signal),
    },
  },
  interrupt.signal,
);
// Whatever still waits (an idle connection, a plugin's pipe) must not keep a finished run alive.
setTimeout(() => process.exit(), 1000).unref();
