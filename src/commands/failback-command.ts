import { UsageError } from '../common/errors.ts';
import type { JsonObject } from '../kube/api-types.ts';
import { encodeOptions } from '../moves/journal-options.ts';
import { runMove } from '../moves/run-move.ts';
import { whereIs } from '../sides/side.ts';
import type { Io } from '../ui/io.ts';
import { configStep, configTrial, SYNC_CONFIG } from './config-step.ts';
import { askAfterChecks, stopQuestion } from './confirm-move.ts';
import { stageOptionsOf } from './cutover-command.ts';
import { checkCopyOptions, type DataFlags, dataOptions } from './data-options.ts';
import { dataStep, tellUncopied } from './data-session.ts';
import { finishMove } from './finish-move.ts';
import { type MoveFlags, moveOptions } from './move-options.ts';
import { openPair, operationBase } from './pair.ts';
import { gateMove } from './preflight-gate.ts';
import { withSession } from './session.ts';

export interface FailbackFlags extends MoveFlags, DataFlags {
  readonly syncConfig?: boolean;
}

/** `dr-syncer failback`: returns the exit code. */
export const runFailback = (io: Io, flags: FailbackFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    checkCopyOptions(flags, flags.reverseMigratePvcData === true, '--reverse-migrate-pvc-data');
    const pair = await openPair(session, 'failback');
    const { source, dest } = pair;
    if (source === undefined) throw new UsageError('The source is not named.');
    const options = moveOptions(flags);
    const stageOptions = stageOptionsOf(flags, source.namespace, dest.namespace);
    const data = flags.reverseMigratePvcData === true ? dataOptions(flags, { preCopy: false }) : undefined;
    const copy =
      data === undefined
        ? undefined
        : await dataStep({ io, session, from: dest, to: source, options: data, storageClassMap: new Map() });
    if (data === undefined) await tellUncopied(session, dest, source, '--reverse-migrate-pvc-data');
    const preflight = askAfterChecks(
      io,
      session,
      flags,
      () =>
        stopQuestion(session, {
          stops: dest,
          pausesGitops: options.pauseGitops,
          afterwards: `Then it is started again in ${whereIs(source)}.`,
          name: dest.namespace,
        }),
      () =>
        gateMove(session, flags, {
          kind: 'failback',
          source,
          dest,
          options,
          stageOptions: undefined,
          data,
          syncsConfig: configTrial(source, dest, stageOptions, flags.syncConfig === true, session.signal),
          ...(copy === undefined ? {} : { checkData: () => copy.check(true) }),
        }),
    );
    const result = await runMove({
      ...operationBase(io, flags, session),
      ...pair,
      source,
      kind: 'failback',
      options,
      journalOptions: encodeOptions({
        move: options,
        stage: stageOptions,
        migrateData: data === undefined ? undefined : (data as unknown as JsonObject),
        reason: flags.syncConfig === true ? SYNC_CONFIG : '',
      }),
      resume: undefined,
      syncsConfig: flags.syncConfig === true,
      config: configStep(source, dest, stageOptions, flags.syncConfig === true),
      ...(copy === undefined ? {} : { data: copy }),
      preflight,
    });
    return finishMove(io, flags, session, result);
  });
