import { drSyncer } from '../common/command-line.ts';
import { readJournal } from '../state/journal.ts';
import type { Journal, StateRecord } from '../state/record-types.ts';
import { readState } from '../state/state-record.ts';
import { parseTimestamp } from '../state/time-text.ts';
import { unfinishedMovers } from '../volumes/stored-copies.ts';
import { admit, nextFor } from './admit-operation.ts';
import type { EndCopies } from './data-step.ts';
import { dryRunResult, type PreflightGate, unstarted } from './dry-run-result.ts';
import { endOperation } from './end-operation.ts';
import { failoverSteps } from './failover-steps.ts';
import type { MoveResult } from './move-result.ts';
import { beginOperation } from './operation.ts';
import { type Ending, runToEnding } from './operation-ending.ts';
import type { OperationInput } from './operation-input.ts';
import { hasBegun } from './operation-state.ts';
import { lastSeenAt, outageSeconds } from './outage.ts';
import { planState } from './plan-state.ts';
import { refuseStartedSource } from './resume-operation.ts';
import { planSteps } from './run-steps.ts';
import { undoIfAsked } from './undo-if-asked.ts';
import { needsSource, sourceStopped, undoSides } from './undo-sides.ts';
import { doneBefore } from './unfinished-operation.ts';

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
