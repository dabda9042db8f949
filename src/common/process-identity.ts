import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/**
 * What is known here of a process. `elsewhere`: it belongs to another machine, another container or an earlier start of
 * this machine, or this system does not tell its processes apart; it may run for all that is known.
 */
export type Life = 'alive' | 'gone' | 'elsewhere';

/**
 * Names one process so that it cannot be taken for another, as one line of JSON: the running system, the pid and when
 * it started. A pid alone is used again by the system, and hosts share names. Undefined when no such process runs (a
 * zombie counts as gone). Where the system has no name (Windows), nobody will ever call the process gone.
 */
export const processIdentity = (pid: number): string | undefined => {
  const system = systemName();
  const started = system === '' ? '' : startOf(pid);
  return started === undefined ? undefined : JSON.stringify({ host: hostname(), system, pid, started });
};

/** Whether the process of an identity runs. Never throws; what cannot be read is `elsewhere`. */
export const lifeOf = (identity: string): Life => {
  const known = parseIdentity(identity);
  const system = systemName();
  // Two systems without a name are not the same one.
  if (known === undefined || system === '' || known.system !== system) return 'elsewhere';
  const started = startOf(known.pid);
  if (started === known.started) return 'alive';
  return started === undefined && !seesOthers() ? 'elsewhere' : 'gone';
};

/** The pid of an identity, when it is one that may be signalled: 0, 1 and negative ones would address groups or init. */
export const pidOf = (identity: string): number | undefined => parseIdentity(identity)?.pid;

/**
 * Whether this host has been started again since something was made at `madeMs` (ms since the epoch) by the process of
 * an identity. For what lies on the disk of the host: its process cannot run any more. Never throws.
 */
export const isBeforeBoot = (identity: string, madeMs: number): boolean =>
  parseIdentity(identity)?.host === hostname() && madeMs < Date.now() - uptime() * 1000;

/**
 * Whether a process ran in an earlier container of this pod: on this host, since its last start, but in another pid
 * namespace, or with a pid that belongs to a younger process now. Only for identities that no other pod can have
 * written. Where it is not known, false. Never throws.
 */
export const isOfEarlierContainer = (identity: string): boolean => {
  const known = readIdentity(identity);
  const system = systemName();
  if (known === undefined || system === '' || known.host !== hostname()) return false;
  if (known.system === system) return startOf(known.pid) !== known.started && seesOthers();
  return known.system.split('/')[0] === system.split('/')[0];
};

interface Identity {
  readonly host: string;
  readonly system: string;
  readonly pid: number;
  readonly started: string;
}

const parseIdentity = (text: string): Identity | undefined => {
  const identity = readIdentity(text);
  return identity === undefined || identity.pid <= 1 ? undefined : identity;
};

const readIdentity = (text: string): Identity | undefined => {
  try {
    const { host, system, pid, started } = JSON.parse(text) as { [Key in keyof Identity]?: unknown };
    if (typeof host !== 'string' || typeof system !== 'string' || typeof started !== 'string')
      return undefined;
    return typeof pid === 'number' && pid > 0 ? { host, system, pid, started } : undefined;
  } catch {
    return undefined;
  }
};

// Linux: this start of the kernel, and the namespace in which its pids count. macOS: this start of the machine. What
// has neither is ''.
const systemName = (): string => {
  const boot = read('/proc/sys/kernel/random/boot_id');
  if (boot === undefined) return ask('/usr/sbin/sysctl', '-n', 'kern.bootsessionuuid') ?? '';
  try {
    return `${boot.trim()}/${readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '')}`;
  } catch {
    return '';
  }
};

const startOf = (pid: number): string | undefined => {
  if (read('/proc/self/stat') === undefined) return ask('/bin/ps', '-o', 'lstart=', '-p', String(pid));
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : startInStat(stat);
};

/**
 * When a process started, in clock ticks since the boot, from the text of /proc/<pid>/stat; undefined for a zombie. The
 * second field is the program's name in parentheses and may hold anything, parentheses too; state is the third, the
 * start time the 22nd (proc(5)). Pure.
 */
export const startInStat = (stat: string): string | undefined => {
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
};

// Where /proc hides the processes of other users (hidepid), init cannot be seen either.
const seesOthers = (): boolean => read('/proc/self/stat') === undefined || read('/proc/1/stat') !== undefined;

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

// Time zone and language are fixed: the same process must have the same start tomorrow.
const ask = (program: string, ...args: string[]): string | undefined => {
  try {
    const text = execFileSync(program, args, {
      encoding: 'utf8',
      env: { TZ: 'UTC', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
};
