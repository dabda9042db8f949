import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createWorkQueue, type QueueOptions, type WorkQueue } from '../../src/controller/work-queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Running {
  readonly queue: WorkQueue;
  readonly started: string[];
  /** Ends the work on a key that is under way. */
  end(key: string): Promise<void>;
  stop(): Promise<void>;
}

/** A queue that runs with so many workers; work ends when the test says so. Keys are `group/name`. */
const runQueue = (
  workers: number,
  options: Partial<QueueOptions> = {},
  before: (queue: WorkQueue) => void = () => {},
): Running => {
  const queue = createWorkQueue({
    clustersOf: (key) => [key.split('/')[0] ?? ''],
    capacityOf: () => Number.POSITIVE_INFINITY,
    ...options,
  });
  before(queue);
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const stopping = new AbortController();
  const done = queue.run(
    (key) => {
      started.push(key);
      return new Promise((resolve) => ends.set(key, resolve));
    },
    workers,
    stopping.signal,
  );
  return {
    queue,
    started,
    end: async (key) => {
      ends.get(key)?.();
      await settle();
    },
    stop: async () => {
      stopping.abort();
      for (const end of ends.values()) end();
      await done;
    },
  };
};

const settle = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0);
};

test('a key is in line once, and comes again when it is asked for while it is under way', async () => {
  const { queue, started, end, stop } = runQueue(2);
  queue.add('a/1', 'change');
  queue.add('a/1', 'background');
  await settle();
  expect(started).toEqual(['a/1']);
  queue.add('a/1', 'change');
  queue.add('a/1', 'change');
  await settle();
  expect(started).toEqual(['a/1']);
  await end('a/1');
  expect(started).toEqual(['a/1', 'a/1']);
  await end('a/1');
  expect(queue.stats()).toEqual({ depth: 0, running: 0, longestRunning: 0 });
  await stop();
});

test('the higher priority goes first, and a key that waits moves up but never down', async () => {
  const { started, end, stop } = runQueue(1, {}, (queue) => {
    queue.add('a/background', 'background');
    queue.add('a/schedule', 'schedule');
    queue.add('a/late', 'background');
    queue.add('a/late', 'sync-now');
    queue.add('a/late', 'background');
    queue.add('a/change', 'change');
  });
  for (const key of ['a/late', 'a/change', 'a/schedule', 'a/background']) {
    await settle();
    expect(started.at(-1)).toBe(key);
    await end(key);
  }
  await stop();
});

test('the groups take turns, however many keys one of them has', async () => {
  const { started, end, stop } = runQueue(1, {}, (queue) => {
    for (const key of ['a/1', 'a/2', 'a/3', 'b/1', 'c/1']) queue.add(key, 'background');
  });
  for (const key of ['a/1', 'b/1', 'c/1', 'a/2', 'a/3']) {
    await settle();
    expect(started.at(-1)).toBe(key);
    await end(key);
  }
  await stop();
});

test('a cluster that is full or left alone holds up nobody else', async () => {
  let capacity = 0;
  const { queue, started, end, stop } = runQueue(8, { capacityOf: (key) => (key === 'a' ? capacity : 1) });
  for (const key of ['a/1', 'a/2', 'b/1', 'b/2']) queue.add(key, 'background');
  await settle();
  expect(started).toEqual(['b/1']);
  await end('b/1');
  expect(started).toEqual(['b/1', 'b/2']);
  capacity = 2;
  queue.wake();
  await settle();
  expect(started).toEqual(['b/1', 'b/2', 'a/1', 'a/2']);
  await stop();
});

test('of several times for a key the earliest counts, and a forgotten key never comes', async () => {
  const { queue, started, stop } = runQueue(2);
  queue.addIn('a/1', 5000, 'background');
  queue.addIn('a/1', 1000, 'change');
  queue.addIn('a/1', 9000, 'change');
  queue.addIn('a/2', 1000, 'change');
  queue.forget('a/2');
  await vi.advanceTimersByTimeAsync(999);
  expect(started).toEqual([]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(started).toEqual(['a/1']);
  await stop();
});

test('it ends when the work that is under way has ended, and takes nothing more', async () => {
  const { queue, started, stop } = runQueue(1);
  queue.add('a/1', 'change');
  queue.add('a/2', 'change');
  queue.addIn('a/3', 10, 'change');
  await settle();
  await stop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(started).toEqual(['a/1']);
});

test('waiting and running are counted, and the wait is told', async () => {
  const waits: number[] = [];
  const { queue, end, stop } = runQueue(1, { onTaken: (seconds) => waits.push(seconds) });
  queue.add('a/1', 'change');
  queue.add('a/2', 'change');
  await vi.advanceTimersByTimeAsync(3000);
  expect(queue.stats()).toEqual({ depth: 1, running: 1, longestRunning: 3 });
  await end('a/1');
  expect(waits).toEqual([0, 3]);
  await stop();
});
