import { nameList } from '../common/sentences.ts';
import type { SideRole } from '../common/side-role.ts';
import type { Journal, OperationKind, StateRecord } from '../state/record-types.ts';
import { destinationView } from '../state/state-record.ts';
import { contradiction, waysToEnd } from './record-contradiction.ts';

/** A record as it was found; `found` undefined: missing. */
export interface Copy<T> {
  readonly value: T | undefined;
  readonly isDamaged: boolean;
}

/** What was found on both sides; a source that is not open has no copies. */
export interface RepairFacts {
  readonly dest: { readonly record: Copy<StateRecord>; readonly journal: Copy<Journal> };
  readonly source: { readonly record: Copy<StateRecord>; readonly journal: Copy<Journal> } | undefined;
  /** Workloads with pods; at the destination only those that are meant to be parked, while the record does not call it live. */
  readonly running: Readonly<Record<SideRole, readonly string[]>>;
  /** Workloads that carry our mark and would run pods. */
  readonly parked: Readonly<Record<SideRole, readonly string[]>>;
  /** What a person says the live side is. */
  readonly live: SideRole | undefined;
  /** A record without a history, for a namespace that has none on either side. */
  readonly fresh: StateRecord;
  /** An id for a journal that is made anew. */
  newId(kind: OperationKind): string;
}

/** What would be written, in this order; undefined: stays as it is. */
export interface RepairPlan {
  readonly journal: JournalPlan | undefined;
  readonly record: StateRecord | undefined;
  readonly mirror: StateRecord | undefined;
  /** One sentence for each write. */
  readonly sentences: readonly string[];
}

interface Named {
  readonly id: string;
  readonly kind: OperationKind;
}

/** What is written in place of a journal. */
export type JournalPlan =
  /** The source's copy. */
  | { readonly copy: Journal }
  /** One that is made anew from the marks. */
  | { readonly rebuild: Named }
  /** One that is over: nothing is unfinished. */
  | { readonly closed: Named };

/** A plan; why only a person can say what the records should be; or why what a person says cannot be, and what to type. */
export type RepairVerdict =
  | { readonly plan: RepairPlan }
  | { readonly decide: string }
  | { readonly refuse: string; readonly next: readonly ('repair' | 'resume' | 'rollback')[] };

/**
 * What the records of a pair should be, from what is left of them and from what runs. A contradiction that facts cannot
 * settle is a `decide`; with `live` it is settled. While an operation is unfinished nothing has to be decided, as its
 * end says which side is live. A `live` that its journal, or records that agree, contradict is refused. Pure.
 */
export const planRepair = (facts: RepairFacts): RepairVerdict => {
  const base = baseRecord(facts);
  if ('decide' in base) return base;
  const journal = journalPlan(facts, base.record);
  const refused = refuseLive(facts, journal);
  if (refused !== undefined) return refused;
  const isUnfinished = open(facts) !== undefined || (journal !== undefined && !('closed' in journal));
  const settled = isUnfinished ? { record: base.record } : settlePhase(facts, base.record);
  if ('decide' in settled) return settled;
  const level = settleEpoch(facts, settled.record, isUnfinished);
  if ('decide' in level) return level;
  const { record } = level;
  const ignored = isUnfinished ? undefined : ignoredLive(facts, record);
  if (ignored !== undefined) return ignored;
  const rebuilt = 'rebuild' in settled ? settled.rebuild : undefined;
  const isChanged = record !== facts.dest.record.value;
  const mirror = needsMirror(facts, record, isChanged) ? record : undefined;
  return {
    plan: {
      journal: rebuilt === undefined ? journal : { rebuild: rebuilt },
      record: isChanged ? record : undefined,
      mirror,
      sentences: [
        ...base.sentences,
        ...(journal === undefined || rebuilt !== undefined ? [] : [journalSentence(journal)]),
        ...('sentences' in settled ? settled.sentences : []),
        ...level.sentences,
        ...(mirror === undefined
          ? []
          : [`The source's copy of the record: as at the destination (epoch ${mirror.epoch}).`]),
      ],
    },
  };
};

type Step = { readonly record: StateRecord; readonly sentences: readonly string[] };
type Decide = { readonly decide: string };

const open = ({ dest: { journal } }: RepairFacts): Journal | undefined =>
  journal.value !== undefined && journal.value.state !== 'finished' ? journal.value : undefined;

// A journal that is to be copied from the source tells as much as one that is there.
const refuseLive = (facts: RepairFacts, plan: JournalPlan | undefined): RepairVerdict | undefined => {
  const { live, fresh, dest } = facts;
  const journal = open(facts) ?? (plan !== undefined && 'copy' in plan ? plan.copy : undefined);
  if (live === undefined || journal === undefined) return undefined;
  const refuse = contradiction(journal, live, fresh);
  if (refuse === undefined) return undefined;
  const isWhole = plan === undefined && dest.record.value !== undefined;
  return { refuse, next: isWhole ? waysToEnd(journal) : ['repair'] };
};

// What a person says and the records do not bear out is not passed over in silence.
const ignoredLive = ({ live, source }: RepairFacts, { phase }: StateRecord): RepairVerdict | undefined =>
  live === undefined ||
  phase === 'moving' ||
  phase === phaseOf(live) ||
  // The destination is called live until it is fenced, and the source is.
  source?.record.value?.destGivenUp !== undefined
    ? undefined
    : {
        refuse: `By the records the ${sideName(live === 'dest' ? 'source' : 'dest')} is the live side, and nothing contradicts them, so --live-side ${live === 'dest' ? 'destination' : 'source'} is not accepted.`,
        next: ['repair'],
      };

const phaseOf = (live: SideRole): 'standby' | 'active' => (live === 'dest' ? 'active' : 'standby');

const whatRuns = ({ running }: RepairFacts): string =>
  `${running.source.length === 0 ? 'nothing runs at the source' : `${nameList(running.source)} at the source`}, ${running.dest.length === 0 ? 'nothing at the destination' : `${nameList(running.dest)} at the destination`}`;

/** The side that alone runs something. */
const onlyRunning = ({ running }: RepairFacts): SideRole | undefined => {
  const [source, dest] = [running.source.length > 0, running.dest.length > 0];
  return source === dest ? undefined : source ? 'source' : 'dest';
};

// The record of the destination, or the one to put in its place.
const baseRecord = (facts: RepairFacts): Step | Decide => {
  const { dest, source, live, fresh } = facts;
  if (dest.record.value !== undefined) return { record: dest.record.value, sentences: [] };
  const state = dest.record.isDamaged ? 'is damaged' : 'is missing';
  const copy = source?.record.value;
  const only = onlyRunning(facts);
  const journal = open(facts);
  const unfinished = journal === undefined ? {} : { operation: named(journal) };
  if (copy?.destGivenUp !== undefined) {
    // The epoch before that of the source, in which it may run: so it is found out, and stopped.
    const phase = journal === undefined ? 'active' : 'moving';
    const epoch = copy.destGivenUp.epoch - 1;
    const { operation: _closed, ...rest } = destinationView(copy);
    return {
      record: { ...rest, ...unfinished, phase, epoch },
      sentences: [
        `The record of the destination ${state}: rebuilt (epoch ${epoch}, ${phase}), to be stopped, because the source was started without it.`,
      ],
    };
  }
  if (copy !== undefined) {
    const record = { ...destinationView(copy), ...unfinished };
    const says: SideRole = record.phase === 'active' ? 'dest' : 'source';
    const contradicts =
      journal === undefined && record.phase !== 'moving' && only !== undefined && only !== says;
    if (contradicts && live === undefined) {
      return {
        decide: `The record of the destination ${state}, the source's copy says that the ${sideName(says)} is live, and ${whatRuns(facts)}.`,
      };
    }
    const phase = contradicts && live !== undefined ? phaseOf(live) : record.phase;
    return {
      record: { ...record, phase },
      sentences: [
        `The record of the destination ${state}: from the source's copy (epoch ${record.epoch}, ${phase}).`,
      ],
    };
  }
  if (journal !== undefined) {
    return {
      record: { ...fresh, ...unfinished, phase: 'moving' },
      sentences: [
        `The record of the destination ${state}: rebuilt, with the unfinished ${journal.kind} ${journal.operationId}.`,
      ],
    };
  }
  const side =
    live ??
    only ??
    (facts.parked.source.length > 0 && facts.running.dest.length === 0 ? 'source' : undefined);
  if (side === undefined) {
    return {
      decide: `The record of the destination ${state}, the source has no copy, and ${whatRuns(facts)}.`,
    };
  }
  return {
    record: { ...fresh, phase: phaseOf(side), epoch: side === 'dest' ? 1 : 0 },
    sentences: [
      `The record of the destination ${state}: rebuilt, with the ${sideName(side)} as the live side.`,
    ],
  };
};

const named = ({ operationId, kind, startedAt }: Journal) => ({
  id: operationId,
  kind,
  startedAt,
  state: 'stopped' as const,
});

const sideName = (role: SideRole): string => (role === 'dest' ? 'destination' : 'source');

// The journal of the operation that the record names.
const journalPlan = (facts: RepairFacts, { operation, phase }: StateRecord): JournalPlan | undefined => {
  if (open(facts) !== undefined) return undefined;
  if (operation === undefined) {
    // Nobody can begin anything as long as the last journal cannot be read.
    const kind = phase === 'active' ? 'cutover' : 'failback';
    return facts.dest.journal.isDamaged ? { closed: { id: facts.newId(kind), kind } } : undefined;
  }
  const copy = facts.source?.journal.value;
  return copy?.operationId === operation.id && copy.state !== 'finished'
    ? { copy }
    : { rebuild: { id: operation.id, kind: operation.kind } };
};

const journalSentence = (plan: JournalPlan): string =>
  'copy' in plan
    ? `The journal of ${plan.copy.operationId}: from the source's copy.`
    : 'closed' in plan
      ? 'The damaged journal: replaced by a finished one, because the record names no operation.'
      : `The journal of ${plan.rebuild.id}: rebuilt from the annotations on the workloads.`;

// A record that says what is not so, without an operation that would explain it.
const settlePhase = (
  facts: RepairFacts,
  record: StateRecord,
): (Step & { readonly rebuild?: Named }) | Decide => {
  const { running, parked, live, newId } = facts;
  const only = onlyRunning(facts);
  const isStill = running.source.length === 0 && running.dest.length === 0;
  const reopen = (kind: 'cutover' | 'failback') => {
    const id = newId(kind);
    const operation = { id, kind, startedAt: facts.fresh.since, state: 'stopped' as const };
    return {
      record: { ...record, phase: 'moving' as const, operation },
      rebuild: { id, kind },
      sentences: [
        `A ${kind} is recorded as unfinished (${id}), with the counts kept in the annotations, so that rollback starts ${nameList(parked[kind === 'cutover' ? 'source' : 'dest'])} again.`,
      ],
    };
  };
  if (record.phase === 'moving') {
    const side = live ?? only;
    if (isStill && parked.source.length > 0 && live !== 'dest') return reopen('cutover');
    if (side === undefined)
      return {
        decide: `The record says that a move is under way, no operation is unfinished, and ${whatRuns(facts)}.`,
      };
    return {
      record: { ...record, phase: phaseOf(side) },
      sentences: [
        `The record of the destination: the ${sideName(side)} is the live side, as ${live === undefined ? 'only it runs the application' : '--live-side says'}.`,
      ],
    };
  }
  if (record.phase === 'standby' && isStill && parked.source.length > 0) return reopen('cutover');
  if (record.phase === 'active' && isStill && parked.dest.length > 0) return reopen('failback');
  return { record, sentences: [] };
};

// The epochs of both sides, which have to be the same.
const settleEpoch = (facts: RepairFacts, record: StateRecord, isUnfinished: boolean): Step | Decide => {
  const copy = facts.source?.record.value;
  if (copy === undefined || copy.destGivenUp !== undefined || copy.epoch <= record.epoch)
    return { record, sentences: [] };
  const said = destinationView(copy).phase;
  const { live } = facts;
  // What still disagrees when the operation has ended is settled then.
  if (isUnfinished && said !== record.phase) return { record, sentences: [] };
  if (said !== record.phase && live === undefined) {
    return {
      decide: `The record of the destination (epoch ${record.epoch}) calls it ${record.phase}, the source's copy (epoch ${copy.epoch}) calls it ${said}, and ${whatRuns(facts)}.`,
    };
  }
  const phase = live === undefined || isUnfinished ? record.phase : phaseOf(live);
  const epoch = said === phase ? copy.epoch : copy.epoch + 1;
  return {
    record: { ...record, phase, epoch },
    sentences: [`The record of the destination: epoch ${epoch} instead of ${record.epoch}, ${phase}.`],
  };
};

const needsMirror = ({ source }: RepairFacts, record: StateRecord, isChanged: boolean): boolean => {
  if (source === undefined) return false;
  const copy = source.record.value;
  if (copy?.destGivenUp !== undefined && copy.epoch > record.epoch) return false;
  if (source.record.isDamaged || isChanged) return true;
  return copy === undefined ? record.epoch > 0 : copy.epoch < record.epoch;
};
