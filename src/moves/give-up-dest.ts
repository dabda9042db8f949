import { drSyncer } from '../common/command-line.ts';
import { RefusedError, UnsafeError } from '../common/errors.ts';
import { refKey } from '../kube/object-names.ts';
import { outdateSide } from '../sides/outdate-writes.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import { startTargets } from '../sides/start-side.ts';
import { type JournalLog, openJournal, readJournal } from '../state/journal.ts';
import { acquireLock, type Lock } from '../state/lock.ts';
import { openHistory } from '../state/operation-history.ts';
import { hostOf, newOperationId } from '../state/operator-identity.ts';
import type { Journal, StateRecord } from '../state/record-types.ts';
import { readState } from '../state/state-record.ts';
import { timestamp } from '../state/time-text.ts';
import { moveResult } from './end-operation.ts';
import { type GiveUpDestInput, giveUpSteps } from './give-up-steps.ts';
import type { MoveResult } from './move-result.ts';
import { keepingWarnings, planHash, through } from './operation.ts';
import type { Ending } from './operation-ending.ts';
import { stepsOf } from './operation-state.ts';
import { planSteps, runSteps, StepError } from './run-steps.ts';

/**
 * Starts the source again from its own copy: what carries our mark there, with the counts of the mark. Everything is
 * recorded at the source: the lock, the journal, and that the destination was declared lost without proof that it stopped.
 * Can be run again after it was cut off. Throws UnsafeError without the acknowledgement, RefusedError when nothing is
 * stopped at the source, LockedError, KubeApiError. What the operation that it closes may still have in the network is
 * made too late at the source; at the destination that is done by whoever takes it up when it answers again.
 */
export const giveUpDest = async (input: GiveUpDestInput): Promise<MoveResult> => {
  const { source, options, signal } = input;
  const where = whereIs(source);
  const stored = await readState(source.cluster, source.namespace, 'source', { signal });
  const objects = await listSide(source, signal);
  const known = stored?.record;
  const latest = await readJournal(source.cluster, source.namespace, { signal, role: 'source' });
  const isOwn = isUnfinishedOwn(latest);
  if (!isOwn && startTargets(source, objects, undefined, { foreign: true }).length === 0) {
    throw new RefusedError(
      `The destination does not answer (${input.destProblem}), and nothing in ${where} was stopped by dr-syncer, so there is nothing to start again.`,
    );
  }
  if (!input.isGivenUp && !options.dryRun) throw notAcknowledged(input, known);
  const epoch = known?.epoch ?? 0;
  if (options.dryRun) {
    const deps = { reporter: input.reporter, signal };
    const reports = await planSteps(giveUpSteps(input, deps, new Set()));
    return resultOf(
      input,
      { operationId: '', epoch, seconds: 0, warnings: [], startedAt: nowOf(source) },
      {
        outcome: 'ok',
        summary: 'Dry run: nothing was changed.',
        hint: undefined,
        reports,
        finished: true,
      },
    );
  }
  return run(input, isOwn ? latest : undefined);
};

const nowOf = ({ cluster }: MoveSide): string => timestamp(cluster.now());

const isUnfinishedOwn = (journal: Journal | undefined): journal is Journal =>
  journal !== undefined && journal.kind === 'rollback' && journal.state !== 'finished';

const command = ({ source, destName }: GiveUpDestInput, verb: string, ...words: readonly string[]): string =>
  drSyncer(verb, { source, dest: { cluster: destName, namespace: destName.namespace } }, ...words);

const notAcknowledged = (input: GiveUpDestInput, record: StateRecord | undefined): UnsafeError => {
  const { source, destProblem } = input;
  const wasLive =
    record?.phase === 'standby'
      ? ' According to the last record, the application ran at the destination: what was written there is lost.'
      : '';
  return new UnsafeError(
    `The destination does not answer (${destProblem}), and it cannot be proved that the application does not run there.${wasLive} Starting ${whereIs(source)} again may run it on both sides.`,
    {
      hint: `Make sure that the destination is lost, and cut it off (power, network, DNS, credentials). Then: ${command(input, 'rollback', '--destination-given-up')}`,
    },
  );
};

const run = async (given: GiveUpDestInput, unfinished: Journal | undefined): Promise<MoveResult> => {
  const { operator, signal } = given;
  const started = performance.now();
  const startedAt = nowOf(given.source);
  const operationId =
    unfinished?.operationId ?? newOperationId('rollback', given.source.cluster.now(), Math.random);
  const lock = await acquireLock({
    dest: given.source,
    holder: operator,
    operationId,
    takeOver: given.takeOver,
    resume: unfinished !== undefined,
    process: given.process,
    onWait: (sentence) => given.reporter.waiting(sentence),
    signal,
  });
  const source = through(given.source, lock.gate);
  const input = { ...given, source };
  const warnings: string[] = [];
  try {
    const journal = openJournal(source.cluster, source.namespace, { redact: input.redact, role: 'source' });
    if (unfinished === undefined) await journal.create(newOperation(input, operationId), () => undefined);
    else await journal.load(operationId);
    await outdateSide(source, { concurrency: input.options.concurrency, signal });
    const deps: MoveDeps = {
      reporter: keepingWarnings(input.reporter, warnings),
      signal: AbortSignal.any([signal, lock.lost]),
    };
    const ending = await endingOf(input, deps, journal, lock);
    await (ending.finished ? journal.finish(ending.outcome) : journal.stop(ending.summary));
    const seconds = Math.round(performance.now() - started) / 1000;
    await openHistory(source.cluster, source.namespace, 'source').append({
      operationId,
      kind: 'rollback',
      who: operator,
      from: hostOf(operator),
      when: startedAt,
      command: input.redact(input.commandLine),
      planHash: journal.current().planHash,
      result: ending.outcome,
      seconds,
      perStepSeconds: Object.fromEntries(ending.reports.map((step) => [step.id, step.seconds])),
    });
    const stored = await readState(source.cluster, source.namespace, 'source');
    return resultOf(
      input,
      { operationId, epoch: stored?.record.epoch ?? 0, seconds, warnings, startedAt },
      ending,
    );
  } finally {
    await lock.release();
  }
};

const newOperation = (input: GiveUpDestInput, operationId: string) => ({
  operationId,
  kind: 'rollback' as const,
  options: input.journalOptions,
  planHash: planHash(input.journalOptions),
  by: input.operator,
  version: input.version,
  resumeCommand: command(input, 'rollback', '--destination-given-up'),
});

const endingOf = async (
  input: GiveUpDestInput,
  deps: MoveDeps,
  journal: JournalLog,
  lock: Lock,
): Promise<Ending> => {
  const { source } = input;
  const known = new Set((journal.current().baseline ?? []).map(refKey));
  const steps = giveUpSteps(input, deps, known);
  try {
    const reports = await runSteps(steps, stepsOf(journal), deps);
    return {
      outcome: 'ok',
      summary: `The application runs at the source again: ${whereIs(source)}. It is not proved that the destination is stopped.`,
      hint: `When the destination answers again, before anything else: ${command(input, 'status')}`,
      reports,
      finished: true,
    };
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    const title = error.reports.at(-1)?.title ?? error.stepId;
    return {
      outcome: lock.lost.aborted ? 'locked' : 'partial',
      summary: `Stopped part-way. ${title}: ${error.message}`,
      hint: `Try again with: ${command(input, 'rollback', '--destination-given-up')}`,
      reports: error.reports,
      finished: false,
    };
  }
};

const resultOf = (
  input: GiveUpDestInput,
  run: {
    readonly operationId: string;
    readonly epoch: number;
    readonly seconds: number;
    readonly warnings: readonly string[];
    readonly startedAt: string;
  },
  ending: Ending,
): MoveResult => {
  const { source, destName, options } = input;
  const side = { ...source, cluster: source.cluster };
  const result = moveResult(
    { kind: 'rollback', source: side, sourceName: undefined, dest: side, options },
    { ...run, ending, workloads: [] },
  );
  return { ...result, dest: { context: destName.context, namespace: destName.namespace } };
};
