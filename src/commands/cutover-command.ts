import { UsageError } from '../common/errors.ts';
import type { JsonObject } from '../kube/api-types.ts';
import { encodeOptions } from '../moves/journal-options.ts';
import { runMove } from '../moves/run-move.ts';
import { whereIs } from '../sides/side.ts';
import { stage } from '../stage/stage-namespace.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import type { Io } from '../ui/io.ts';
import { askAfterChecks, stopQuestion } from './confirm-move.ts';
import { convergeWith } from './converge.ts';
import { checkCopyOptions, type DataFlags, dataOptions } from './data-options.ts';
import { dataStep, tellUncopied } from './data-session.ts';
import { finishMove } from './finish-move.ts';
import type { MoveFlags } from './move-options.ts';
import { moveOptions } from './move-options.ts';
import { copyOptions } from './options.ts';
import { openPair, operationBase } from './pair.ts';
import { gateMove } from './preflight-gate.ts';
import { withSession } from './session.ts';

/** `dr-syncer cutover`: returns the exit code. */
export const runCutover = (io: Io, flags: MoveFlags & DataFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    checkCopyOptions(flags, flags.migratePvcData === true, '--migrate-pvc-data');
    const pair = await openPair(session, 'cutover');
    const { source, dest } = pair;
    if (source === undefined) throw new UsageError('The source is not named.');
    const options = moveOptions(flags);
    const data = flags.migratePvcData === true ? dataOptions(flags, { preCopy: false }) : undefined;
    const copy =
      data === undefined
        ? undefined
        : await dataStep({
            io,
            session,
            from: source,
            to: dest,
            options: data,
            storageClassMap: flags.storageClassMap ?? new Map(),
          });
    if (data === undefined) await tellUncopied(session, source, dest, '--migrate-pvc-data');
    const stageOptions: StageOptions = stageOptionsOf(flags, source.namespace, dest.namespace);
    const preflight = askAfterChecks(
      io,
      session,
      flags,
      () =>
        stopQuestion(session, {
          stops: source,
          pausesGitops: options.pauseGitops,
          afterwards: `Then it is started in ${whereIs(dest)}.`,
          name: dest.namespace,
        }),
      () =>
        gateMove(session, flags, {
          kind: 'cutover',
          source,
          dest,
          options,
          stageOptions,
          data,
          ...(copy === undefined ? {} : { checkData: () => copy.check(false) }),
        }),
    );
    const result = await runMove({
      ...operationBase(io, flags, session),
      ...pair,
      source,
      kind: 'cutover',
      options,
      journalOptions: encodeOptions({
        move: options,
        stage: stageOptions,
        migrateData: data === undefined ? undefined : (data as unknown as JsonObject),
        reason: '',
      }),
      resume: undefined,
      preflight,
      converge: convergeWith(stage, session, source, stageOptions),
      oneShotKinds: stageOptions.oneShotKinds,
      ...(copy === undefined ? {} : { data: copy }),
    });
    return finishMove(io, flags, session, result);
  });

/** The stage options of a command that stages on its way. */
export const stageOptionsOf = (
  flags: MoveFlags,
  sourceNamespace: string,
  destNamespace: string,
): StageOptions => ({
  ...copyOptions(flags),
  sourceNamespace,
  destNamespace,
  dryRun: false,
  keepGoing: false,
  prune: false,
  acceptLiveDestination: false,
  ...(flags.servingRevisions === true ? { servingRevisions: true } : {}),
  concurrency: flags.concurrency,
  recreateTimeoutMs: 60_000,
});
