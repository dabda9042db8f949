import { drSyncer } from '../common/command-line.ts';
import { UnsafeError, UsageError } from '../common/errors.ts';
import { count, nameList } from '../common/sentences.ts';
import { encodeOptions } from '../moves/journal-options.ts';
import { probeSource } from '../moves/probe-source.ts';
import { runFailover, runFence } from '../moves/run-other.ts';
import { whereIs } from '../sides/side.ts';
import type { MoveOptions } from '../sides/side-types.ts';
import { readJournal } from '../state/journal.ts';
import { effectsOf } from '../state/journal-effects.ts';
import { readState } from '../state/state-record.ts';
import { ageText, parseTimestamp } from '../state/time-text.ts';
import { confirmName } from '../ui/confirm.ts';
import type { Io } from '../ui/io.ts';
import { askAfterChecks } from './confirm-move.ts';
import { endStep } from './data-session.ts';
import { finishMove } from './finish-move.ts';
import { type MoveFlags, moveOptions } from './move-options.ts';
import { type OpenPair, openPair, operationBase } from './pair.ts';
import { gateMove } from './preflight-gate.ts';
import { type Session, withSession } from './session.ts';

export interface FailoverFlags extends MoveFlags {
  readonly acceptDataLoss?: boolean;
  readonly sourceGivenUp?: boolean;
  readonly reason?: string;
  readonly pvMigratePath?: string;
}

/** `dr-syncer failover`: returns the exit code. */
export const runFailoverCommand = (io: Io, flags: FailoverFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const options = moveOptions(flags);
    const pair = await openForFailover(session, flags, options);
    const { dest } = pair;
    const ages = await agesOf(pair);
    session.reporter.warning(
      `Last stage: ${ages.stage}. Last data copy: ${ages.data}. Writes since then are lost.`,
    );
    session.reporter.warning(
      'It cannot be proved that the source is stopped: fence it from outside (power, network, DNS, credentials).',
    );
    if (flags.acceptDataLoss !== true && !options.dryRun) {
      throw new UnsafeError(
        `A failover loses what was written since the last copy (stage ${ages.stage}, data ${ages.data}), and the source may still run.`,
        {
          hint: `If that is acceptable: ${again(session, flags, pair, '--accept-data-loss')}   If the source answers, use a cutover.`,
        },
      );
    }
    await refuseLiving(session, flags, pair);
    const preflight = askAfterChecks(
      io,
      session,
      flags,
      async () => ({
        lines: [`This starts the application in ${whereIs(dest)} without stopping the source.`],
        name: dest.namespace,
      }),
      () =>
        gateMove(session, flags, {
          kind: 'failover',
          source: undefined,
          dest,
          options,
          stageOptions: undefined,
          data: undefined,
        }),
    );
    const reason = flags.reason ?? 'failover: the source was given up';
    const result = await runFailover({
      ...operationBase(io, flags, session),
      ...pair,
      sourceName: pair.sourceName ?? ages.sourceName,
      sourceGivenUp: flags.sourceGivenUp === true,
      kind: 'failover',
      options,
      journalOptions: encodeOptions({ move: options, stage: undefined, migrateData: undefined, reason }),
      resume: undefined,
      reason,
      endCopies: endStep({ io, session, sides: [dest], path: flags.pvMigratePath, starting: dest }),
      preflight,
    });
    return finishMove(io, flags, session, result);
  });

// A failover leaves the source alone. Only one that may have to undo itself opens it, when the operation that it closes
// had stopped the source: else nothing would run anywhere.
const openForFailover = async (
  session: Session,
  flags: FailoverFlags,
  options: MoveOptions,
): Promise<OpenPair> => {
  const pair = await openPair(session, 'skip');
  if (!options.rollbackOnFailure || options.dryRun || !isSourceNamed(flags)) return pair;
  const { cluster, namespace } = pair.dest;
  const journal = await readJournal(cluster, namespace, { signal: session.signal });
  const isStopped =
    journal !== undefined && journal.state !== 'finished' && effectsOf(journal).stopped.includes('source');
  return isStopped ? openPair(session, 'try') : pair;
};

// This command once more, with flags that acknowledge something.
const again = (
  session: Session,
  flags: FailoverFlags,
  pair: OpenPair,
  ...words: readonly string[]
): string => {
  const given = flags.sourceGivenUp === true ? ['--source-given-up'] : [];
  const reason = flags.reason === undefined ? [] : ['--reason', flags.reason];
  const more = [...new Set([...words, ...given]), ...reason];
  return drSyncer('failover', { sourceName: session.sourceName(), dest: pair.dest }, ...more);
};

const isSourceNamed = (flags: FailoverFlags): boolean =>
  flags.sourceContext !== undefined || flags.sourceKubeconfig !== undefined;

// Two of the application are worse than none: a source that still runs it is what a cutover is for.
const refuseLiving = async (session: Session, flags: FailoverFlags, pair: OpenPair): Promise<void> => {
  if (!isSourceNamed(flags)) return;
  const { dest } = pair;
  const { cluster, namespace } = session.openSource();
  const where = `namespace ${namespace} of context ${cluster.context}`;
  const sign = await probeSource(cluster, namespace, session.signal);
  if (sign.kind === 'silent') return session.reporter.action(`The source does not answer: ${sign.reason}`);
  if (sign.kind === 'stopped')
    return session.reporter.warning(`The source answers, and nothing runs in ${where}.`);
  const what =
    sign.kind === 'runs'
      ? `The source is alive: ${nameList(sign.workloads.map((item) => `${item.workload} (${count(item.pods, 'pod')})`))} in ${where}.`
      : `The source answers, and whether the application runs in ${where} cannot be seen: ${sign.reason}`;
  if (flags.sourceGivenUp === true) {
    session.reporter.warning(`${what} Both sides run until it is fenced.`);
    return;
  }
  throw new UnsafeError(`${what} A failover would run it twice.`, {
    hint: `Otherwise: ${drSyncer('cutover', { source: { cluster, namespace }, dest })}   If the source cannot be used any more and has been cut off: ${again(session, flags, pair, '--accept-data-loss', '--source-given-up')}`,
  });
};

/** `dr-syncer fence`: returns the exit code. */
export const runFenceCommand = (io: Io, flags: MoveFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const pair = await openPair(session, 'fence');
    const { source } = pair;
    if (source === undefined) throw new UsageError('The source is not named.');
    const options = moveOptions(flags);
    if (!options.dryRun) {
      const text = `This stops everything in namespace ${source.namespace} of context ${source.cluster.context} or, when the source is the live side, the parked copies that run in namespace ${pair.dest.namespace} of context ${pair.dest.cluster.context}.`;
      await confirmName(io, {
        yes: flags.yes === true,
        lines: [text],
        name: source.namespace,
        signal: session.signal,
      });
    }
    const result = await runFence({
      ...operationBase(io, flags, session),
      ...pair,
      source,
      kind: 'fence',
      endCopies: endStep({ io, session, sides: [source, pair.dest], path: undefined }),
      options,
      journalOptions: encodeOptions({ move: options, stage: undefined, migrateData: undefined, reason: '' }),
      resume: undefined,
    });
    return finishMove(io, flags, session, result);
  });

const agesOf = async ({ dest }: OpenPair) => {
  const record = (await readState(dest.cluster, dest.namespace))?.record;
  const age = (at: string | undefined): string => {
    const ms = parseTimestamp(at);
    return ms === undefined ? 'never' : `${ageText(dest.cluster.now() - ms)} ago`;
  };
  const sourceName =
    record === undefined ? undefined : { context: record.source.context, namespace: record.source.namespace };
  const mixed = record?.mixedData?.side === 'dest' ? record.mixedData : undefined;
  const data = `${age(record?.lastDataCopy?.at)}${mixed === undefined ? '' : `, and since ${mixed.since} its volumes were written to by ${mixed.by}, which is not consistent`}`;
  return { stage: age(record?.lastStage?.at), data, sourceName };
};
