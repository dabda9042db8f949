import { drSyncer } from '../common/command-line.ts';
import { RefusedError, UsageError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { JsonObject } from '../kube/api-types.ts';
import { clone, deleteAt } from '../kube/raw-json.ts';
import { decodeOptions, redactText, stageOptionsFor } from '../moves/journal-options.ts';
import type { MoveResult } from '../moves/move-result.ts';
import type { OperationInput } from '../moves/operation-input.ts';
import { refuseUndone } from '../moves/resume-operation.ts';
import { runMove } from '../moves/run-move.ts';
import { runFailover, runFence, unfinishedJournal } from '../moves/run-other.ts';
import { notableFlags, problemOfOptions, type StoredOptions } from '../moves/stored-options.ts';
import type { MoveOptions } from '../sides/side-types.ts';
import { stage } from '../stage/stage-namespace.ts';
import type { Journal } from '../state/record-types.ts';
import { executablesIn, refuseOther, withoutExecutables } from '../state/recorded-executables.ts';
import { confirmName } from '../ui/confirm.ts';
import type { Io } from '../ui/io.ts';
import type { DataOptions } from '../volumes/data-types.ts';
import { type ConfigTrial, configStep, configTrial, SYNC_CONFIG } from './config-step.ts';
import { convergeWith } from './converge.ts';
import { type ResumedDataFlags, resumedOptions } from './data-options.ts';
import { dataStep, endStep } from './data-session.ts';
import { finishMove } from './finish-move.ts';
import { givenMoveOptions, type MoveFlags, moveOptions } from './move-options.ts';
import { type OpenPair, openPair, operationBase } from './pair.ts';
import { type Session, withSession } from './session.ts';

export type ResumeFlags = MoveFlags &
  ResumedDataFlags & { readonly withoutHooks?: boolean; readonly acceptClusterRoles?: readonly string[] };

/** `dr-syncer resume`: goes on with the unfinished operation. Returns the exit code. */
export const runResume = (io: Io, flags: ResumeFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const pair = await openPair(session, 'try');
    const journal = await unfinishedJournal(pair.dest, 'resume');
    if (journal.kind !== 'failover') needSource(pair, journal);
    refuseUndone(journal);
    const leavesOut = flags.withoutHooks === true;
    const stored = decodeOptions(journal.options, givenMoveOptions(flags), {
      leavesOut,
      instead: moveOptions(flags),
    });
    refuseEdited(journal, pair);
    const data = dataToCopy(journal, stored, flags);
    await confirmName(io, {
      yes: flags.yes === true,
      lines: [
        `This goes on with ${journal.kind} ${journal.operationId}.`,
        ...asBefore(stored),
        ...executed(stored.move),
      ],
      name: pair.dest.namespace,
      signal: session.signal,
    });
    const base: Omit<OperationInput, 'kind'> = {
      ...operationBase(io, flags, session),
      ...pair,
      options: stored.move,
      journalOptions: journal.options,
      resume: { operationId: journal.operationId },
    };
    const result = await goOn(io, flags, session, base, pair, journal, stored, data);
    return finishMove(io, flags, session, result);
  });

const goOn = async (
  io: Io,
  flags: ResumeFlags,
  session: Session,
  base: Omit<OperationInput, 'kind'>,
  pair: OpenPair,
  journal: Journal,
  stored: StoredOptions,
  data: DataOptions | undefined,
): Promise<MoveResult> => {
  const { source, dest } = pair;
  const path = flags.pvMigratePath;
  if (journal.kind === 'failover') {
    const endCopies = endStep({ io, session, sides: [dest], path, starting: dest });
    return runFailover({ ...base, source: undefined, kind: 'failover', reason: stored.reason, endCopies });
  }
  if (source === undefined) throw new UsageError('The source is not named.');
  if (journal.kind === 'fence') {
    const destFence = stored.reason === 'awake' || stored.reason === 'given-up' ? stored.reason : undefined;
    const endCopies = endStep({ io, session, sides: [source, dest], path });
    return runFence({ ...base, source, kind: 'fence', destFence, endCopies });
  }
  if (journal.kind === 'rollback') {
    throw new RefusedError('A rollback is continued by the command rollback, not by resume.', {
      hint: `To continue it, run: ${drSyncer('rollback', pair)}`,
    });
  }
  const namespaces = { source: source.namespace, dest: dest.namespace };
  const stageOptions = stageOptionsFor(
    stored.stage,
    journal.operationId,
    namespaces,
    flags.acceptClusterRoles,
  );
  const converge =
    stageOptions === undefined
      ? {}
      : {
          converge: convergeWith(stage, session, source, stageOptions),
          oneShotKinds: stageOptions.oneShotKinds,
        };
  const syncs = stored.reason === SYNC_CONFIG;
  const config =
    journal.kind === 'failback' && stageOptions !== undefined
      ? {
          syncsConfig: syncs,
          config: configStep(source, dest, stageOptions, syncs),
          ...tryConfig(configTrial(source, dest, stageOptions, syncs, session.signal)),
        }
      : {};
  const [from, to] = journal.kind === 'cutover' ? [source, dest] : [dest, source];
  const storageClassMap =
    journal.kind === 'cutover'
      ? (stageOptions?.storageClassMap ?? new Map<string, string>())
      : new Map<string, string>();
  const copy =
    data === undefined
      ? undefined
      : await dataStep({ io, session, from, to, options: data, storageClassMap });
  return runMove({
    ...base,
    ...(journal.kind === 'cutover' ? converge : {}),
    ...config,
    ...(copy === undefined ? {} : { data: copy }),
    source,
    kind: journal.kind,
  });
};

const tryConfig = (trial: ConfigTrial | undefined) =>
  trial === undefined ? {} : { tryConfig: trial.trySyncConfig };

// What is copied already needs no program any more.
const dataToCopy = (journal: Journal, stored: StoredOptions, flags: ResumeFlags): DataOptions | undefined => {
  const options = stored.migrateData as unknown as DataOptions | undefined;
  const isDone = journal.steps.some((step) => step.id === 'copy-data' && step.state === 'done');
  if (options === undefined || isDone) return undefined;
  const wanted = resumedOptions(options, flags);
  const given = {
    migrateData: {
      mover: {
        path: flags.pvMigratePath ?? null,
        extraFlags: flags.pvMigrateFlags === undefined ? [] : [...wanted.mover.extraFlags],
        images: { rsync: flags.pvMigrateRsyncImage ?? null, sshd: flags.pvMigrateSshdImage ?? null },
      },
      verify: { image: flags.verifyImage ?? null },
    },
  };
  const first = clone(journal.options);
  // A verification that was given up needs no image.
  if (wanted.verify === undefined) deleteAt(first, ['migrateData', 'verify']);
  refuseOther(first, given, 'migrateData', flags.withoutHooks === true);
  return wanted;
};

// What is copied, and how, only the first run was told; the other operations need nothing of it.
const refuseEdited = ({ kind, operationId, options }: Journal, pair: OpenPair): void => {
  const problem = problemOfOptions(withoutExecutables(options));
  if (problem === undefined || (kind !== 'cutover' && kind !== 'failback')) return;
  throw new RefusedError(
    `The options of ${kind} ${operationId} in its journal cannot be used: ${problem}. Somebody has edited them.`,
    { hint: `To undo the ${kind}, run: ${drSyncer('rollback', pair)}` },
  );
};

const asBefore = (stored: StoredOptions): string[] => {
  const flags = notableFlags(stored);
  return flags.length === 0 ? [] : [`As its journal says, with ${nameList(flags, 20)}.`];
};

// What the confirmation is about: these run on this machine.
const executed = ({ hooks, smoke }: MoveOptions): string[] => {
  const move = { hooks: { ...hooks }, smoke: { ...smoke } } as unknown as JsonObject;
  const rows = executablesIn({ move }).map(({ flag, value }) => `  ${flag} ${redactText(String(value))}`);
  return rows.length === 0 ? [] : ['It executes or asks:', ...rows];
};

/** Throws RefusedError when the source does not answer, with the complete command for when it is lost. */
export const needSource = (pair: OpenPair, journal: Journal): void => {
  if (pair.source !== undefined) return;
  throw new RefusedError(
    `The source does not answer, and ${journal.kind} ${journal.operationId} needs it. ${pair.sourceProblem ?? ''}`,
    {
      hint: `When it answers, run the same command again. If it is lost: ${drSyncer('failover', pair, '--accept-data-loss')}`,
    },
  );
};
