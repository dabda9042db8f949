import type { SideRole } from '../common/side-role.ts';
import { effectsOf } from '../state/journal-effects.ts';
import type { Journal, OperationKind, StateRecord } from '../state/record-types.ts';

/**
 * Why a side cannot be the live one while an operation is unfinished, as a sentence; undefined when it can. An operation
 * that is gone on with or undone comes to a live side by itself, and a record that says another one would stand in its
 * way. Pure.
 */
export const contradiction = (
  journal: Journal,
  live: SideRole,
  { source, dest }: Pick<StateRecord, SideRole>,
): string | undefined => {
  const { stopped, started } = effectsOf(journal);
  if (started.includes(live)) return undefined;
  const wasStopped = stopped.includes(live);
  const mayBeLive = journal.kind === 'fence' || live === FROM[journal.kind];
  if (mayBeLive && !wasStopped) return undefined;
  const site = live === 'dest' ? dest : source;
  const name = live === 'dest' ? 'destination' : 'source';
  // The operation is named with the place of its journal, and the side with its own.
  const where = live === 'dest' ? '' : ` (namespace ${site.namespace} of context ${site.context})`;
  const kind = `${journal.kind.charAt(0).toUpperCase()}${journal.kind.slice(1)}`;
  return `${kind} ${journal.operationId} in namespace ${dest.namespace} of context ${dest.context} is unfinished and has ${wasStopped ? 'stopped' : 'not started'} the ${name}${where}, so the ${name} is not the live side.`;
};

/** The verbs that end an unfinished operation. Pure. */
export const waysToEnd = ({ kind, steps }: Journal): readonly ('resume' | 'rollback')[] => {
  if (kind === 'fence') return ['resume'];
  if (kind === 'rollback' || steps.some(({ id }) => id.startsWith('undo-'))) return ['rollback'];
  return ['resume', 'rollback'];
};

// Where the application was when the operation began.
const FROM: Readonly<Record<OperationKind, SideRole | undefined>> = {
  cutover: 'source',
  failback: 'dest',
  failover: 'source',
  fence: undefined,
  rollback: undefined,
};
