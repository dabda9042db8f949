import { drSyncer } from '../common/command-line.ts';
import { UnsafeError } from '../common/errors.ts';
import { count, nameList } from '../common/sentences.ts';
import { encodeOptions } from '../moves/journal-options.ts';
import type { MoveResult } from '../moves/move-result.ts';
import { probeSource } from '../moves/probe-source.ts';
import { runFailover } from '../moves/run-failover.ts';
import { whereIs } from '../sides/side.ts';
import type { MoveOptions, MoveSide } from '../sides/side-types.ts';
import { readJournal } from '../state/journal.ts';
import { effectsOf } from '../state/journal-effects.ts';
import { readState } from '../state/state-record.ts';
import { ageText, parseTimestamp } from '../state/time-text.ts';
import { checkBeforeMove } from './check-before-move.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { type OpenSides, openSides } from './open-sides.ts';
import type { ChecksRequest } from './preflight.ts';
import { operationBase, type Runtime } from './runtime.ts';
import { endingCopies } from './volume-copy.ts';

export interface FailoverRequest {
  readonly options: MoveOptions;
  readonly checks: ChecksRequest;
  readonly takeOver: boolean;
  /** That what was written since the last copy is lost. */
  readonly acceptDataLoss: boolean;
  /** That the source runs, or may run, and has been cut off. */
  readonly sourceGivenUp: boolean;
  /** Why, for the record. */
  readonly reason: string | undefined;
  /** The mover program, for ending copies that were cut off. */
  readonly moverPath: string | undefined;
}

/**
 * Starts the staged copy without the source. Returns the result for every end. Throws UnsafeError without the
 * acknowledgements that it takes, and DrError for what else is wrong before the lock is taken.
 */
export const failover = async (
  pair: ClusterPair,
  request: FailoverRequest,
  runtime: Runtime,
): Promise<MoveResult> => {
  const { options, checks } = request;
  const sides = await openForFailover(pair, options, runtime.signal);
  const { dest } = sides;
  const ages = await agesOf(dest);
  refuseUnaccepted(pair, sides, request, ages, runtime);
  await refuseLiving(pair, sides, request, runtime);
  const reason = request.reason ?? 'failover: the source was declared lost';
  return runFailover({
    ...operationBase(runtime, request.takeOver),
    ...sides,
    sourceName: sides.sourceName ?? ages.sourceName,
    sourceGivenUp: request.sourceGivenUp,
    kind: 'failover',
    options,
    journalOptions: encodeOptions({ move: options, stage: undefined, migrateData: undefined, reason }),
    resume: undefined,
    reason,
    endCopies: endingCopies({ sides, ends: [dest], path: request.moverPath, starting: dest }, runtime),
    preflight: checkBeforeMove(
      sides,
      { kind: 'failover', options, stageOptions: undefined, data: undefined, checks },
      async () => ({
        lines: [`This starts the application in ${whereIs(dest)} without stopping the source.`],
        name: dest.namespace,
      }),
      runtime,
    ),
  });
};

// A failover leaves the source alone. Only one that may have to undo itself opens it, when the operation that it closes
// had stopped the source: else nothing would run anywhere.
const openForFailover = async (
  pair: ClusterPair,
  options: MoveOptions,
  signal: AbortSignal,
): Promise<OpenSides> => {
  const sides = await openSides(pair, 'skip', signal);
  if (!options.rollbackOnFailure || options.dryRun || !pair.isSourceNamed) return sides;
  const { cluster, namespace } = sides.dest;
  const journal = await readJournal(cluster, namespace, { signal });
  const isStopped =
    journal !== undefined && journal.state !== 'finished' && effectsOf(journal).stopped.includes('source');
  return isStopped ? openSides(pair, 'try', signal) : sides;
};

/** How old what is at the destination is, as clauses, and how the record names the source. */
interface Ages {
  readonly stage: string;
  readonly data: string;
  readonly sourceName: { readonly context: string; readonly namespace: string } | undefined;
}

const agesOf = async (dest: MoveSide): Promise<Ages> => {
  const record = (await readState(dest.cluster, dest.namespace))?.record;
  const age = (at: string | undefined): string => {
    const ms = parseTimestamp(at);
    return ms === undefined ? 'never' : `${ageText(dest.cluster.now() - ms)} ago`;
  };
  const sourceName =
    record === undefined ? undefined : { context: record.source.context, namespace: record.source.namespace };
  const mixed = record?.mixedData?.side === 'dest' ? record.mixedData : undefined;
  const data = `${age(record?.lastDataCopy?.at)}${mixed === undefined ? '' : `, but since ${mixed.since} its volumes were written to by ${mixed.by}, so they are not consistent`}`;
  return { stage: age(record?.lastStage?.at), data, sourceName };
};

const refuseUnaccepted = (
  pair: ClusterPair,
  { dest }: OpenSides,
  request: FailoverRequest,
  { stage, data }: Ages,
  { reporter }: Runtime,
): void => {
  reporter.warning(`Last stage: ${stage}. Last data copy: ${data}. Writes since then are lost.`);
  reporter.warning(
    'It cannot be proved that the source is stopped: fence it from outside (power, network, DNS, credentials).',
  );
  if (request.acceptDataLoss || request.options.dryRun) return;
  throw new UnsafeError(
    `A failover loses what was written since the last copy (stage ${stage}, data ${data}), and the source may still run.`,
    {
      hint: `If that is acceptable: ${again(pair, dest, request, '--accept-data-loss')}   If the source answers, use a cutover.`,
    },
  );
};

// This command once more, with flags that acknowledge something.
const again = (
  pair: ClusterPair,
  dest: MoveSide,
  { sourceGivenUp, reason }: FailoverRequest,
  ...words: readonly string[]
): string => {
  const given = sourceGivenUp ? ['--source-given-up'] : [];
  const why = reason === undefined ? [] : ['--reason', reason];
  return drSyncer(
    'failover',
    { sourceName: pair.sourceName(), dest },
    ...new Set([...words, ...given]),
    ...why,
  );
};

// Two of the application are worse than none: a source that still runs it is what a cutover is for.
const refuseLiving = async (
  pair: ClusterPair,
  { dest }: OpenSides,
  request: FailoverRequest,
  { reporter, signal }: Runtime,
): Promise<void> => {
  if (!pair.isSourceNamed) return;
  const { cluster, namespace } = pair.openSource();
  const where = `namespace ${namespace} of context ${cluster.context}`;
  const sign = await probeSource(cluster, namespace, signal);
  if (sign.kind === 'silent') return reporter.action(`The source does not answer: ${sign.reason}`);
  if (sign.kind === 'stopped') return reporter.warning(`The source answers, but nothing runs in ${where}.`);
  const what =
    sign.kind === 'runs'
      ? `The source is alive: ${nameList(sign.workloads.map((item) => `${item.workload} (${count(item.pods, 'pod')})`))} in ${where}.`
      : `The source answers, but it cannot be seen whether the application runs in ${where}: ${sign.reason}`;
  if (request.sourceGivenUp) return reporter.warning(`${what} Both sides run until it is fenced.`);
  throw new UnsafeError(`${what} A failover would run it on both sides.`, {
    hint: `Otherwise: ${drSyncer('cutover', { source: { cluster, namespace }, dest })}   If the source is lost and has been cut off: ${again(pair, dest, request, '--accept-data-loss', '--source-given-up')}`,
  });
};
