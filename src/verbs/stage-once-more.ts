import { PartialError, RefusedError } from '../common/errors.ts';
import type { ConvergeAccess } from '../moves/run-move.ts';
import type { MoveSide } from '../sides/side-types.ts';
import { stage } from '../stage/stage-namespace.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import type { Runtime } from './runtime.ts';

/**
 * The first step of a cutover: stage once more while the source runs. Throws RefusedError or PartialError when the
 * copy is not complete, so that nothing is stopped for an application that could not start on the other side.
 */
export const stageOnceMore =
  (source: MoveSide, options: StageOptions, { reporter }: Runtime) =>
  async ({ dest, state, deps }: ConvergeAccess): Promise<string> => {
    const result = await stage(
      { source: source.cluster, dest: dest.cluster, reporter, signal: deps.signal, lock: 'held' },
      options,
    );
    if (result.outcome === 'refused') throw new RefusedError(result.summary);
    if (result.exitCode !== 0) throw new PartialError(result.summary);
    const { created, updated, recreated, unchanged, stashed } = result.totals;
    await state.markStage(created + updated + recreated + unchanged + stashed, result.stageHash);
    return `${created + updated + recreated} objects written, ${unchanged} unchanged`;
  };
