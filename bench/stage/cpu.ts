import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** CPU seconds used so far by the clusters and by the ended children of this process; undefined where unknown. */
export interface CpuTimes {
  readonly servers: number;
  readonly clients: number;
}

/** Reads the CPU clocks. Linux only: elsewhere undefined. */
export const cpuTimes = (pids: readonly number[]): CpuTimes | undefined => {
  if (process.platform !== 'linux') return undefined;
  return {
    servers: pids.reduce((sum, pid) => sum + ticks(pid, 'own') / TICKS_PER_SECOND, 0),
    clients: ticks(process.pid, 'children') / TICKS_PER_SECOND,
  };
};

/** Waits until the clusters do (almost) nothing: their controllers go on working after a copy has ended. */
export const untilQuiet = async (pids: readonly number[]): Promise<void> => {
  const deadline = Date.now() + 20_000;
  for (let quiet = 0; quiet < 2 && Date.now() < deadline; ) {
    const before = cpuTimes(pids);
    await sleep(1000);
    const after = cpuTimes(pids);
    if (before === undefined || after === undefined) return void (await sleep(5000));
    quiet = after.servers - before.servers < 0.25 ? quiet + 1 : 0;
  }
};

const TICKS_PER_SECOND = 100;

// proc(5): utime, stime, cutime and cstime are fields 14 to 17; the name in field 2 may hold spaces.
const ticks = (pid: number, whose: 'own' | 'children'): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const first = whose === 'own' ? 11 : 13;
    return Number(fields[first]) + Number(fields[first + 1]);
  } catch {
    return 0;
  }
};
