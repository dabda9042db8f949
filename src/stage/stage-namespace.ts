import { kubectl } from '../common/command-line.ts';
import { isDrError, LockedError, UsageError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import { count } from '../common/sentences.ts';
import { countWritten } from '../kube/count-writes.ts';
import { objectName, typeName } from '../kube/object-names.ts';
import { checkNeeds } from '../needs/check-needs.ts';
import type { Finding } from '../needs/findings.ts';
import { byApplyOrder } from '../pipeline/apply-order.ts';
import { type AppliedRow, applyAll } from '../pipeline/apply-plan.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import { hashOf } from '../state/record-codec.ts';
import type { StateRecord } from '../state/record-types.ts';
import { stateInList } from '../state/state-record.ts';
import { readScalePaths } from '../workloads/scale-paths.ts';
import { findSure } from './admission-rules.ts';
import { bringNeeds, checkClusterNeeds, uncheckedRows } from './bring-needs.ts';
import { answerKey, type ClusterNeeds, NO_NEEDS } from './cluster-needs/bring-types.ts';
import { type Definitions, findDefinitions } from './cluster-needs/definitions.ts';
import { copyNames, findClusterNeeds } from './cluster-needs/find-needs.ts';
import { rowOfUnwritten } from './cluster-needs/need-rows.ts';
import { type Collected, collect } from './collect-objects.ts';
import { type Connected, connect } from './connect-sides.ts';
import { ensureNamespace } from './dest-namespace.ts';
import { dryRunPlan } from './dry-run-plan.ts';
import { findOrphans, type Orphan, pruneOrphans } from './find-orphans.ts';
import { isFresh, isRecordDue, lockedDeps, lockForStage, recordStage } from './keep-record.ts';
import { findMarks, withMarkRows, writeMarks } from './left-out.ts';
import { type Prepared, prepare } from './prepare-plan.ts';
import { checkRecordRoom } from './record-room.ts';
import { guardDestination, refuseLostRecord, refuseUnseenPods } from './refuse-live-dest.ts';
import { conclude } from './stage-outcome.ts';
import { rowOfApplied, rowOfPrepared, type StageEnd, stageResult } from './stage-result.ts';
import type { StageDeps, StageOptions, StageResult, StageRow } from './stage-types.ts';
import { SAID, staleManifests } from './stale-manifests.ts';
import { patienceWith, stoppedBeforeWrites, stoppedEarly, stopReason } from './stopping.ts';

/**
 * Makes the destination namespace a parked copy of the source namespace: discover, filter, transform, compare, check,
 * dry-run everything, then apply. The source is only read. Running it again converges and, with nothing changed,
 * writes nothing.
 *
 * Returns the result for every end that has one (done, refused, partial, interrupted); its `outcome` names the row of
 * the exit-code table. Throws UsageError, RefusedError, UnsafeError or KubeApiError for what is wrong before there is
 * anything to report about objects.
 */
export const stage = async (deps: StageDeps, options: StageOptions): Promise<StageResult> => {
  deps.reporter.action(
    `Comparing namespace ${options.sourceNamespace} of context ${deps.source.context} with ${options.destNamespace} of context ${deps.dest.context}`,
  );
  const { run, findings } = await look(deps, options).catch((error: unknown) => {
    throw deps.signal.aborted ? stoppedEarly(deps.signal) : error;
  });
  return writePlan(run, findings);
};

/** Everything before the first request that could change something. */
const look = async (
  deps: StageDeps,
  options: StageOptions,
): Promise<{ readonly run: Run; readonly findings: readonly Finding[] }> => {
  const started = performance.now();
  const connected = await connect(deps, options);
  const listed = await collect(deps, options, connected);
  const definitions = await definitionsFor(deps, options, listed);
  const { collected } = definitions;
  refuseUnseenPods(deps, options, collected.unlisted);
  const record = stateInList(collected.dest, options.destNamespace);
  await refuseLostRecord(deps, options, collected.dest, record);
  const guarded = guardDestination(deps, options, collected.dest, record);
  const found = await prepare(
    deps,
    options,
    collected,
    await readScalePaths(
      deps.source,
      collected.selected.map((pair) => pair.source),
      deps.signal,
    ),
  );
  const prepared = found.sort((a, b) => byApplyOrder(a.source, b.source));
  refuseEmpty(deps, options, prepared);
  const clusterNeeds =
    options.clusterNeeds === true
      ? await findClusterNeeds(deps, options, { connected, definitions, prepared })
      : NO_NEEDS;
  const defined = new Set(definitions.byType.keys());
  const run: Run = { deps, options, connected, collected, prepared, started, record, clusterNeeds, defined };
  const answered = new Set(clusterNeeds.needs.flatMap(({ answers }) => answers));
  const needs = (await findNeeds(run)).filter((finding) => !answered.has(answerKey(finding)));
  return {
    run,
    findings: [
      ...collected.findings,
      ...guarded,
      ...unlistedFindings(run),
      ...needs,
      ...clusterNeeds.findings,
    ],
  };
};

const definitionsFor = (
  deps: StageDeps,
  options: StageOptions,
  collected: Collected,
): Promise<Definitions> | Definitions =>
  options.clusterNeeds === true
    ? findDefinitions(deps, options, collected, copyNames(deps, options))
    : { collected, byType: new Map() };

interface Run {
  readonly deps: StageDeps;
  readonly options: StageOptions;
  readonly connected: Connected;
  readonly collected: Collected;
  readonly prepared: readonly Prepared[];
  /** By performance.now(). */
  readonly started: number;
  readonly record: StateRecord | undefined;
  readonly clusterNeeds: ClusterNeeds;
  /** typeName() of the types that the destination serves only when their definitions are brought. */
  readonly defined: ReadonlySet<string>;
}

const writePlan = async (run: Run, found: readonly Finding[]): Promise<StageResult> => {
  const findings = [...found];
  const { deps, options, connected, collected, prepared } = run;
  const orphans = findOrphans(options, collected, prepared);
  const manifests = orphanedManifests(run);
  const marks = findMarks(options, collected, prepared, orphans);
  const stageHash = hashOfStage(prepared);
  let needRows: readonly StageRow[] = run.clusterNeeds.needs.map((need) => rowOfUnwritten(need, undefined));
  const end = (outcome: ExitName, summary: string, objects: readonly StageRow[]): StageResult => {
    const rows = [...needRows, ...objects];
    const elapsedMs = performance.now() - run.started;
    const stageEnd: StageEnd = {
      outcome,
      summary,
      rows,
      findings,
      orphans: [...orphans, ...manifests.map(({ about }) => about)],
      stageHash,
      startedAtMs: deps.dest.now() - elapsedMs,
      elapsedMs,
      connected,
      collected,
    };
    return stageResult(deps, options, stageEnd);
  };

  const refusals = [
    ...findings.filter((finding) => finding.level === 'refuse').map((finding) => finding.message),
    ...prepared.flatMap(({ verdict, source }) =>
      verdict.kind === 'refuse' ? [`${source.kind} ${source.metadata.name}: ${verdict.reason}`] : [],
    ),
  ];
  if (refusals.length > 0 && !options.keepGoing) {
    return end(
      'refused',
      refusedSummary(refusals),
      prepared.map((item) => rowBefore(item, undefined)),
    );
  }

  const items = prepared.flatMap((row) => row.item ?? []);
  const sure = options.dryRun ? NONE : await findSure(deps, options, items, connected);
  const later = items.filter(({ type }) => run.defined.has(typeName(type)));
  const asked = items.filter((item) => !sure.has(item) && !run.defined.has(typeName(item.type)));
  const checkedNeeds = await checkClusterNeeds(deps, options, run.clusterNeeds, later);
  needRows = checkedNeeds.rows;
  const { creatable } = checkedNeeds;
  const checked = await dryRunPlan(
    deps,
    options,
    asked,
    connected.destNamespace !== undefined,
    new Set(creatable.map(({ body }) => body.metadata.name)),
  );
  const prunes = options.prune && orphans.length + manifests.length > 0;
  const writesMore = marks.length + creatable.length > 0 || prunes;
  const room = await findRoom(run, writesMore, stageHash);
  findings.push(...room);
  const refusedBy = new Map<PlanItem, string>([
    ...checked.refused.map((row) => [row.item, row.outcome.reason ?? 'refused'] as const),
    ...checkedNeeds.refused,
  ]);
  if (deps.signal.aborted) {
    return end(
      stopReason(deps.signal).exit,
      stoppedBeforeWrites(deps.signal),
      prepared.map((row) => rowBefore(row, undefined)),
    );
  }
  const reasons = [
    ...checkedNeeds.problems,
    ...checked.refused.map((row) => `${objectName(row.item.whole)}: ${row.outcome.reason}`),
    ...room.map(({ message }) => message),
  ];
  if (reasons.length > 0 && !options.keepGoing) {
    return end(
      'refused',
      refusedSummary(reasons),
      prepared.map((row) => rowBefore(row, refusedBy)),
    );
  }

  const written = countWritten(deps.dest);
  const namespaceRow = await ensureNamespace(
    deps,
    options,
    connected.sourceNamespace,
    connected.destNamespace,
  );
  const namespaceRows = namespaceRow === undefined ? [] : [namespaceRow];
  if (namespaceRow?.action === 'failed') {
    return end(
      'refused',
      `Nothing was changed: namespace ${options.destNamespace} cannot be created: ${namespaceRow.reason}.`,
      [namespaceRow, ...prepared.map((row) => rowBefore(row, undefined))],
    );
  }
  // What the dry run found must be left alone would only be refused again, and what it would not change is as wanted.
  const leftAlone = checked.rows.filter(({ outcome }) => ['skipped', 'unchanged'].includes(outcome.action));
  const notWritten = new Set([...refusedBy.keys(), ...leftAlone.map((row) => row.item)]);
  const writable = items.filter((item) => !notWritten.has(item));
  const mustWrite = !options.dryRun && (writable.some((item) => item.action !== 'unchanged') || writesMore);
  const staged = { objects: items.length, hash: stageHash, wrote: mustWrite, known: run.record };
  const lock =
    mustWrite || isRecordDue(deps, options, staged) ? await lockForStage(deps, options) : undefined;
  const held = lock === undefined ? run : { ...run, deps: lockedDeps(deps, lock) };
  try {
    const open = later.filter((item) => !refusedBy.has(item));
    const brought = options.dryRun ? undefined : await bringNeeds(held.deps, options, creatable, open);
    if (brought !== undefined) {
      const failing = needRows.filter(({ action }) => action === 'refused');
      needRows = [...brought.rows, ...failing];
      for (const [item, reason] of brought.refused) refusedBy.set(item, reason);
      if (brought.problems.length > 0 && !options.keepGoing && !held.deps.signal.aborted) {
        const left = prepared.map((row) => rowBefore(row, refusedBy));
        return written() === 0
          ? end('refused', refusedSummary(brought.problems), left)
          : end('partial', stoppedByNeeds(brought.problems), [...namespaceRows, ...left]);
      }
    }
    const applied = options.dryRun
      ? dryRows(items, [...checked.rows, ...uncheckedRows(open)])
      : [
          ...leftAlone,
          ...(await applyPlan(
            held,
            writable.filter((item) => !refusedBy.has(item)),
          )),
        ];
    const byItem = new Map(applied.map((row) => [row.item, row]));
    const rows: StageRow[] = prepared.map((row) => {
      const found = row.item === undefined ? undefined : byItem.get(row.item);
      return found === undefined ? rowBefore(row, refusedBy) : rowOfApplied(row, found);
    });
    const prune = async (gone: readonly Orphan[]): Promise<StageRow[]> =>
      options.prune ? pruneOrphans(held.deps, options, gone, collected) : [];
    const pruned = await prune(
      orphans.map((object) => ({ object, about: object, reason: 'gone from the source' })),
    );
    // The row of a source object that is over or left out says what became of its manifest too.
    const onManifests = [
      ...(await prune(manifests)),
      ...(await writeMarks(held.deps, options, marks, collected)),
    ];
    const all = [...namespaceRows, ...withMarkRows(rows, onManifests), ...pruned];
    const { outcome, summary } = conclude(held, [...needRows, ...all]);
    if (outcome === 'ok') {
      const missed = await recordStage(held.deps, options, connected, staged).catch(unrecorded);
      if (missed !== undefined) return end(missed.outcome, missed.summary, all);
    }
    return end(outcome, summary, all);
  } finally {
    await lock?.release();
  }
};

const NONE: ReadonlySet<PlanItem> = new Set();

const orphanedManifests = ({ options, collected, prepared }: Run): Orphan[] =>
  staleManifests(options, collected, prepared).flatMap(({ object, about, reason, isOrphan }) =>
    isOrphan ? [{ object, about, reason: `${SAID[reason]}; its manifest was kept until now` }] : [],
  );

// Asked before the first write, as without a record the run could only end part-way.
const findRoom = async (run: Run, writesMore: boolean, stageHash: string): Promise<Finding[]> => {
  const { deps, options, prepared } = run;
  const writes =
    writesMore ||
    prepared.some(({ item }) => item !== undefined && item.action !== 'unchanged') ||
    !isFresh(deps, run.record, stageHash);
  if (!writes || deps.signal.aborted) return [];
  return checkRecordRoom(
    deps,
    options,
    run.collected,
    prepared,
    run.connected.destNamespace !== undefined,
  ).catch((error: unknown) => {
    // The caller looks at the signal next.
    if (deps.signal.aborted) return [];
    throw error;
  });
};

// Everything is written by then, so this is no refusal, and the rows are worth more than the error.
const unrecorded = (error: unknown): { readonly outcome: ExitName; readonly summary: string } => {
  if (!isDrError(error)) throw error;
  return {
    outcome: error instanceof LockedError ? 'locked' : 'partial',
    summary: `All objects are written, but the record of it is not: ${error.message} Run the same command again.`,
  };
};

const applyPlan = (run: Run, items: Parameters<typeof applyAll>[0]): Promise<AppliedRow[]> => {
  const { deps, options } = run;
  const total = items.filter((item) => item.action !== 'unchanged').length;
  const patience = patienceWith(deps.signal);
  let done = 0;
  if (total > 0) deps.reporter.action(`Writing ${count(total, 'object')} to context ${deps.dest.context}`);
  return applyAll(items, {
    writer: deps.dest,
    onConflict: options.onConflict,
    concurrency: options.concurrency,
    recreateTimeoutMs: options.recreateTimeoutMs,
    signal: patience.signal,
    onTier: (name, count) => deps.reporter.debug(`Tier ${name}: ${count} objects`),
    onRow: ({ item, outcome }) => {
      if (outcome.action === 'unchanged') return;
      patience.saw(outcome.failure);
      deps.reporter.progress(++done, total, 'objects written');
      deps.reporter.event('object', {
        kind: item.whole.kind,
        name: item.whole.metadata.name,
        action: outcome.action,
        reason: outcome.reason,
      });
    },
  });
};

// In a dry run, what is unchanged needs no answer of the server.
const dryRows = (items: Parameters<typeof applyAll>[0], checked: readonly AppliedRow[]): AppliedRow[] => [
  ...checked,
  ...items
    .filter((item) => item.action === 'unchanged')
    .map(
      (item): AppliedRow => ({
        item,
        outcome: { action: 'unchanged', reason: undefined, attempts: 0, warnings: [], dropped: [] },
        ms: 0,
      }),
    ),
];

const rowBefore = (row: Prepared, refusedBy: ReadonlyMap<unknown, string> | undefined): StageRow => {
  if (row.verdict.kind === 'skip') return rowOfPrepared(row, 'skipped', row.verdict.reason);
  if (row.verdict.kind === 'refuse') return rowOfPrepared(row, 'refused', row.verdict.reason);
  const refused = row.item === undefined ? undefined : refusedBy?.get(row.item);
  if (refused !== undefined) return rowOfPrepared(row, 'refused', refused);
  if (row.item?.action === 'unchanged') return rowOfPrepared(row, 'unchanged', '');
  return rowOfPrepared(row, 'pending', 'not written');
};

const hashOfStage = (prepared: readonly Prepared[]): string =>
  hashOf(
    prepared
      .flatMap((row) =>
        row.item === undefined ? [] : `${row.source.kind}/${row.source.metadata.name}/${row.item.hash}`,
      )
      .join('\n'),
  ).slice(0, 16);

// What the cluster lacks is told by every run, also by one that writes nothing: a warning that a cron job gives once is
// soon forgotten. Only a run right after another one leaves out the checks that read much of both clusters. What is not
// about to be written is refused nothing.
const findNeeds = async (run: Run): Promise<Finding[]> => {
  const items = run.prepared.flatMap(({ item }) => item ?? []);
  const changing = items.filter(({ action }) => action !== 'unchanged');
  const isRepeated =
    changing.length === 0 && isFresh(run.deps, run.record, hashOfStage(run.prepared), REPEATED_MS);
  const all = await needsOf(run, items, isRepeated ? 'quick' : 'all');
  if (all.every(({ level }) => level !== 'refuse') || changing.length === items.length) return all;
  const refused = changing.length === 0 ? [] : await needsOf(run, changing, 'all');
  const isRefused = ({ id, subject }: Finding): boolean =>
    refused.some((other) => other.level === 'refuse' && other.id === id && other.subject === subject);
  return all.map((finding) =>
    finding.level === 'refuse' && !isRefused(finding) ? { ...finding, level: 'warn' } : finding,
  );
};

// For so long nobody needs to be told again what belongs to the namespace and lies outside it.
const REPEATED_MS = 5 * 60_000;

const needsOf = (run: Run, items: readonly PlanItem[], scope: 'all' | 'quick'): Promise<Finding[]> => {
  const { deps, options, connected, collected } = run;
  const input = {
    source: deps.source,
    dest: deps.dest,
    sourceNamespace: options.sourceNamespace,
    destNamespace: options.destNamespace,
    desired: items.map(({ whole }) => whole),
    sourceObjects: collected.source,
    destObjects: collected.dest,
    sourceDiscovery: connected.sourceDiscovery,
    destDiscovery: connected.destDiscovery,
    sourceNamespaceObject: connected.sourceNamespace,
    destNamespaceObject: connected.destNamespace,
    storageClassMap: options.storageClassMap,
    acceptedClusterRoles: options.acceptClusterRoles,
    signal: deps.signal,
  };
  return checkNeeds(input, scope);
};

const unlistedFindings = (run: Run): Finding[] =>
  run.collected.unlisted.map(({ pair, side, reason }): Finding => {
    const what = `Context ${side === 'source' ? run.deps.source.context : run.deps.dest.context}: ${pair.name} cannot be listed (${reason})`;
    const about = { id: 'type-not-listed', subject: pair.name };
    return run.collected.selected.includes(pair)
      ? {
          ...about,
          level: 'refuse',
          message: `${what}, so the copy would be incomplete; grant the right, or leave the type out with --exclude-resource-types ${pair.name}.`,
        }
      : { ...about, level: 'warn', message: `${what}; it is not copied, but would have given more detail.` };
  });

const refuseEmpty = (deps: StageDeps, options: StageOptions, prepared: readonly Prepared[]): void => {
  if (prepared.some((row) => row.item !== undefined || row.verdict.kind === 'refuse')) return;
  const narrowed = options.selector === undefined ? '' : ` that match ${options.selector}`;
  throw new UsageError(
    `Namespace ${options.sourceNamespace} in context ${deps.source.context} has no objects to copy${narrowed}${prepared.length === 0 ? '' : `: ${leftOutClause(prepared)}`}.`,
    {
      hint: `Inspect it with: ${kubectl({ cluster: deps.source, namespace: options.sourceNamespace }, 'get', 'all')}`,
    },
  );
};

const stoppedByNeeds = (problems: readonly string[]): string => {
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return `Not complete: the objects of the namespace are not written: ${(problems[0] ?? '').replace(/\.$/, '')}${more}; fix the cause and run the same command again.`;
};

// The last one is of the kinds that were asked for, and says most.
const leftOutClause = (prepared: readonly Prepared[]): string => {
  const { source, verdict } = prepared.at(-1) as Prepared;
  const why = verdict.kind === 'skip' ? ` (${objectName(source)}: ${verdict.reason})` : '';
  return `${prepared.length === 1 ? 'the one object that it has is' : `the ${prepared.length} objects that it has are`} left out${why}`;
};

const refusedSummary = (reasons: readonly string[]): string => {
  const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : '';
  return `Nothing was changed: ${(reasons[0] ?? '').replace(/\.$/, '')}${more}.`;
};
