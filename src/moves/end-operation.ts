import { drSyncer } from '../common/command-line.ts';
import { errorText } from '../common/errors.ts';
import { type ExitName, exitCode } from '../common/exit-codes.ts';
import { OPEN_GATE, type WriteGate } from '../kube/write-gate.ts';
import { openHistory } from '../state/operation-history.ts';
import { hostOf } from '../state/operator-identity.ts';
import { claimReports } from '../volumes/stored-copies.ts';
import type { MoveResult } from './move-result.ts';
import { resumeLine } from './next-commands.ts';
import type { Operation } from './operation.ts';
import type { Ending } from './operation-ending.ts';
import type { OperationInput } from './operation-input.ts';
import { roundSeconds } from './run-steps.ts';

/**
 * Writes the ending into record, history and journal, releases the lock, and returns the result. The journal is
 * finished last: whatever cuts this off leaves an unfinished journal, and going on from it ends the rest. For the
 * same reason an operation whose record could not be closed stays unfinished, and its outcome is `partial`.
 */
export const endOperation = async (operation: Operation, reached: Ending): Promise<MoveResult> => {
  const { input, state, lock } = operation;
  const seconds = roundSeconds((performance.now() - operation.started) / 1000);
  const warnings = [...operation.warnings];
  const warn: Warn = (message) => {
    warnings.push(message);
    input.reporter.warning(message);
  };
  let ending = reached;
  // Without the lock the history alone is written: it only ever grows, whoever works here now.
  if (lock.lost.aborted) await appendHistory(operation, ending, seconds, OPEN_GATE, warn);
  else ending = await writeDown(operation, reached, seconds, warn);
  await lock.release();
  return moveResult(input, {
    operationId: state.operationId,
    epoch: state.epoch(),
    startedAt: operation.startedAt,
    seconds,
    ending,
    warnings,
    workloads: (state.baseline()?.entries ?? []).map((entry) => ({
      kind: entry.kind,
      name: entry.name,
      replicas: entry.plan.replicas,
    })),
    claims:
      input.kind === 'cutover' || input.kind === 'failback' ? claimReports(state.data.read()) : undefined,
  });
};

type Warn = (message: string) => void;

/** Writes one thing down. A failure becomes a warning and false. */
const attempt = async (what: string, warn: Warn, work: () => Promise<unknown>): Promise<boolean> => {
  try {
    await work();
    return true;
  } catch (error) {
    warn(`${what} could not be written: ${errorText(error)}`);
    return false;
  }
};

// The ending as it is after its records were written, or could not be.
const writeDown = async (
  operation: Operation,
  reached: Ending,
  seconds: number,
  warn: Warn,
): Promise<Ending> => {
  const { input, journal, state, lock } = operation;
  let ending = reached;
  const isClosed = await attempt('The record', warn, () =>
    state.close(ending.finished ? 'finished' : 'stopped'),
  );
  if (!isClosed && ending.finished) ending = unclosed(input, ending);
  await appendHistory(operation, ending, seconds, lock.gate, warn);
  const isWritten = await attempt('The journal', warn, () =>
    ending.finished ? journal.finish(resultOf(input, ending)) : journal.stop(ending.summary),
  );
  if (!isWritten && ending.finished) ending = unclosed(input, ending);
  const mirror = await journal.settleMirror(2000);
  if (mirror?.lastError !== undefined)
    warn(`The journal's copy at the source is behind: ${mirror.lastError}`);
  return ending;
};

const appendHistory = (
  { input, journal, state, startedAt }: Operation,
  ending: Ending,
  seconds: number,
  gate: WriteGate,
  warn: Warn,
): Promise<boolean> =>
  attempt('The history', warn, () =>
    openHistory(input.dest.cluster.through(gate), input.dest.namespace).append({
      operationId: state.operationId,
      kind: input.kind,
      who: input.operator,
      from: hostOf(input.operator),
      when: startedAt,
      command: input.redact(input.commandLine),
      planHash: journal.current().planHash,
      result: ending.outcome,
      seconds,
      perStepSeconds: Object.fromEntries(ending.reports.map((step) => [step.id, step.seconds])),
      ...(ending.rtoSeconds === undefined ? {} : { rtoSeconds: ending.rtoSeconds }),
      ...(ending.rpoSeconds === undefined ? {} : { rpoSeconds: ending.rpoSeconds }),
    }),
  );

/** Puts an ending into the documented shape. */
export const moveResult = (
  input: Pick<OperationInput, 'kind' | 'source' | 'sourceName' | 'dest' | 'options'>,
  end: {
    readonly operationId: string;
    readonly epoch: number;
    readonly startedAt: string;
    readonly seconds: number;
    readonly ending: Ending;
    readonly warnings: readonly string[];
    readonly workloads: MoveResult['workloads'];
    readonly claims?: MoveResult['claims'];
  },
): MoveResult => {
  const { source, sourceName, dest } = input;
  return {
    schema: 'dr-syncer.io/move-result/v1',
    kind: input.kind,
    operationId: end.operationId,
    outcome: end.ending.outcome,
    exitCode: exitCode(end.ending.outcome),
    summary: end.ending.summary,
    hint: end.ending.hint,
    dryRun: input.options.dryRun,
    source:
      source === undefined ? sourceName : { context: source.cluster.context, namespace: source.namespace },
    dest: { context: dest.cluster.context, namespace: dest.namespace },
    epoch: end.epoch,
    startedAt: end.startedAt,
    seconds: end.seconds,
    rtoSeconds: end.ending.rtoSeconds,
    rpoSeconds: end.ending.rpoSeconds,
    preflight: end.ending.preflight,
    steps: end.ending.reports,
    workloads: end.workloads,
    claims: end.claims,
    warnings: end.warnings,
  };
};

// The journal is that of the operation, which a rollback that went well has undone.
const resultOf = ({ kind }: OperationInput, { outcome }: Ending): ExitName =>
  kind === 'rollback' ? 'rolledBack' : outcome;

const unclosed = (input: OperationInput, ending: Ending): Ending => ({
  ...ending,
  outcome: 'partial',
  summary: `${ending.summary} The end of the operation could not be recorded.`,
  hint: `To record it, run: ${isUndone(input, ending) ? drSyncer('rollback', input) : resumeLine(input)}`,
  finished: false,
});

const isUndone = ({ kind }: OperationInput, { outcome }: Ending): boolean =>
  kind === 'rollback' || outcome === 'rolledBack';
