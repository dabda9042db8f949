import { isDrError, LockedError, PartialError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { ClusterReader, ClusterWriter, Json, JsonObject, RequestOptions } from '../kube/api-types.ts';
import { closedOperation } from './journal-effects.ts';
import { copyJournal } from './journal-mirror.ts';
import { createChangeQueue } from './journal-queue.ts';
import {
  beginStep,
  endStep,
  finishJournal,
  type JournalFacts,
  newJournal,
  refuseFinished,
  skipStep,
  stopJournal,
  withBaseline,
  withData,
  withFacts,
  withNewBaseline,
  withPrior,
} from './journal-steps.ts';
import { createJournalWriter, journalPlace, readJournalAt, type StoredJournal } from './journal-store.ts';
import { sweepJournals } from './journal-sweep.ts';
import { whoWorks } from './lock-hint.ts';
import { createMirror, type Mirror, type MirrorReport } from './mirror-record.ts';
import { hostOf } from './operator-identity.ts';
import { createTokens } from './random-token.ts';
import { whereIs, writeRecord } from './record-io.ts';
import type { Role } from './record-places.ts';
import { decodeJournal, encodeRecord } from './record-schemas.ts';
import type { BaselineWorkload, Journal, NewOperation } from './record-types.ts';
import { redactAll } from './redact-json.ts';
import { ageText, parseTimestamp, timestamp } from './time-text.ts';

/** What happens to a step of the journal; `id` is stable from run to run. */
interface StepName {
  readonly id: string;
  readonly title: string;
  readonly detail?: string | undefined;
}

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
  options: { readonly redact: (text: string) => string; readonly role?: Role },
): JournalLog => {
  const { redact, role = 'dest' } = options;
  const place = journalPlace(namespace, role);
  const where = whereIs(writer, place);
  const tokens = createTokens();
  const store = createJournalWriter(writer, place);
  let mirror: Mirror<Journal> | undefined;
  const clean = (text: string): string => redact(text).slice(0, TEXT_LIMIT);
  const cleanOptional = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : clean(text);
  const at = (): string => timestamp(writer.now());

  const queue = createChangeQueue({
    write: (journal, previous) => store.write(journal, previous, tokens.next()),
    readOwn: async () => {
      const found = await readJournalAt(writer, place);
      return found !== undefined && tokens.isOwn(found.stored.token) ? found : undefined;
    },
    onStored: (journal) => mirror?.push(journal),
    refuse: () =>
      new LockedError(`Somebody else has written the journal, ${where}; this run stops here.`, {
        hint: whoWorks(writer, namespace, role),
      }),
  });

  const change = (mutate: (journal: Journal) => Journal): Promise<void> =>
    queue.change((journal) => {
      refuseFinished(journal);
      return mutate(journal);
    });

  const end = (id: string, how: Parameters<typeof endStep>[2]): Promise<void> =>
    change((journal) => endStep(journal, id, how, at()));

  // The finished journal that stands at the head moves aside under its own name before the head gets a new one.
  const archive = async ({ journal, stored }: StoredJournal): Promise<void> => {
    const aside = journalPlace(namespace, role, journal.operationId);
    const text =
      journal.state === 'finished'
        ? stored.text
        : encodeRecord(finishJournal(decodeJournal(stored.text, where), 'partial', at()));
    await writeRecord(writer, aside, text, { previous: undefined, token: tokens.next() });
  };

  return {
    create: async (operation, close) => {
      const latest = await readJournalAt(writer, place);
      if (latest !== undefined) {
        if (close === undefined)
          refuseUnfinished(latest.journal, where, writer.now(), whoWorks(writer, namespace, role));
        else if (latest.journal.state !== 'finished') close(latest.journal);
        await archive(latest);
      }
      const fresh = newJournal(
        { ...operation, options: redactAll(operation.options, redact) as JsonObject },
        hostOf(operation.by),
        at(),
      );
      const journal = close === undefined ? fresh : inheriting(fresh, latest?.journal);
      const stored = await store.write(journal, latest?.stored, tokens.next());
      if (stored === undefined) {
        const other = await readJournalAt(writer, place);
        if (other !== undefined)
          refuseUnfinished(other.journal, where, writer.now(), whoWorks(writer, namespace, role));
        throw new LockedError(`Another operation was started in ${where} at this moment.`);
      }
      queue.open({ journal, stored });
      mirror?.push(journal);
      return journal;
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
    begin: (id, title, detail) =>
      change((journal) => beginStep(journal, { id, title, detail: cleanOptional(detail) }, at())),
    beginAll: (steps) =>
      change((journal) =>
        steps.reduce(
          (next, step) => beginStep(next, { ...step, detail: cleanOptional(step.detail) }, at()),
          journal,
        ),
      ),
    done: (id, detail) => end(id, { state: 'done', detail: cleanOptional(detail) }),
    fail: (id, error) => end(id, { state: 'failed', error: clean(error) }),
    skip: (id, title, reason) =>
      change((journal) => skipStep(journal, { id, title, reason: clean(reason) }, at())),
    undone: (id, detail) => end(id, { state: 'undone', detail: cleanOptional(detail) }),
    setBaseline: (baseline) => change((journal) => withBaseline(journal, baseline)),
    renewBaseline: (baseline) => change((journal) => withNewBaseline(journal, baseline)),
    note: (facts) => change((journal) => withFacts(journal, facts)),
    setData: (claim, result) => change((journal) => withData(journal, claim, redactAll(result, redact))),
    recordPrior: (object, prior) => change((journal) => withPrior(journal, object, prior)),
    stop: (reason) => change((journal) => stopJournal(journal, clean(reason))),
    finish: async (result) => {
      await change((journal) => finishJournal(journal, result, at()));
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
  options: RequestOptions & { readonly operationId?: string; readonly role?: Role } = {},
): Promise<Journal | undefined> => {
  const { operationId, role = 'dest', ...request } = options;
  const latest = await readJournalAt(reader, journalPlace(namespace, role), request);
  if (operationId === undefined || latest?.journal.operationId === operationId) return latest?.journal;
  return (await readJournalAt(reader, journalPlace(namespace, role, operationId), request))?.journal;
};

// A version before this one finished the journal that a failover closed before it wrote its own: what copies of volume
// data have left is in there then.
const inheriting = (journal: Journal, closed: Journal | undefined): Journal => {
  if (closed === undefined) return journal;
  const isOpen = closed.state !== 'finished';
  const { data, baseline, stoppedAt } = closed;
  return {
    ...journal,
    ...(isOpen ? { over: closedOperation(closed) } : {}),
    ...(isOpen && baseline !== undefined ? { baseline } : {}),
    ...(isOpen && stoppedAt !== undefined ? { stoppedAt } : {}),
    ...(data !== undefined && (isOpen || closed.result === 'partial') ? { data } : {}),
  };
};

// Long enough for the worst admission message, short enough that a step stays a line.
const TEXT_LIMIT = 2000;
const MIRROR_ATTEMPT_MS = 5000;

// A command that is stored is what somebody else wrote: it is told which one shows the way.
const refuseUnfinished = (journal: Journal, where: string, nowMs: number, look: string): void => {
  if (journal.state === 'finished') return;
  const age = ageText(nowMs - (parseTimestamp(journal.startedAt) ?? nowMs));
  throw new PartialError(
    `${where} holds an unfinished ${journal.kind}: operation ${journal.operationId}, started ${age} ago by ${journal.by}.`,
    { hint: `Go on with it, or take it back, before anything new is started. ${look}` },
  );
};

const sweepQuietly = async (sweep: () => Promise<void>): Promise<void> => {
  try {
    await sweep();
  } catch (error) {
    if (!isKubeApiError(error) && !isDrError(error)) throw error;
  }
};
