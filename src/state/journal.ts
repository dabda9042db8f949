import { isDrError, LockedError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import type { SideRole } from '../common/side-role.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { ClusterReader, ClusterWriter, Json, RequestOptions } from '../kube/api-types.ts';
import { createJournalChanges, type StepName } from './journal-changes.ts';
import { createStoredJournal } from './journal-create.ts';
import { copyJournal } from './journal-mirror.ts';
import { createChangeQueue } from './journal-queue.ts';
import type { JournalFacts } from './journal-steps.ts';
import { createJournalWriter, journalPlace, readJournalAt } from './journal-store.ts';
import { sweepJournals } from './journal-sweep.ts';
import { whoWorks } from './lock-hint.ts';
import { createMirror, type Mirror, type MirrorReport } from './mirror-record.ts';
import { createTokens } from './random-token.ts';
import { whereIs } from './record-io.ts';
import type { BaselineWorkload, Journal, NewOperation } from './record-types.ts';

/**
 * The journal of a namespace. Every change is stored before its promise resolves, by compare-and-swap; changes made
 * while one is being stored are stored together with the next. Each throws LockedError once somebody else has
 * written the journal, RangeError for a step that cannot go that way (a bug), KubeApiError.
 */
export interface JournalLog {
  /**
   * Starts an operation. Throws PartialError, with the command to type, while another one is unfinished. With `close`
   * that one is closed in the same write, and the new journal keeps what it had done, its baseline and its data.
   * `close` may refuse by throwing.
   */
  create(operation: NewOperation, close?: (unfinished: Journal) => void): Promise<Journal>;
  /** Opens an operation to go on with it: the one with this id, else the latest if it is unfinished. */
  load(operationId?: string): Promise<Journal | undefined>;
  /** The journal as last stored. Throws RangeError before create() or load(). */
  current(): Journal;
  /** Before the effect of a step. */
  begin(id: string, title: string, detail?: string): Promise<void>;
  /** Before the effects of several steps that run at once, in one write. */
  beginAll(steps: readonly StepName[]): Promise<void>;
  /** After the effect of a step. */
  done(id: string, detail?: string): Promise<void>;
  fail(id: string, error: string): Promise<void>;
  skip(id: string, title: string, reason: string): Promise<void>;
  /** The effect of a step was taken back. */
  undone(id: string, detail?: string): Promise<void>;
  /** What ran before; throws UnsafeError when another baseline is recorded. */
  setBaseline(baseline: readonly BaselineWorkload[]): Promise<void>;
  /** Another baseline in place of the recorded one; see withNewBaseline. */
  renewBaseline(baseline: readonly BaselineWorkload[]): Promise<void>;
  /** Facts that are recorded once; what came first stays. */
  note(facts: JournalFacts): Promise<void>;
  /** The result of one claim's copy. */
  setData(claim: string, result: Json): Promise<void>;
  /** What an object held before it was paused; throws UnsafeError when something else is recorded for it. */
  recordPrior(object: string, prior: Json): Promise<void>;
  /** The operation stops here and can be resumed. */
  stop(reason: string): Promise<void>;
  /** The operation is over. Old journals beyond the limit are removed. */
  finish(result: ExitName): Promise<void>;
  /** Keeps a copy in the source namespace from now on, in the background and as well as that works. */
  mirrorTo(other: ClusterWriter, namespace: string): void;
  /** Waits for the copy, at most so many ms, and tells how it stands; undefined without a mirror. */
  settleMirror(ms: number): Promise<MirrorReport | undefined>;
}

/** Opens the journal of a namespace. `redact` hides secret values in texts. Sends nothing yet. */
export const openJournal = (
  writer: ClusterWriter,
  namespace: string,
  options: { readonly redact: (text: string) => string; readonly role?: SideRole },
): JournalLog => {
  const { redact, role = 'dest' } = options;
  const place = journalPlace(namespace, role);
  const tokens = createTokens();
  const store = createJournalWriter(writer, place);
  let mirror: Mirror<Journal> | undefined;
  const queue = createChangeQueue({
    write: (journal, previous) => store.write(journal, previous, tokens.next()),
    readOwn: async () => {
      const found = await readJournalAt(writer, place);
      return found !== undefined && tokens.isOwn(found.stored.token) ? found : undefined;
    },
    onStored: (journal) => mirror?.push(journal),
    refuse: () =>
      new LockedError(
        `Someone else has written the journal, ${whereIs(writer, place)}; this run stops here.`,
        {
          hint: whoWorks(writer, namespace, role),
        },
      ),
  });
  const changes = createJournalChanges(queue, { redact, now: () => writer.now() });

  return {
    ...changes,
    create: async (operation, close) => {
      const start = { writer, namespace, role, redact, nextToken: tokens.next, write: store.write };
      const created = await createStoredJournal(start, operation, close);
      queue.open(created);
      mirror?.push(created.journal);
      return created.journal;
    },
    load: async (operationId) => {
      const latest = await readJournalAt(writer, place);
      if (latest === undefined) return undefined;
      const isWanted =
        operationId === undefined
          ? latest.journal.state !== 'finished'
          : latest.journal.operationId === operationId;
      if (!isWanted)
        return operationId === undefined ? undefined : readJournal(writer, namespace, { operationId, role });
      queue.open(latest);
      return latest.journal;
    },
    current: () => queue.current(),
    finish: async (result) => {
      await changes.finish(result);
      await sweepQuietly(() => sweepJournals(writer, place, queue.current().operationId));
    },
    mirrorTo: (other, otherNamespace) => {
      mirror = createMirror(copyJournal(other, otherNamespace), MIRROR_ATTEMPT_MS);
      const journal = queue.peek();
      if (journal !== undefined) mirror.push(journal);
    },
    settleMirror: async (ms) => {
      await mirror?.settle(ms);
      return mirror?.report();
    },
  };
};

/**
 * A journal for those who only read: of this operation, or the latest whatever its state. Undefined when there is
 * none. Throws KubeApiError, RefusedError.
 */
export const readJournal = async (
  reader: ClusterReader,
  namespace: string,
  options: RequestOptions & { readonly operationId?: string; readonly role?: SideRole } = {},
): Promise<Journal | undefined> => {
  const { operationId, role = 'dest', ...request } = options;
  const latest = await readJournalAt(reader, journalPlace(namespace, role), request);
  if (operationId === undefined || latest?.journal.operationId === operationId) return latest?.journal;
  return (await readJournalAt(reader, journalPlace(namespace, role, operationId), request))?.journal;
};

const MIRROR_ATTEMPT_MS = 5000;

const sweepQuietly = async (sweep: () => Promise<void>): Promise<void> => {
  try {
    await sweep();
  } catch (error) {
    if (!isKubeApiError(error) && !isDrError(error)) throw error;
  }
};
