import { drSyncer } from '../common/command-line.ts';
import { RefusedError, UsageError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { JsonObject } from '../kube/api-types.ts';
import { clone, deleteAt } from '../kube/raw-json.ts';
import {
  decodeOptions,
  type GivenMoveOptions,
  redactText,
  stageOptionsFor,
} from '../moves/journal-options.ts';
import type { MoveResult } from '../moves/move-result.ts';
import type { OperationInput } from '../moves/operation-input.ts';
import { refuseUndone } from '../moves/resume-operation.ts';
import { runFailover } from '../moves/run-failover.ts';
import { runFence } from '../moves/run-fence.ts';
import { runMove } from '../moves/run-move.ts';
import { notableFlags, problemOfOptions, type StoredOptions } from '../moves/stored-options.ts';
import { needSourceFor, unfinishedJournal } from '../moves/unfinished-operation.ts';
import type { MoveOptions, MoveSide } from '../sides/side-types.ts';
import type { Journal } from '../state/record-types.ts';
import { executablesIn, refuseOther, withoutExecutables } from '../state/recorded-executables.ts';
import { type CopyChanges, changedCopy } from '../volumes/copy-changes.ts';
import type { DataOptions } from '../volumes/data-types.ts';
import { bringConfigHome, configTrial } from './bring-config-home.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { type OpenSides, openSides } from './open-sides.ts';
import { operationBase, type Runtime } from './runtime.ts';
import { stageOnceMore } from './stage-once-more.ts';
import { endingCopies, volumeCopy } from './volume-copy.ts';

export interface ResumeRequest {
  /** Options of this run, where those of the first run cannot be used. */
  readonly options: MoveOptions;
  /** Those that take the place of what the first run was given. */
  readonly given: GivenMoveOptions;
  readonly data: CopyChanges;
  /** Goes on without the hooks, checks, images and mover flags of the first run that are not given again. */
  readonly withoutHooks: boolean;
  /** ClusterRoles that may mean more at the destination; undefined: as the first run was told. */
  readonly acceptClusterRoles: readonly string[] | undefined;
  readonly takeOver: boolean;
}

/**
 * Continues the unfinished operation of a namespace. Returns the result for every end; throws DrError for what is wrong
 * before the lock is taken.
 */
export const resume = async (
  pair: ClusterPair,
  request: ResumeRequest,
  runtime: Runtime,
): Promise<MoveResult> => {
  const sides = await openSides(pair, 'try', runtime.signal);
  const journal = await unfinishedJournal(sides.dest, 'resume');
  if (journal.kind !== 'failover') needSourceFor(journal, sides);
  refuseUndone(journal);
  const stored = decodeOptions(journal.options, request.given, {
    leavesOut: request.withoutHooks,
    instead: request.options,
  });
  refuseEdited(journal, sides);
  const data = dataToCopy(journal, stored, request);
  await runtime.confirmation?.ask({
    lines: [
      `This continues ${journal.kind} ${journal.operationId}.`,
      ...asBefore(stored),
      ...executed(stored.move),
    ],
    name: sides.dest.namespace,
  });
  const base: Omit<OperationInput, 'kind'> = {
    ...operationBase(runtime, request.takeOver),
    ...sides,
    options: stored.move,
    journalOptions: journal.options,
    resume: { operationId: journal.operationId },
  };
  const path = request.data.mover.path;
  const { source, dest } = sides;
  if (journal.kind === 'failover') {
    const endCopies = endingCopies({ sides, ends: [dest], path, starting: dest }, runtime);
    return runFailover({ ...base, source: undefined, kind: 'failover', reason: stored.reason, endCopies });
  }
  if (source === undefined) throw new UsageError('The source is not named.');
  if (journal.kind === 'fence') {
    const endCopies = endingCopies({ sides, ends: [source, dest], path }, runtime);
    return runFence({ ...base, source, kind: 'fence', destFence: stored.destFence, endCopies });
  }
  if (journal.kind === 'rollback') {
    throw new RefusedError('The command resume cannot continue a rollback.', {
      hint: `To continue it, run: ${drSyncer('rollback', sides)}`,
    });
  }
  const move = { base, sides, source, kind: journal.kind, journal, stored, data };
  return resumeMove(move, request, runtime);
};

/** A cutover or a failback that goes on. */
interface ResumedMove {
  readonly base: Omit<OperationInput, 'kind'>;
  readonly sides: OpenSides;
  readonly source: MoveSide;
  readonly kind: 'cutover' | 'failback';
  readonly journal: Journal;
  readonly stored: StoredOptions;
  readonly data: DataOptions | undefined;
}

const resumeMove = async (
  { base, sides, source, kind, journal, stored, data }: ResumedMove,
  request: ResumeRequest,
  runtime: Runtime,
): Promise<MoveResult> => {
  const { dest } = sides;
  const stageOptions = stageOptionsFor(
    stored.stage,
    journal.operationId,
    { source: source.namespace, dest: dest.namespace },
    request.acceptClusterRoles,
  );
  const isCutover = kind === 'cutover';
  const [from, to] = isCutover ? [source, dest] : [dest, source];
  const storageClassMap = (isCutover ? stageOptions?.storageClassMap : undefined) ?? new Map();
  const copy =
    data === undefined
      ? undefined
      : await volumeCopy({ sides, from, to, options: data, storageClassMap }, runtime);
  const move = { ...base, data: copy, source, kind };
  if (stageOptions === undefined) return runMove(move);
  if (isCutover) {
    const converge = stageOnceMore(source, stageOptions, runtime);
    return runMove({ ...move, converge, oneShotKinds: stageOptions.oneShotKinds });
  }
  const syncsConfig = stored.syncConfig === true;
  return runMove({
    ...move,
    syncsConfig,
    config: bringConfigHome(source, dest, stageOptions, syncsConfig),
    tryConfig: syncsConfig
      ? configTrial(source, dest, stageOptions, runtime.signal).trySyncConfig
      : undefined,
  });
};

// What is copied already needs no program any more.
const dataToCopy = (
  journal: Journal,
  stored: StoredOptions,
  { data: changes, withoutHooks }: ResumeRequest,
): DataOptions | undefined => {
  const options = stored.migrateData as unknown as DataOptions | undefined;
  const isDone = journal.steps.some((step) => step.id === 'copy-data' && step.state === 'done');
  if (options === undefined || isDone) return undefined;
  const wanted = changedCopy(options, changes);
  const { path, extraFlags, images } = changes.mover;
  const given = {
    migrateData: {
      mover: {
        path: path ?? null,
        extraFlags: [...(extraFlags ?? [])],
        images: { rsync: images.rsync ?? null, sshd: images.sshd ?? null },
      },
      verify: { image: changes.verify.image ?? null },
    },
  };
  const first = clone(journal.options);
  // A verification that was dropped needs no image.
  if (wanted.verify === undefined) deleteAt(first, ['migrateData', 'verify']);
  refuseOther(first, given, 'migrateData', withoutHooks);
  return wanted;
};

// What is copied, and how, only the first run was told; the other operations need nothing of it.
const refuseEdited = ({ kind, operationId, options }: Journal, sides: OpenSides): void => {
  const problem = problemOfOptions(withoutExecutables(options));
  if (problem === undefined || (kind !== 'cutover' && kind !== 'failback')) return;
  throw new RefusedError(
    `The options of ${kind} ${operationId} in its journal cannot be used: ${problem}. They were edited.`,
    { hint: `To undo the ${kind}, run: ${drSyncer('rollback', sides)}` },
  );
};

const asBefore = (stored: StoredOptions): string[] => {
  const flags = notableFlags(stored);
  return flags.length === 0 ? [] : [`With the options in its journal: ${nameList(flags, 20)}.`];
};

// What the confirmation is about: these run on this machine.
const executed = ({ hooks, smoke }: MoveOptions): string[] => {
  const move = { hooks: { ...hooks }, smoke: { ...smoke } } as unknown as JsonObject;
  const rows = executablesIn({ move }).map(({ flag, value }) => `  ${flag} ${redactText(String(value))}`);
  return rows.length === 0 ? [] : ['It runs or calls:', ...rows];
};
