import type { StoredJournal } from './journal-store.ts';
import type { Stored } from './record-io.ts';
import type { Journal } from './record-types.ts';

/** The changes of one journal by this process, stored one write after the other. */
export interface ChangeQueue {
  /** Starts from what is stored. */
  open(base: StoredJournal): void;
  /**
   * Applies a change and resolves when it is stored. What `mutate` throws rejects this change alone; a failed write
   * rejects all the changes that were in it, and none of them counts as made.
   */
  change(mutate: (journal: Journal) => Journal): Promise<void>;
  /** The journal as last stored; RangeError before open(). */
  current(): Journal;
  peek(): Journal | undefined;
}

export interface ChangeQueueOptions {
  /** Compare-and-swap; undefined on a conflict. */
  write(journal: Journal, previous: Stored): Promise<Stored | undefined>;
  /** What is stored now, if this process wrote it; undefined when somebody else did. */
  readOwn(): Promise<StoredJournal | undefined>;
  onStored(journal: Journal): void;
  /** The error for a journal that somebody else has written. */
  refuse(): Error;
}

interface Change {
  readonly mutate: (journal: Journal) => Journal;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes a queue. Changes that wait while a write is under way go into the next write together: fifty workloads that
 * are handled at once cost a few writes, not fifty.
 */
export const createChangeQueue = (options: ChangeQueueOptions): ChangeQueue => {
  let base: StoredJournal | undefined;
  let lost: Error | undefined;
  let waiting: Change[] = [];
  let isRunning = false;
  // A write failed without an answer: it may be stored all the same.
  let isDoubtful = false;

  const store = async (changes: readonly Change[], isRetry: boolean): Promise<void> => {
    if (lost !== undefined) throw lost;
    if (base === undefined) throw new RangeError('no journal is open');
    if (isDoubtful) base = (await options.readOwn()) ?? base;
    isDoubtful = false;
    const { journal, applied } = applyAll(base.journal, changes);
    if (journal !== base.journal) {
      const stored = await options.write(journal, base.stored).catch((error: unknown) => {
        isDoubtful = true;
        throw error;
      });
      if (stored === undefined) {
        // An earlier write of ours whose answer was lost may have been stored after all; then we go on from it.
        const own = isRetry ? undefined : await options.readOwn();
        if (own === undefined) {
          lost = options.refuse();
          throw lost;
        }
        base = own;
        return store(applied, true);
      }
      base = { journal, stored };
      options.onStored(journal);
    }
    for (const { resolve } of applied) resolve();
  };

  const run = async (): Promise<void> => {
    isRunning = true;
    // A turn of the event loop's microtasks: changes asked for in one go are in one write.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await store(batch, false);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isRunning = false;
  };

  return {
    open: (opened) => {
      base = opened;
      lost = undefined;
      isDoubtful = false;
    },
    change: (mutate) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ mutate, resolve, reject });
        if (!isRunning) void run();
      }),
    current: () => {
      if (base === undefined) throw new RangeError('no journal is open');
      return base.journal;
    },
    peek: () => base?.journal,
  };
};

const applyAll = (start: Journal, changes: readonly Change[]): { journal: Journal; applied: Change[] } => {
  let journal = start;
  const applied: Change[] = [];
  for (const change of changes) {
    try {
      journal = change.mutate(journal);
      applied.push(change);
    } catch (error) {
      change.reject(error);
    }
  }
  return { journal, applied };
};
