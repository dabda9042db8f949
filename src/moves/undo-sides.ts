import { drSyncer, type PairNames } from '../common/command-line.ts';
import { RefusedError } from '../common/errors.ts';
import type { MoveSide } from '../sides/side-types.ts';
import { effectsOf } from '../state/journal-effects.ts';
import type { Journal } from '../state/record-types.ts';
import { resumeWords } from '../state/recorded-executables.ts';
import type { RollbackInput } from './rollback-steps.ts';

/** Which side a rollback stops, which one it starts again, and what had begun on each. */
export type UndoSides = Pick<RollbackInput, 'kind' | 'from' | 'to' | 'stopBegan' | 'startBegan'>;

/**
 * The sides of the rollback of an operation, from its journal. A failover that closed an operation which had stopped
 * the source has to start it again. Throws RefusedError when that source does not answer, since nothing would run
 * anywhere, and for an operation that is only gone on with. Pure.
 */
export const undoSides = (
  journal: Journal,
  source: MoveSide | undefined,
  dest: MoveSide,
  names: PairNames,
): UndoSides => {
  const { kind } = journal;
  if (kind === 'fence' || kind === 'rollback') {
    throw new RefusedError(`Operation ${journal.operationId} is a ${kind}; it can only be resumed.`, {
      hint: `Continue with: ${drSyncer('resume', names, ...resumeWords(journal.options))}`,
    });
  }
  const effects = effectsOf(journal);
  const begun = (to: MoveSide, from: MoveSide | undefined): UndoSides => ({
    kind,
    from,
    to,
    stopBegan: from !== undefined && (kind === 'failover' || effects.stopped.includes(from.role)),
    startBegan: effects.started.includes(to.role),
  });
  if (kind === 'failback') return begun(source ?? dest, dest);
  if (kind === 'cutover') return begun(dest, source);
  if (!needsSource(journal)) return begun(dest, undefined);
  if (source !== undefined) return begun(dest, source);
  throw new RefusedError(
    `${sourceStopped(journal)}, and the source does not answer, so it cannot be started again: after a rollback nothing would run anywhere.`,
    {
      hint: `Continue with: ${drSyncer('resume', names, ...resumeWords(journal.options))}   When the source answers again: ${drSyncer('rollback', names)}`,
    },
  );
};

/** Whether the rollback of a failover has to start the source again: what it closed had stopped it. Pure. */
export const needsSource = (journal: Pick<Journal, 'kind' | 'steps' | 'over'>): boolean =>
  journal.kind === 'failover' &&
  (effectsOf(journal).stopped.includes('source') || journal.over?.kind === 'failback');

/** `Cutover x, which this failover closed, had stopped the source`. Pure. */
export const sourceStopped = ({ over }: Pick<Journal, 'over'>): string =>
  over?.kind === 'failback'
    ? `Before failback ${over.operationId}, which this failover closed, the source was stopped`
    : `The ${over?.kind ?? 'operation'} that this failover closed (${over?.operationId ?? 'unknown'}) had stopped the source`;
