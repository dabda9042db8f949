/**
 * Ends the processes of a test cluster when the process that started them is gone, however it went.
 * Its stdin is a pipe held by that process and by nobody else: the pipe closes even on SIGKILL.
 * Lines in: "add PID", "drop PID", and "release" for an orderly end. Argument: the cluster's directory.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { endProcess } from './processes.ts';

const root = process.argv[2] ?? '';
const pids = new Set<number>();
let released = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => undefined);
}
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, pid] = line.split(' ');
    if (word === 'add') {
      pids.add(Number(pid));
    } else if (word === 'drop') {
      pids.delete(Number(pid));
    } else if (word === 'release') {
      released = true;
    }
  })
  .on('close', () => {
    if (!released && root !== '') {
      for (const pid of pids) {
        endProcess(pid, root);
      }
      rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  });
