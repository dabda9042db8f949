import { LockedError, PartialError } from '../common/errors.ts';
import type { SideRole } from '../common/side-role.ts';
import type { ClusterWriter, JsonObject } from '../kube/api-types.ts';
import { closedOperation } from './journal-effects.ts';
import { finishJournal, newJournal } from './journal-steps.ts';
import {
  type createJournalWriter,
  journalPlace,
  readJournalAt,
  type StoredJournal,
} from './journal-store.ts';
import { whoWorks } from './lock-hint.ts';
import { hostOf } from './operator-identity.ts';
import { whereIs, writeRecord } from './record-io.ts';
import { decodeJournal, encodeRecord } from './record-schemas.ts';
import type { Journal, NewOperation } from './record-types.ts';
import { redactAll } from './redact-json.ts';
import { ageText, parseTimestamp, timestamp } from './time-text.ts';

/** Where a journal is created, and with what. */
export interface JournalStart {
  readonly writer: ClusterWriter;
  readonly namespace: string;
  readonly role: SideRole;
  readonly redact: (text: string) => string;
  nextToken(): string;
  readonly write: ReturnType<typeof createJournalWriter>['write'];
}

/** Stores the journal of a new operation at the head of its namespace; see JournalLog.create for what it throws. */
export const createStoredJournal = async (
  start: JournalStart,
  operation: NewOperation,
  close: ((unfinished: Journal) => void) | undefined,
): Promise<StoredJournal> => {
  const { writer, namespace, role, redact } = start;
  const place = journalPlace(namespace, role);
  const where = whereIs(writer, place);
  const refuse = (journal: Journal): void =>
    refuseUnfinished(journal, where, writer.now(), whoWorks(writer, namespace, role));
  const latest = await readJournalAt(writer, place);
  if (latest !== undefined) {
    if (close === undefined) refuse(latest.journal);
    else if (latest.journal.state !== 'finished') close(latest.journal);
    await archive(start, latest);
  }
  const fresh = newJournal(
    { ...operation, options: redactAll(operation.options, redact) as JsonObject },
    hostOf(operation.by),
    timestamp(writer.now()),
  );
  const journal = close === undefined ? fresh : inheriting(fresh, latest?.journal);
  const stored = await start.write(journal, latest?.stored, start.nextToken());
  if (stored === undefined) {
    const other = await readJournalAt(writer, place);
    if (other !== undefined) refuse(other.journal);
    throw new LockedError(`Another operation was started in ${where} right now.`);
  }
  return { journal, stored };
};

// The finished journal that stands at the head moves aside under its own name before the head gets a new one.
const archive = async (
  { writer, namespace, role, nextToken }: JournalStart,
  { journal, stored }: StoredJournal,
): Promise<void> => {
  const aside = journalPlace(namespace, role, journal.operationId);
  const where = whereIs(writer, journalPlace(namespace, role));
  const text =
    journal.state === 'finished'
      ? stored.text
      : encodeRecord(finishJournal(decodeJournal(stored.text, where), 'partial', timestamp(writer.now())));
  await writeRecord(writer, aside, text, { previous: undefined, token: nextToken() });
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

// A command that is stored is what somebody else wrote: it is told which one shows the way.
const refuseUnfinished = (journal: Journal, where: string, nowMs: number, look: string): void => {
  if (journal.state === 'finished') return;
  const age = ageText(nowMs - (parseTimestamp(journal.startedAt) ?? nowMs));
  throw new PartialError(
    `${where} holds an unfinished ${journal.kind}: operation ${journal.operationId}, started ${age} ago by ${journal.by}.`,
    { hint: `Resume it or roll it back before you start anything new. ${look}` },
  );
};
