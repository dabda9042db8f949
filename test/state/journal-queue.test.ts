import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LockedError } from '../../src/common/errors.ts';
import { type ChangeQueue, createChangeQueue } from '../../src/state/journal-queue.ts';
import { beginStep, endStep } from '../../src/state/journal-steps.ts';
import type { StoredJournal } from '../../src/state/journal-store.ts';
import type { Stored } from '../../src/state/record-io.ts';
import type { Journal } from '../../src/state/record-types.ts';
import { AT, journal } from './samples.ts';

const add =
  (id: string) =>
  (current: Journal): Journal =>
    beginStep(current, { id, title: id }, AT);

const idsOf = (current: Journal): string[] => current.steps.map(({ id }) => id);

const storedAt = (version: number): Stored => ({
  text: '',
  resourceVersion: String(version),
  token: '',
  parts: [],
});

/** A queue over a variable that is replaced by compare-and-swap; `outcomes` says how the writes go, then all are well. */
const open = (outcomes: ('ok' | 'lost-answer' | 'lost' | 'foreign')[] = []) => {
  let now: StoredJournal & { own: boolean } = { journal: journal(), stored: storedAt(1), own: true };
  const writes: Journal[] = [];
  const queue: ChangeQueue = createChangeQueue({
    write: async (next, previous) => {
      await sleep(1);
      const outcome = outcomes.shift() ?? 'ok';
      if (outcome === 'lost') throw new Error('the network is gone');
      if (outcome === 'foreign') now = { ...now, stored: storedAt(99), own: false };
      if (previous.resourceVersion !== now.stored.resourceVersion) return undefined;
      writes.push(next);
      now = { journal: next, stored: storedAt(Number(now.stored.resourceVersion) + 1), own: true };
      if (outcome === 'lost-answer') throw new Error('the answer is gone');
      return now.stored;
    },
    readOwn: async () => (now.own ? now : undefined),
    onStored: () => undefined,
    refuse: () => new LockedError('somebody else'),
  });
  queue.open(now);
  return { queue, writes, stored: () => now.journal };
};

describe('changes of a journal', () => {
  test('that are asked for at once are stored in one write', async () => {
    const { queue, writes, stored } = open();
    await Promise.all(['a', 'b', 'c'].map((id) => queue.change(add(id))));
    expect(writes).toHaveLength(1);
    expect(idsOf(stored())).toEqual(['a', 'b', 'c']);
  });

  test('that come while one is being stored wait for the next write and share it', async () => {
    const { queue, writes } = open();
    const first = queue.change(add('a'));
    await sleep(0);
    const others = ['b', 'c', 'd'].map((id) => queue.change(add(id)));
    await Promise.all([first, ...others]);
    expect(writes.map(idsOf)).toEqual([['a'], ['a', 'b', 'c', 'd']]);
  });

  test('count only when they are stored', async () => {
    const { queue, writes } = open();
    const change = queue.change(add('a'));
    expect(idsOf(queue.current())).toEqual([]);
    await change;
    expect(writes).toHaveLength(1);
    expect(idsOf(queue.current())).toEqual(['a']);
  });

  test('that are not possible fail alone', async () => {
    const { queue } = open();
    const bad = queue.change(() => {
      throw new RangeError('no such step');
    });
    const good = queue.change(add('a'));
    await expect(bad).rejects.toThrow('no such step');
    await good;
    expect(idsOf(queue.current())).toEqual(['a']);
  });

  test('F6: fail when the write fails, and the next one goes on from what is stored', async () => {
    const { queue, stored } = open(['lost']);
    await expect(queue.change(add('a'))).rejects.toThrow('the network is gone');
    await queue.change(add('b'));
    expect(idsOf(stored())).toEqual(['b']);
  });

  test('F7: go on from a write that was stored although its answer was lost', async () => {
    const { queue, stored } = open(['lost-answer']);
    await expect(queue.change(add('a'))).rejects.toThrow('the answer is gone');
    await queue.change(add('b'));
    expect(idsOf(stored())).toEqual(['a', 'b']);
  });

  test('F7: know a step that was stored although the answer was lost', async () => {
    const { queue, stored } = open(['lost-answer']);
    await expect(queue.change(add('a'))).rejects.toThrow('the answer is gone');
    await queue.change((current) => endStep(current, 'a', { state: 'done' }, AT));
    expect(stored().steps).toMatchObject([{ id: 'a', state: 'done' }]);
  });

  test('F5: end for good once somebody else has written', async () => {
    const { queue, writes } = open(['foreign']);
    await expect(queue.change(add('a'))).rejects.toThrow(LockedError);
    await expect(queue.change(add('b'))).rejects.toThrow(LockedError);
    expect(writes).toHaveLength(0);
    expect(idsOf(queue.current())).toEqual([]);
  });

  test('are none before a journal is open', async () => {
    const { queue } = open();
    const closed = createChangeQueue({
      write: async () => storedAt(1),
      readOwn: async () => undefined,
      onStored: () => undefined,
      refuse: () => new LockedError('x'),
    });
    await expect(closed.change(add('a'))).rejects.toThrow('no journal is open');
    expect(() => closed.current()).toThrow('no journal is open');
    expect(queue.peek()).toBeDefined();
  });
});

test('F7: however the network behaves, a change that was confirmed is stored, in order and once', {
  timeout: 60_000,
}, async () => {
  const outcome = fc.constantFrom('ok' as const, 'lost' as const, 'lost-answer' as const);
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { maxLength: 12 }),
      fc.integer({ min: 1, max: 12 }),
      async (outcomes, count) => {
        const { queue, stored } = open(outcomes);
        const confirmed: string[] = [];
        for (let index = 0; index < count; index++) {
          const id = `step-${index}`;
          await queue.change(add(id)).then(
            () => confirmed.push(id),
            () => undefined,
          );
        }
        const ids = idsOf(stored());
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.filter((id) => confirmed.includes(id))).toEqual(confirmed);
        expect(idsOf(queue.current()).filter((id) => confirmed.includes(id))).toEqual(confirmed);
      },
    ),
    { numRuns: 50 },
  );
});
