import type { SideRole } from '../common/side-role.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { withRecorded } from '../moves/fence-steps.ts';
import { toStored } from '../moves/recorded-baseline.ts';
import { survey } from '../sides/baseline.ts';
import { listSide } from '../sides/side.ts';
import type { MoveSide } from '../sides/side-types.ts';
import { finishJournal, newJournal } from '../state/journal-steps.ts';
import { hostOf } from '../state/operator-identity.ts';
import type { NewOperation } from '../state/record-types.ts';
import { type Journal, type JournalStep, type OperationKind, SCHEMA } from '../state/record-types.ts';
import { isMarked } from '../workloads/parked-annotation.ts';

/**
 * A journal of an operation whose own is lost, from the marks on the workloads that it had stopped: as if everything
 * had begun and nothing had ended, so that resume and rollback look at everything again. Throws KubeApiError.
 */
export const rebuildJournal = async (
  operation: NewOperation,
  sides: { readonly source: MoveSide | undefined; readonly dest: MoveSide },
  at: string,
  signal: AbortSignal,
): Promise<Journal> => {
  const { kind } = operation;
  const side = STOPPED[kind] === 'dest' ? sides.dest : STOPPED[kind] === 'source' ? sides.source : undefined;
  const baseline = side === undefined ? undefined : markedOn(side, await listSide(side, signal));
  return {
    schema: SCHEMA,
    ...operation,
    host: hostOf(operation.by),
    startedAt: at,
    state: 'stopped',
    reason: 'its journal was lost and rebuilt',
    ...(side === undefined || baseline === undefined ? {} : { baseline: toStored(baseline, side.namespace) }),
    steps: STEPS[kind].map(
      ([id, title]): JournalStep => ({
        id,
        title,
        state: id === 'baseline' ? 'done' : 'failed',
        startedAt: at,
        endedAt: at,
        ...(id === 'baseline' ? {} : { error: 'the journal was lost' }),
      }),
    ),
  };
};

/** A journal that is over, in place of one that cannot be read and that no record names. Pure. */
export const closedJournal = (operation: NewOperation, at: string): Journal =>
  finishJournal(newJournal(operation, hostOf(operation.by), at), 'partial', at);

const markedOn = (side: MoveSide, objects: readonly KubeObject[]) => {
  const marked = new Set(objects.filter(isMarked).map(objectKey));
  const entries = withRecorded(survey(side, objects).entries, objects).filter((entry) =>
    marked.has(refKey(entry)),
  );
  return { side: side.role, takenAt: '', entries };
};

const STOPPED: Readonly<Partial<Record<OperationKind, SideRole>>> = {
  cutover: 'source',
  failback: 'dest',
};

const MOVE = [
  ['baseline', 'Record the replica counts'],
  ['stop', 'Stop the workloads'],
  ['start', 'Start the application'],
] as const;

const STEPS: Readonly<Record<OperationKind, readonly (readonly [string, string])[]>> = {
  cutover: MOVE,
  failback: MOVE,
  failover: [
    ['pending-fence', 'Record that the source is declared lost and not fenced'],
    ['start', 'Start the application'],
  ],
  fence: [['stop', 'Stop the workloads at the source']],
  rollback: [],
};
