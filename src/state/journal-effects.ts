import type { SideRole } from '../common/side-role.ts';
import { own } from '../kube/raw-json.ts';
import type { ClosedOperation, Journal, OperationKind } from './record-types.ts';

/** What an operation may have done to the two sides by now: a step that was begun counts, whether it ended or not. */
export interface Effects {
  readonly stopped: readonly SideRole[];
  readonly started: readonly SideRole[];
}

/**
 * The sides that an operation has begun to stop and to start, with what the operation that it closed had done. A side
 * that was stopped and is started again (by a rollback) is in both. Pure.
 */
export const effectsOf = (journal: Pick<Journal, 'kind' | 'steps' | 'over'>): Effects => {
  const { over } = journal;
  const stopped = new Set<SideRole>(over?.stopped);
  const started = new Set<SideRole>(over?.started);
  for (const { id, state } of journal.steps) {
    if (state === 'skipped') continue;
    const [action, side] = own(EFFECTS[journal.kind], id) ?? [];
    if (side === undefined) continue;
    if (action === 'stop') stopped.add(side);
    else started.add(side);
  }
  return { stopped: [...stopped], started: [...started] };
};

/** An unfinished operation as the failover that closes it keeps it. Pure. */
export const closedOperation = (journal: Journal): ClosedOperation => {
  const { stopped, started } = effectsOf(journal);
  return {
    operationId: journal.operationId,
    kind: journal.kind,
    stopped: [...stopped],
    started: [...started],
  };
};

type Effect = readonly ['stop' | 'start', SideRole];

const EFFECTS: Readonly<Record<OperationKind, Readonly<Record<string, Effect>>>> = {
  cutover: { stop: ['stop', 'source'], start: ['start', 'dest'], 'undo-stop': ['start', 'source'] },
  failback: { stop: ['stop', 'dest'], start: ['start', 'source'], 'undo-stop': ['start', 'dest'] },
  failover: { start: ['start', 'dest'], 'undo-stop': ['start', 'source'] },
  rollback: { start: ['start', 'source'] },
  fence: { stop: ['stop', 'source'], 'stop-dest': ['stop', 'dest'] },
};
