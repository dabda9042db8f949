// First: it must be done before anything else is loaded.
import './harden.ts';
import { hostname, userInfo } from 'node:os';
import { delimiter } from 'node:path';
import process from 'node:process';
import { InterruptedError } from './common/errors.ts';
import { lifeOf, processIdentity } from './common/process-identity.ts';
import { recordedLine } from './common/recorded-line.ts';
import { absoluteFolders } from './common/search-path.ts';
import { VERSION } from './common/version.ts';
import { runProgram } from './program.ts';
import { operator } from './state/operator-identity.ts';
import { isClosedPipe } from './ui/io.ts';

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

const userName = (): string | undefined => {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
};

// What we start (hooks, login plugins, the mover) is looked for by whoever starts it, in this process or in a child.
const folders = absoluteFolders(process.env.PATH ?? '');
// An empty PATH means that folder again; none at all means those of the system.
if (folders.length > 0) process.env.PATH = folders.join(delimiter);
else delete process.env.PATH;

// Tests let a lock expire within seconds.
const LOCK_TTL = process.env.DR_SYNCER_LOCK_TTL_MS;

process.exitCode = await runProgram(
  process.argv.slice(2),
  {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    operator: operator({ env: process.env, hostname: hostname(), user: userName() }),
    commandLine: recordedLine(process.argv.slice(2)),
    version: VERSION,
    process: {
      id: processIdentity(process.pid) ?? String(process.pid),
      lifeOf,
      pid: process.pid,
      lockTtlMs: LOCK_TTL === undefined ? undefined : Number(LOCK_TTL),
      kill: (pid, signal) => process.kill(pid, signal),
    },
  },
  interrupt.signal,
);
// Whatever still waits (an idle connection, a plugin's pipe) must not keep a finished run alive.
setTimeout(() => process.exit(), 1000).unref();
