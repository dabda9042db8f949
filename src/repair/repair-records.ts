import { drSyncer } from '../common/command-line.ts';
import { RefusedError, UnsafeError } from '../common/errors.ts';
import { type ExitName, exitCode } from '../common/exit-codes.ts';
import type { SideRole } from '../common/side-role.ts';
import type { ClusterReader, JsonObject } from '../kube/api-types.ts';
import { CONFIG_MAPS } from '../kube/well-known.ts';
import { through } from '../moves/operation.ts';
import type { OperationInput } from '../moves/operation-input.ts';
import { awakeWorkloads } from '../sides/awake-workloads.ts';
import type { MoveSide } from '../sides/side-types.ts';
import { readJournal } from '../state/journal.ts';
import { createJournalWriter, journalPlace } from '../state/journal-store.ts';
import { acquireLock } from '../state/lock.ts';
import { openHistory } from '../state/operation-history.ts';
import { hostOf, newOperationId } from '../state/operator-identity.ts';
import { createTokens } from '../state/random-token.ts';
import { type Stored, writeRecord } from '../state/record-io.ts';
import { type Place, placeOf } from '../state/record-places.ts';
import { encodeRecord } from '../state/record-schemas.ts';
import { type Journal, SCHEMA, type StateRecord } from '../state/record-types.ts';
import { resumeWords } from '../state/recorded-executables.ts';
import { readState, sourcePhase } from '../state/state-record.ts';
import { timestamp } from '../state/time-text.ts';
import { attempt } from '../status/last-attempt.ts';
import { parkedWorkloads } from '../status/parked-awake.ts';
import { runningWorkloads } from '../workloads/running-workloads.ts';
import { closedJournal, rebuildJournal } from './rebuild-record.ts';
import { type Copy, type JournalPlan, planRepair, type RepairFacts, type RepairPlan } from './repair-plan.ts';

export interface RepairInput
  extends Pick<
    OperationInput,
    | 'source'
    | 'dest'
    | 'sourceName'
    | 'uids'
    | 'operator'
    | 'commandLine'
    | 'version'
    | 'takeOver'
    | 'process'
    | 'reporter'
    | 'signal'
    | 'redact'
  > {
  readonly dryRun: boolean;
  /** `--live-side`: what a person says where records and facts disagree. */
  readonly live: SideRole | undefined;
  /** The options of a move as a journal keeps them, for one that is made anew. */
  readonly journalOptions: JsonObject;
  /** Asked with what would be written; throws to keep it from being written. */
  confirm(sentences: readonly string[]): Promise<void>;
}

/** What was put right; `--output json` is this value. */
export interface RepairResult {
  readonly schema: 'dr-syncer.io/repair-result/v1';
  readonly outcome: ExitName;
  readonly exitCode: number;
  readonly summary: string;
  readonly dryRun: boolean;
  /** One sentence for each record that was, or would be, written. */
  readonly repairs: readonly string[];
  /** The command to type next. */
  readonly next: string | undefined;
}

/**
 * Puts the records of a pair right, from the copies of the other side and from what runs; workloads are not touched.
 * Shows what it would write first. Throws UnsafeError where only a person can say which side is live, LockedError,
 * KubeApiError.
 */
export const repairRecords = async (input: RepairInput): Promise<RepairResult> => {
  const { dest, dryRun } = input;
  const plan = planOf(input, await gather(input));
  const next = drSyncer('status', input);
  if (plan.sentences.length === 0) return result('There is nothing to repair.', dryRun, [], next);
  if (dryRun) return result('Dry run: nothing was changed.', dryRun, plan.sentences, undefined);
  await input.confirm(plan.sentences);
  const operationId = newOperationId('repair', dest.cluster.now(), Math.random);
  const lock = await acquireLock({
    dest,
    source: input.source,
    holder: input.operator,
    operationId,
    takeOver: input.takeOver,
    process: input.process,
    onWait: (sentence) => input.reporter.waiting(sentence),
    signal: input.signal,
  });
  try {
    // What was shown may be history by now.
    const now = planOf(input, await gather(input));
    const guarded = {
      ...input,
      dest: through(dest, lock.gate),
      source: input.source === undefined ? undefined : through(input.source, lock.gate),
    };
    await write(guarded, now);
    await openHistory(guarded.dest.cluster, dest.namespace).append({
      operationId,
      kind: 'repair',
      who: input.operator,
      from: hostOf(input.operator),
      when: timestamp(dest.cluster.now()),
      command: input.redact(input.commandLine),
      planHash: '',
      result: 'ok',
      seconds: 0,
      perStepSeconds: {},
    });
    return result('The records were repaired; no workload was touched.', false, now.sentences, next);
  } finally {
    await lock.release();
  }
};

const result = (
  summary: string,
  dryRun: boolean,
  repairs: readonly string[],
  next: string | undefined,
): RepairResult => ({
  schema: 'dr-syncer.io/repair-result/v1',
  outcome: 'ok',
  exitCode: exitCode('ok'),
  summary,
  dryRun,
  repairs,
  next,
});

const planOf = (input: RepairInput, facts: RepairFacts): RepairPlan => {
  const verdict = planRepair(facts);
  if ('plan' in verdict) return verdict.plan;
  if ('refuse' in verdict) {
    const words = resumeWords(facts.dest.journal.value?.options ?? {});
    const [first = '', ...more] = verdict.next.map((verb) =>
      drSyncer(verb, input, ...(verb === 'resume' ? words : [])),
    );
    throw new UnsafeError(`${verdict.refuse} Nothing was changed.`, {
      hint: [
        `${verdict.next[0] === 'repair' ? 'Without --live-side' : 'End the operation'}: ${first}`,
        ...more.map((line) => `or roll back with: ${line}`),
      ].join('   '),
    });
  }
  const line = (side: SideRole): string =>
    drSyncer('repair', input, '--live-side', side === 'dest' ? 'destination' : 'source');
  throw new UnsafeError(`${verdict.decide} Decide which side is live.`, {
    hint: `If the application belongs at the source: ${line('source')}   If it belongs at the destination: ${line('dest')}`,
  });
};

const gather = async (input: RepairInput): Promise<RepairFacts> => {
  const { source, dest, signal } = input;
  const copies = async (side: MoveSide, role: SideRole) => ({
    record: await copy(() =>
      readState(side.cluster, side.namespace, role, { signal }).then((found) => found?.record),
    ),
    journal: await copy(() => readJournal(side.cluster, side.namespace, { signal, role })),
  });
  const [atDest, atSource] = await Promise.all([
    copies(dest, 'dest'),
    source === undefined ? undefined : copies(source, 'source'),
  ]);
  const running = async (side: MoveSide | undefined): Promise<string[]> => {
    if (side === undefined) return [];
    const { cluster, namespace } = side;
    const all = await runningWorkloads(cluster, namespace, signal);
    // Workloads that others run in the destination namespace are no sign that it is live.
    const ours = side.role === 'dest' ? await awakeWorkloads(cluster, namespace, all, signal) : all;
    return ours.map(({ workload }) => workload);
  };
  const parked = (side: MoveSide | undefined) =>
    side === undefined ? [] : parkedWorkloads(side.cluster, side.namespace, signal);
  const [sourceRuns, destRuns, sourceParked, destParked] = await Promise.all([
    running(source),
    running(dest),
    parked(source),
    parked(dest),
  ]);
  return {
    dest: atDest,
    source: atSource,
    running: { source: sourceRuns, dest: destRuns },
    parked: { source: sourceParked, dest: destParked },
    live: input.live,
    fresh: freshRecord(input),
    newId: (kind) => newOperationId(kind, dest.cluster.now(), Math.random),
  };
};

// What may not be read is no reason to write something else in its place.
const copy = async <T>(read: () => Promise<T | undefined>): Promise<Copy<T>> => {
  const { value, isDamaged, problem } = await attempt(read);
  if (problem !== undefined && !isDamaged) throw new RefusedError(`The records cannot be read: ${problem}`);
  return { value, isDamaged };
};

const freshRecord = ({ source, sourceName, dest, uids, operator }: RepairInput): StateRecord => ({
  schema: SCHEMA,
  epoch: 0,
  phase: 'standby',
  since: timestamp(dest.cluster.now()),
  by: operator,
  source: {
    context: source?.cluster.context ?? sourceName?.context ?? 'unknown',
    namespace: source?.namespace ?? sourceName?.namespace ?? 'unknown',
    ...(uids.source === undefined ? {} : { clusterUid: uids.source }),
  },
  dest: {
    context: dest.cluster.context,
    namespace: dest.namespace,
    ...(uids.dest === undefined ? {} : { clusterUid: uids.dest }),
  },
});

const write = async (input: RepairInput, plan: RepairPlan): Promise<void> => {
  const { source, dest } = input;
  const tokens = createTokens();
  // The journal first: a record must never name an operation that has none.
  if (plan.journal !== undefined) {
    const place = journalPlace(dest.namespace, 'dest');
    const journal = 'copy' in plan.journal ? plan.journal.copy : await newJournal(input, plan.journal);
    const previous = await rawHead(dest.cluster, place);
    await createJournalWriter(dest.cluster, place).write(journal, previous, tokens.next());
  }
  const writeState = async (
    { cluster, namespace }: MoveSide,
    role: SideRole,
    record: StateRecord,
  ): Promise<void> => {
    const place = placeOf('state', namespace, role);
    const previous = await rawHead(cluster, place);
    await writeRecord(cluster, place, encodeRecord({ ...record, role }), { previous, token: tokens.next() });
  };
  if (plan.record !== undefined) await writeState(dest, 'dest', plan.record);
  if (plan.mirror !== undefined && source !== undefined)
    await writeState(source, 'source', { ...plan.mirror, phase: sourcePhase(plan.mirror.phase) });
};

const newJournal = async (
  input: RepairInput,
  plan: Exclude<JournalPlan, { readonly copy: Journal }>,
): Promise<Journal> => {
  const at = timestamp(input.dest.cluster.now());
  const { id, kind } = 'closed' in plan ? plan.closed : plan.rebuild;
  const operation = {
    operationId: id,
    kind,
    options: input.journalOptions,
    planHash: '',
    by: input.operator,
    version: input.version,
    resumeCommand: drSyncer('resume', input, ...resumeWords(input.journalOptions)),
  };
  return 'closed' in plan ? closedJournal(operation, at) : rebuildJournal(operation, input, at, input.signal);
};

// What cannot be decoded is replaced all the same, by compare-and-swap.
const rawHead = async (cluster: ClusterReader, { namespace, name }: Place): Promise<Stored | undefined> => {
  const head = await cluster.get({ type: CONFIG_MAPS, namespace, name });
  return head === undefined
    ? undefined
    : { text: '', resourceVersion: head.metadata.resourceVersion ?? '', token: '', parts: [] };
};
