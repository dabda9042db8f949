import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { execa } from 'execa';
import type { Clock, ProcessControl } from './types.ts';

/**
 * Names one process so that it cannot be taken for another: host, boot, pid and start time. A pid alone is used
 * again by the system. Undefined when no such process runs (a zombie counts as gone).
 */
export const processIdentity = async (pid: number): Promise<string | undefined> => {
  const started = await startOf(pid);
  return started === undefined ? undefined : JSON.stringify({ host: hostname(), pid, started });
};

/** Whether the process of an identity runs: `elsewhere` when it was started on another host, which cannot be seen. */
export const isAlive = async (identity: string): Promise<'alive' | 'gone' | 'elsewhere'> => {
  const known = parse(identity);
  if (known === undefined || known.host !== hostname()) return 'elsewhere';
  return (await processIdentity(known.pid)) === identity ? 'alive' : 'gone';
};

/** How often to look whether a process has ended. */
const POLL_MS = 100;

/**
 * Ends a mover that an earlier run of dr-syncer left behind: SIGINT once, so that it removes its objects, and after
 * the grace period SIGKILL to its whole group. Never signals another process that got the same pid.
 */
export const endProcess = async (
  identity: string,
  graceMs: number,
  { clock, control }: { readonly clock: Clock; readonly control: ProcessControl },
): Promise<'gone' | 'ended' | 'killed' | 'elsewhere'> => {
  const state = await isAlive(identity);
  const known = parse(identity);
  if (state !== 'alive' || known === undefined) return state === 'elsewhere' ? 'elsewhere' : 'gone';
  sendSignal(control, known.pid, 'SIGINT');
  const until = clock.now() + graceMs;
  while (clock.now() < until) {
    if ((await isAlive(identity)) !== 'alive') return 'ended';
    await clock.sleep(POLL_MS);
  }
  sendSignal(control, -known.pid, 'SIGKILL');
  return 'killed';
};

const sendSignal = (control: ProcessControl, pid: number, signal: 'SIGINT' | 'SIGKILL'): void => {
  try {
    control.kill(pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
};

const parse = (identity: string): { host: string; pid: number } | undefined => {
  try {
    const value = JSON.parse(identity) as { host?: unknown; pid?: unknown };
    // Pids 0 and 1, and negative ones, would address groups or init.
    if (typeof value.host !== 'string' || typeof value.pid !== 'number' || !(value.pid > 1)) return undefined;
    return { host: value.host, pid: value.pid };
  } catch {
    return undefined;
  }
};

// Linux has no `ps` in slim images, other systems have no /proc.
const startOf = async (pid: number): Promise<string | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) {
    // The second field is the program's name in parentheses and may hold anything; state is the third, the start
    // time in clock ticks since the boot the 22nd (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    return `${boot.trim()}/${fields[19]}`;
  }
  if (await hasProc()) return undefined;
  const ps = await execa('ps', ['-o', 'lstart=', '-p', String(pid)], { reject: false });
  return ps.failed || ps.stdout.trim() === '' ? undefined : ps.stdout.trim();
};

const hasProc = async (): Promise<boolean> =>
  (await readFile('/proc/self/stat', 'utf8').catch(() => undefined)) !== undefined;
