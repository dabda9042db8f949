import { kubectl } from '../common/command-line.ts';
import { RefusedError, UsageError } from '../common/errors.ts';
import { exitCode } from '../common/exit-codes.ts';
import type { SideRole } from '../common/side-role.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { ClusterReader } from '../kube/api-types.ts';
import { NAMESPACES } from '../kube/well-known.ts';
import { awakeWorkloads } from '../sides/awake-workloads.ts';
import type { StateRecord } from '../state/record-types.ts';
import { destinationView, readState } from '../state/state-record.ts';
import { ageText, parseTimestamp } from '../state/time-text.ts';
import { runningWorkloads } from '../workloads/running-workloads.ts';
import { judge } from './judge-status.ts';
import { type Attempt, attempt } from './last-attempt.ts';
import { parkedWorkloads } from './parked-awake.ts';
import { type Found, runs, type StatusFacts } from './status-facts.ts';
import type { StatusResult, StatusSide } from './status-types.ts';
import { lookForOperation, type ProcessView } from './unfinished.ts';

interface Place {
  readonly cluster: ClusterReader;
  readonly namespace: string;
}

export interface StatusInput {
  readonly source: Place | undefined;
  readonly dest: Place;
  readonly signal: AbortSignal;
  /** Who looks, for the lock: whether its process runs here, and whether it is this operator's. */
  readonly process: ProcessView;
  /** The command line of a verb for this pair; `source` names a side that no flag names, from the record. */
  command(verb: string, source: StateRecord['source'] | undefined, ...words: readonly string[]): string;
}

/**
 * Reads both sides and says where the application lives. A side that does not answer is part of the result, not an
 * error. Outcome `ok`; `partial` while an operation is unfinished; `drift` when the sides or their records disagree.
 * Throws UsageError when the namespace exists on neither side.
 */
export const readStatus = async (input: StatusInput): Promise<StatusResult> => {
  const { dest, source, signal } = input;
  const [destView, sourceView] = await Promise.all([
    viewSide(dest, 'dest', signal),
    source === undefined ? undefined : viewSide(source, 'source', signal),
  ]);
  const record =
    destView.record ?? (sourceView?.record === undefined ? undefined : destinationView(sourceView.record));
  if (record === undefined) await refuseUnknownNamespace(input);
  const looked = await lookForOperation({
    source: sourceView?.side.answers === true ? source : undefined,
    dest: destView.side.answers ? dest : undefined,
    record,
    process: input.process,
    signal,
  });
  const facts: StatusFacts = {
    record,
    dest: destView.side,
    source: sourceView?.side,
    found: {
      dest: foundOf(destView),
      source: sourceView === undefined ? 'unread' : foundOf(sourceView),
      journal: looked.journal,
    },
    operation: looked.operation,
    ...(await lookAtMarks(input, record, destView.side, sourceView?.side)),
    destGivenUp: sourceView?.record?.destGivenUp,
    unreadable: destView.side.answers ? looked.unreadable : [],
    stageAge:
      record?.lastStage === undefined ? undefined : `${ageText(age(dest, record.lastStage.at) * 1000)} ago`,
    command: (verb, ...words) => input.command(verb, record?.source, ...words),
    kubectl: (role, ...words) => kubectlFor(input, role, ...words),
  };
  const { operation } = looked;
  const judged = judge(facts);
  return {
    schema: 'dr-syncer.io/status-result/v1',
    ...judged,
    exitCode: exitCode(judged.outcome),
    since: record?.since,
    by: record?.by,
    managedBy: record?.managedBy,
    source: sourceView?.side,
    dest: destView.side,
    ...agesOf(dest, record),
    mixedData: record?.mixedData,
    pendingFence: record?.pendingFence,
    operation:
      operation === undefined
        ? undefined
        : {
            id: operation.id,
            kind: operation.kind,
            startedAt: operation.startedAt,
            step: operation.step,
            running: operation.atWork === 'running' || operation.atWork === 'stalled',
            holder: operation.holder,
          },
  };
};

const age = ({ cluster }: Place, at: string): number =>
  Math.max(0, Math.round((cluster.now() - (parseTimestamp(at) ?? 0)) / 1000));

const agesOf = (dest: Place, record: StateRecord | undefined) => {
  const { lastStage, lastDataCopy } = record ?? {};
  return {
    lastStage:
      lastStage === undefined
        ? undefined
        : { at: lastStage.at, ageSeconds: age(dest, lastStage.at), objects: lastStage.objects },
    lastDataCopy:
      lastDataCopy === undefined ? undefined : { ...lastDataCopy, ageSeconds: age(dest, lastDataCopy.at) },
  };
};

const kubectlFor = ({ source, dest }: StatusInput, role: SideRole, ...words: readonly string[]): string => {
  const side = role === 'dest' ? dest : (source ?? dest);
  const [first = '', ...more] = words;
  return first === 'get' && more[0] === '--raw'
    ? kubectl(side.cluster, first, ...more)
    : kubectl(side, first, ...more);
};

// Marks are looked for only where they change the judgement: they cost a list of every workload.
const lookAtMarks = async (
  { dest, source, signal }: StatusInput,
  record: StateRecord | undefined,
  destSide: StatusSide,
  sourceSide: StatusSide | undefined,
): Promise<Pick<StatusFacts, 'awake' | 'parked'>> => {
  const isStopped = (side: StatusSide | undefined): boolean =>
    side?.answers === true && side.pods !== undefined && !runs(side);
  const parkedAt = async (place: Place | undefined, isWanted: boolean): Promise<readonly string[]> =>
    place === undefined || !isWanted
      ? []
      : ((await attempt(() => parkedWorkloads(place.cluster, place.namespace, signal, { readable: true })))
          .value ?? []);
  const nobodyRuns = !runs(destSide) && !runs(sourceSide);
  const [awake, atSource, atDest] = await Promise.all([
    record?.phase === 'active' || record?.phase === 'moving' || !destSide.answers
      ? []
      : attempt(() => awakeWorkloads(dest.cluster, dest.namespace, destSide.pods ?? [], signal)).then(
          ({ value }) => value ?? [],
        ),
    parkedAt(source, isStopped(sourceSide) && (nobodyRuns || record === undefined)),
    parkedAt(dest, isStopped(destSide) && record?.phase === 'active'),
  ]);
  return { awake, parked: { source: atSource, dest: atDest } };
};

const foundOf = ({ state, record }: SideView): Found => {
  if (record !== undefined) return 'present';
  if (state.isDamaged) return 'damaged';
  return state.problem === undefined ? 'missing' : 'unread';
};

interface SideView {
  readonly side: StatusSide;
  readonly record: StateRecord | undefined;
  readonly state: Attempt<unknown>;
}

const viewSide = async (
  { cluster, namespace }: Place,
  role: SideRole,
  signal: AbortSignal,
): Promise<SideView> => {
  const [state, pods] = await Promise.all([
    attempt(() => readState(cluster, namespace, role, { signal })),
    attempt(() => runningWorkloads(cluster, namespace, signal)),
  ]);
  const record = state.value?.record;
  return {
    side: {
      context: cluster.context,
      namespace,
      answers: !state.isSilent && !pods.isSilent,
      problem: (state.isDamaged ? undefined : state.problem) ?? pods.problem,
      epoch: record?.epoch,
      phase: record?.phase,
      pods: pods.value,
    },
    record,
    state,
  };
};

/**
 * Throws UsageError when the namespace exists on none of the named sides: that is a slip of the pen, and not a namespace
 * that was never staged. What may not be read, or does not answer, counts as there.
 */
export const refuseUnknownNamespace = async ({
  source,
  dest,
  signal,
}: Pick<StatusInput, 'source' | 'dest' | 'signal'>): Promise<void> => {
  const places = source === undefined ? [dest] : [source, dest];
  const exists = await Promise.all(
    places.map(({ cluster, namespace }) =>
      cluster.get({ type: NAMESPACES, name: namespace }, { signal }).then(
        (found) => found !== undefined,
        (error: unknown) => {
          if (!isKubeApiError(error) && !(error instanceof RefusedError)) throw error;
          return true;
        },
      ),
    ),
  );
  if (exists.includes(true)) return;
  const where = places.map(
    ({ cluster, namespace }) => `namespace ${namespace} in context ${cluster.context}`,
  );
  throw new UsageError(`There is no ${where.join(', and no ')}.`, {
    hint: `List the namespaces with: ${kubectl((source ?? dest).cluster, 'get', 'namespaces')}`,
  });
};
