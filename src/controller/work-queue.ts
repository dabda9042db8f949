import { timerMs } from '../common/sleep.ts';

/** Why something is in line; the order is the order in which they are taken. */
const PRIORITIES = ['sync-now', 'change', 'schedule', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** A queue of keys, each in line once and under way once, fair to all groups of clusters. */
export interface WorkQueue {
  /**
   * Puts a key in line. One that waits keeps its place, or moves up with a higher priority; one that is under way comes
   * again when it is done.
   */
  add(key: string, priority: Priority): void;
  /** Puts a key in line in `ms` milliseconds; of several such times the earliest counts. */
  addIn(key: string, ms: number, priority: Priority): void;
  /** Forgets a key that waits, now or for its time. */
  forget(key: string): void;
  /** Looks for work again: the capacity of a cluster, or what a key belongs to, is another one now. */
  wake(): void;
  stats(): QueueStats;
  /** Ends when the signal aborts and what is under way has ended. `work` never throws. */
  run(work: (key: string) => Promise<void>, workers: number, signal: AbortSignal): Promise<void>;
}

interface QueueStats {
  readonly depth: number;
  readonly running: number;
  /** Seconds; 0 when nothing is under way. */
  readonly longestRunning: number;
}

export interface QueueOptions {
  /** The clusters that work on a key loads; keys with the same ones are a group. */
  clustersOf(key: string): readonly string[];
  /** How many keys may be under way in a cluster at once; 0 while it must be left alone. */
  capacityOf(cluster: string): number;
  /** Told when a key is taken: seconds that it waited. */
  onTaken?(seconds: number): void;
}

/**
 * Makes the queue. Of the highest priority the groups take turns, so that one pair of clusters with a thousand mappings
 * does not hold up another one's first.
 */
export const createWorkQueue = (options: QueueOptions): WorkQueue => {
  const line = createLine(options);
  const timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly at: number }>();
  const again = new Map<string, Priority>();
  const running = new Map<string, Taken>();
  let wake = (): void => undefined;

  const put = (key: string, priority: Priority): void => {
    if (running.has(key)) again.set(key, higher(again.get(key), priority));
    else line.put(key, priority);
    wake();
  };
  const dropTimer = (key: string): void => {
    clearTimeout(timers.get(key)?.timer);
    timers.delete(key);
  };
  return {
    add: put,
    addIn: (key, ms, priority) => {
      const at = performance.now() + ms;
      if ((timers.get(key)?.at ?? Number.POSITIVE_INFINITY) <= at) return;
      dropTimer(key);
      const fire = (): void => {
        timers.delete(key);
        put(key, priority);
      };
      timers.set(key, { timer: setTimeout(fire, timerMs(ms)), at });
    },
    forget: (key) => {
      dropTimer(key);
      again.delete(key);
      line.drop(key);
    },
    wake: () => wake(),
    stats: () => ({ depth: line.depth(), running: running.size, longestRunning: longest(running) }),
    run: async (work, workers, signal) => {
      const ended = new Set<Promise<void>>();
      const start = ({ key, clusters, since }: Waiting): void => {
        running.set(key, { clusters, since: performance.now() });
        options.onTaken?.((performance.now() - since) / 1000);
        const done = work(key).finally(() => {
          running.delete(key);
          ended.delete(done);
          const next = again.get(key);
          again.delete(key);
          if (next !== undefined) line.put(key, next);
          wake();
        });
        ended.add(done);
      };
      signal.addEventListener('abort', () => wake(), { once: true });
      while (!signal.aborted) {
        const next = running.size < workers ? line.take(loadOf(running)) : undefined;
        if (next === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else start(next);
      }
      for (const key of [...timers.keys()]) dropTimer(key);
      await Promise.all(ended);
    },
  };
};

interface Taken {
  readonly clusters: readonly string[];
  /** performance.now() */
  readonly since: number;
}

const longest = (running: ReadonlyMap<string, Taken>): number =>
  Math.max(0, ...[...running.values()].map(({ since }) => (performance.now() - since) / 1000));

const loadOf = (running: ReadonlyMap<string, Taken>): ReadonlyMap<string, number> => {
  const load = new Map<string, number>();
  for (const { clusters } of running.values())
    for (const cluster of new Set(clusters)) load.set(cluster, (load.get(cluster) ?? 0) + 1);
  return load;
};

const rank = (priority: Priority): number => PRIORITIES.indexOf(priority);

const higher = (one: Priority | undefined, other: Priority): Priority =>
  one !== undefined && rank(one) < rank(other) ? one : other;

interface Group {
  readonly clusters: readonly string[];
  /** Keys by rank, the first that came first. */
  readonly waiting: readonly Set<string>[];
}

interface Waiting extends Taken {
  readonly key: string;
  readonly group: string;
  readonly priority: Priority;
}

const createLine = ({ clustersOf, capacityOf }: QueueOptions) => {
  // In the order in which they take turns.
  const groups = new Map<string, Group>();
  const waiting = new Map<string, Waiting>();

  const drop = (key: string): Waiting | undefined => {
    const known = waiting.get(key);
    if (known === undefined) return undefined;
    waiting.delete(key);
    const group = groups.get(known.group);
    group?.waiting[rank(known.priority)]?.delete(key);
    if (group?.waiting.every(({ size }) => size === 0)) groups.delete(known.group);
    return known;
  };
  return {
    put: (key: string, priority: Priority): void => {
      const known = waiting.get(key);
      if (known !== undefined && rank(known.priority) <= rank(priority)) return;
      drop(key);
      const clusters = clustersOf(key);
      const name = clusters.join('\n');
      const group = groups.get(name) ?? { clusters, waiting: PRIORITIES.map(() => new Set<string>()) };
      groups.set(name, group);
      group.waiting[rank(priority)]?.add(key);
      waiting.set(key, { key, group: name, priority, clusters, since: known?.since ?? performance.now() });
    },
    drop,
    take: (load: ReadonlyMap<string, number>): Waiting | undefined => {
      for (const [index] of PRIORITIES.entries()) {
        for (const [name, group] of groups) {
          const isFull = group.clusters.some((cluster) => (load.get(cluster) ?? 0) >= capacityOf(cluster));
          const [key] = isFull ? [] : (group.waiting[index] ?? []);
          if (key === undefined) continue;
          const taken = drop(key);
          // Its turn is over; the others come first now.
          if (groups.delete(name) && group.waiting.some(({ size }) => size > 0)) groups.set(name, group);
          return taken;
        }
      }
      return undefined;
    },
    depth: () => waiting.size,
  };
};
