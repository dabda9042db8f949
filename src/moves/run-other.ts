import { drSyncer } from '../common/command-line.ts';
import { RefusedError } from '../common/errors.ts';
import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import { readJournal } from '../state/journal.ts';
import type { Journal, StateRecord } from '../state/record-types.ts';
import { readState } from '../state/state-record.ts';
import { parseTimestamp } from '../state/time-text.ts';
import { unfinishedMovers } from '../volumes/stored-copies.ts';
import { admit, nextFor } from './admit-operation.ts';
import { dryRunResult, type PreflightGate, unstarted } from './dry-run-result.ts';
import { endOperation } from './end-operation.ts';
import { failoverSteps } from './failover-steps.ts';
import { type DestFence, destToFence, fenceDestSteps } from './fence-dest.ts';
import { fenceSteps } from './fence-steps.ts';
import type { MoveResult } from './move-result.ts';
import { beginOperation } from './operation.ts';
import { type Ending, runToEnding } from './operation-ending.ts';
import type { OperationInput } from './operation-input.ts';
import { hasBegun } from './operation-state.ts';
import { lastSeenAt, outageSeconds } from './outage.ts';
import { planState } from './plan-state.ts';
import { refuseStartedSource } from './resume-operation.ts';
import { rollbackSteps, unseenText } from './rollback-steps.ts';
import {
  doneSteps,
  type EndCopies,
  endCopiesOf,
  readOperation,
  refuseRunning,
  undoIfAsked,
} from './run-move.ts';
import { planSteps } from './run-steps.ts';
import { needsSource, sourceStopped, undoSides } from './undo-sides.ts';

/**
 * Starts the destination from what was staged, without the source. `reason` goes into the record of the pending
 * fence. An unfinished cutover is closed first: with its source dead it can never end.
 */
export const runFailover = async (
  input: OperationInput & {
    readonly kind: 'failover';
    readonly reason: string;
    /** Looks before anything is changed; `refused` is the ending when it says no. */
    preflight?(): Promise<PreflightGate>;
    /** Ends copies of volume data that still write to the destination. Returns a clause. */
    readonly endCopies: EndCopies;
  },
): Promise<MoveResult> => {
  const { dest, options } = input;
  const stored = await readState(dest.cluster, dest.namespace);
  if (input.resume === undefined) {
    admit('failover', stored?.record, nextFor(input));
    await refuseOverStarted(input);
  }
  const gate = input.resume === undefined ? await input.preflight?.() : undefined;
  const epoch = stored?.record.epoch ?? 0;
  const hookContext = {
    operation: 'failover',
    operationId: '',
    sourceContext: input.sourceName?.context ?? '',
    sourceNamespace: input.sourceName?.namespace ?? '',
    destContext: dest.cluster.context,
    destNamespace: dest.namespace,
  };
  if (options.dryRun) {
    const deps = { reporter: input.reporter, signal: input.signal };
    const steps = failoverSteps({
      dest,
      options,
      deps,
      state: planState(0),
      hookContext,
      reason: input.reason,
      endCopies: async () => '',
    });
    return dryRunResult(input, await planSteps(steps, await doneBefore(input)), epoch, gate);
  }
  if (gate?.refused !== undefined)
    return unstarted(input, { ...gate.refused, preflight: gate.result }, epoch);
  const operation = await beginOperation(input);
  const steps = failoverSteps({
    dest: operation.dest,
    options,
    deps: operation.deps,
    state: operation.state,
    hookContext: { ...hookContext, operationId: operation.state.operationId },
    reason: input.reason,
    endCopies: () => input.endCopies(unfinishedMovers(operation.state.data.read()), operation.state.gate),
  });
  const ending = await runToEnding(operation, steps, {
    success: `The application runs at the destination: namespace ${dest.namespace} of context ${dest.cluster.context}. It is not proved that the source is stopped.`,
    hasBegun: () => hasBegun(operation.journal.current(), ['pending-fence']),
  });
  const hint =
    ending.outcome === 'ok'
      ? `When the source answers again, before anything else: ${drSyncer('fence', input)}`
      : ending.hint;
  const journal = operation.journal.current();
  const undone =
    needsSource(journal) && input.source === undefined
      ? stayPut(input, ending, journal)
      : await undoIfAsked(operation, ending, undoSides(journal, operation.source, operation.dest, input));
  const rtoSeconds = undone === undefined ? outageSeconds(journal, lastSeenAt(stored?.record)) : undefined;
  const rpoSeconds = secondsLost(stored?.record, operation.startedAt);
  return endOperation(operation, {
    ...(undone ?? { ...ending, hint }),
    rtoSeconds,
    rpoSeconds,
    preflight: gate?.result,
  });
};

// The journal is read again with the lock held; this is for those who would otherwise wait for a preflight first.
const refuseOverStarted = async (input: OperationInput): Promise<void> => {
  const { dest, signal } = input;
  if (input.sourceGivenUp === true || input.options.dryRun) return;
  const journal = await readJournal(dest.cluster, dest.namespace, { signal });
  if (journal !== undefined && journal.state !== 'finished') refuseStartedSource(journal, nextFor(input));
};

// Only the source can be started instead of the destination, and it does not answer.
const stayPut = (input: OperationInput, ending: Ending, journal: Journal): Ending | undefined => {
  if (ending.finished || !input.options.rollbackOnFailure) return undefined;
  const why = `It was not rolled back: ${sourceStopped(journal)}, and the source does not answer.`;
  return { ...ending, summary: `${ending.summary} ${why}` };
};

// What was written at the source after the last copy is not here; without a copy of data, after the last stage.
const secondsLost = (record: StateRecord | undefined, startedAt: string): number | undefined => {
  const copied = parseTimestamp(record?.lastDataCopy?.at ?? record?.lastStage?.at);
  const started = parseTimestamp(startedAt);
  return copied === undefined || started === undefined
    ? undefined
    : Math.max(0, Math.round((started - copied) / 1000));
};

/**
 * Stops and marks the side that must not run: a source that came back after a failover, or a destination whose parked
 * copies run or that was given up. `destFence` is what an unfinished fence was of, when that was the destination.
 */
export const runFence = async (
  input: OperationInput & {
    readonly kind: 'fence';
    readonly source: MoveSide;
    readonly destFence?: DestFence | undefined;
    /** Ends copies of volume data that were cut off, and removes what they left. */
    readonly endCopies: EndCopies;
  },
): Promise<MoveResult> => {
  const { dest, source, options, signal } = input;
  const stored = await readState(dest.cluster, dest.namespace, 'dest', { signal });
  if (input.resume === undefined) await refuseRunning(input, stored?.record);
  const why =
    input.resume === undefined ? await destToFence(source, dest, stored?.record, signal) : input.destFence;
  const fencesDest = why !== undefined;
  if (input.resume === undefined) {
    admit('fence', stored?.record, nextFor(input), { fencesDest });
  }
  const stepsWith = (
    deps: MoveDeps,
    state: FenceState,
    open: FenceSides,
    endCopies: () => Promise<string> = async () => '',
  ) =>
    why === undefined
      ? fenceSteps({ source: open.source ?? source, options, deps, state, endCopies })
      : fenceDestSteps({ why, dest: open.dest, options, deps, state, endCopies });
  if (options.dryRun) {
    const deps = { reporter: input.reporter, signal };
    return dryRunResult(
      input,
      await planSteps(stepsWith(deps, planState(0), input), await doneBefore(input)),
      stored?.record.epoch ?? 0,
    );
  }
  // The reason tells a resumed run which side it was.
  const journalOptions = { ...input.journalOptions, reason: why ?? '' };
  const operation = await beginOperation({ ...input, fencesDest, journalOptions });
  const steps = stepsWith(operation.deps, operation.state, operation, () =>
    input.endCopies(unfinishedMovers(operation.state.data.read()), operation.state.gate),
  );
  const marked = fencesDest ? dest : source;
  const ending = await runToEnding(operation, steps, {
    success: `The ${fencesDest ? 'destination' : 'source'} is stopped and marked: namespace ${marked.namespace} of context ${marked.cluster.context}.`,
    hasBegun: () => hasBegun(operation.journal.current(), ['stop', 'stop-dest']),
  });
  return endOperation(operation, ending);
};

interface FenceSides {
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
}

type FenceState = Parameters<typeof fenceDestSteps>[0]['state'];

/** The unfinished operation of a namespace. Throws RefusedError when there is none. */
export const unfinishedJournal = async (dest: MoveSide, verb: string): Promise<Journal> => {
  const journal = await readJournal(dest.cluster, dest.namespace);
  if (journal !== undefined && journal.state !== 'finished') return journal;
  throw new RefusedError(
    `There is nothing to ${verb === 'resume' ? 'resume' : 'roll back'}: namespace ${dest.namespace} of context ${dest.cluster.context} has no unfinished operation.`,
    {
      hint: `See where the application lives with: ${drSyncer('status', { dest })}`,
    },
  );
};

/** Undoes the unfinished operation: what it started is stopped, what it stopped is started with the recorded counts. */
export const runRollback = async (
  input: OperationInput & {
    readonly kind: 'rollback';
    /** Ends copies of volume data that the operation has left running. */
    readonly endCopies: EndCopies;
  },
  journal: Journal,
): Promise<MoveResult> => {
  const { options } = input;
  const sidesOf = (latest: Journal, { source, dest }: Pick<OperationInput, 'source' | 'dest'>) => ({
    ...undoSides(latest, source, dest, input),
    endCopies: endCopiesOf(latest, input.endCopies),
    options,
  });
  // Refused before the lock is asked for.
  sidesOf(journal, input);
  if (options.dryRun) {
    const deps = { reporter: input.reporter, signal: input.signal };
    const { epoch } = await readOperation(input);
    const { steps } = rollbackSteps({ ...sidesOf(journal, input), deps, state: planState(0) });
    return dryRunResult(input, await planSteps(steps, doneSteps(journal)), epoch);
  }
  const operation = await beginOperation({ ...input, resume: { operationId: journal.operationId } });
  // What had begun is asked with the lock held: somebody else may have gone on with the operation until then.
  let unseen = (): readonly string[] => [];
  const makeSteps = () => {
    const sides = sidesOf(operation.journal.current(), operation);
    const plan = rollbackSteps({ ...sides, deps: operation.deps, state: operation.state });
    unseen = plan.unseen;
    return plan.steps;
  };
  const ending = await runToEnding(operation, makeSteps, {
    success: `Rolled back: ${journal.kind} ${journal.operationId} was undone.`,
    hasBegun: () => true,
  });
  return endOperation(operation, unseen().length === 0 ? ending : notAllUp(ending, unseen(), input));
};

// The move is undone and over; but whoever relies on the exit code must hear what does not run.
const notAllUp = (ending: Ending, unseen: readonly string[], { dest }: OperationInput): Ending => ({
  ...ending,
  outcome: 'partial',
  summary: `${ending.summary}${unseenText(unseen)}`,
  hint: ending.hint ?? `See what runs where with: ${drSyncer('status', { dest })}`,
});

const doneBefore = async (input: OperationInput): Promise<ReadonlySet<string>> =>
  input.resume === undefined ? new Set() : doneSteps((await readOperation(input)).journal);
