import { kubectl } from '../common/command-line.ts';
import { UsageError } from '../common/errors.ts';
import { objectName } from '../kube/object-names.ts';
import type { Finding } from '../needs/findings.ts';
import { byApplyOrder } from '../pipeline/apply-order.ts';
import { hashOf } from '../state/record-codec.ts';
import type { StateRecord } from '../state/record-types.ts';
import { stateInList } from '../state/state-record.ts';
import { readScalePaths } from '../workloads/scale-paths.ts';
import { answerKey, NO_NEEDS } from './cluster-needs/bring-types.ts';
import { type Definitions, findDefinitions } from './cluster-needs/definitions.ts';
import { copyNames, findClusterNeeds } from './cluster-needs/find-needs.ts';
import { type Collected, collect } from './collect-objects.ts';
import { connect } from './connect-sides.ts';
import { findOrphans, type Orphan } from './find-orphans.ts';
import { findMarks } from './left-out.ts';
import { type Prepared, prepare } from './prepare-plan.ts';
import { guardDestination, refuseLostRecord, refuseUnseenPods } from './refuse-live-dest.ts';
import { findStageNeeds } from './stage-needs.ts';
import type { PreparedStage, StagePlan } from './stage-plan.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';
import { SAID, staleManifests } from './stale-manifests.ts';

/**
 * Everything before the first request that could change something: reads both sides, guards the destination, and works
 * out what becomes of each object. Throws UsageError, RefusedError, UnsafeError, PartialError or KubeApiError.
 */
export const planStage = async (deps: StageDeps, options: StageOptions): Promise<StagePlan> => {
  const started = performance.now();
  const connected = await connect(deps, options);
  const listed = await collect(deps, options, connected);
  const definitions = await definitionsFor(deps, options, listed);
  const { collected } = definitions;
  const { record, findings: guarded } = await guard(deps, options, collected);
  const prepared = await prepareInOrder(deps, options, collected);
  const seen: PreparedStage = {
    started,
    connected,
    collected,
    prepared,
    record,
    stageHash: hashOfStage(prepared),
  };
  const clusterNeeds =
    options.clusterNeeds === true
      ? await findClusterNeeds(deps, options, { connected, definitions, prepared })
      : NO_NEEDS;
  const answered = new Set(clusterNeeds.needs.flatMap(({ answers }) => answers));
  const needs = await findStageNeeds(deps, options, seen);
  const orphans = findOrphans(options, collected, prepared);
  return {
    ...seen,
    items: prepared.flatMap(({ item }) => item ?? []),
    clusterNeeds,
    defined: new Set(definitions.byType.keys()),
    findings: [
      ...collected.findings,
      ...guarded,
      ...unlistedFindings(deps, collected),
      ...needs.filter((finding) => !answered.has(answerKey(finding))),
      ...clusterNeeds.findings,
    ],
    orphans,
    manifests: orphanedManifests(options, collected, prepared),
    marks: findMarks(options, collected, prepared, orphans),
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

const guard = async (
  deps: StageDeps,
  options: StageOptions,
  { dest, unlisted }: Collected,
): Promise<{ readonly record: StateRecord | undefined; readonly findings: readonly Finding[] }> => {
  refuseUnseenPods(deps, options, unlisted);
  const record = stateInList(dest, options.destNamespace);
  await refuseLostRecord(deps, options, dest, record);
  return { record, findings: guardDestination(deps, options, dest, record) };
};

const prepareInOrder = async (
  deps: StageDeps,
  options: StageOptions,
  collected: Collected,
): Promise<readonly Prepared[]> => {
  const types = collected.selected.map((pair) => pair.source);
  const scalePaths = await readScalePaths(deps.source, types, deps.signal);
  const found = await prepare(deps, options, collected, scalePaths);
  const prepared = found.sort((a, b) => byApplyOrder(a.source, b.source));
  refuseEmpty(deps, options, prepared);
  return prepared;
};

const refuseEmpty = (deps: StageDeps, options: StageOptions, prepared: readonly Prepared[]): void => {
  if (prepared.some((row) => row.item !== undefined || row.verdict.kind === 'refuse')) return;
  const narrowed = options.selector === undefined ? '' : ` that match ${options.selector}`;
  throw new UsageError(
    `Namespace ${options.sourceNamespace} in context ${deps.source.context} has no objects to copy${narrowed}${prepared.length === 0 ? '' : `: ${leftOutClause(prepared)}`}.`,
    {
      hint: `Inspect it with: ${kubectl({ cluster: deps.source, namespace: options.sourceNamespace }, 'get', 'all')}`,
      about: 'EmptySelection',
    },
  );
};

// The last one is of the kinds that were asked for, and says most.
const leftOutClause = (prepared: readonly Prepared[]): string => {
  const { source, verdict } = prepared.at(-1) as Prepared;
  const why = verdict.kind === 'skip' ? ` (${objectName(source)}: ${verdict.reason})` : '';
  return `${prepared.length === 1 ? 'the one object that it has is' : `the ${prepared.length} objects that it has are`} left out${why}`;
};

const hashOfStage = (prepared: readonly Prepared[]): string =>
  hashOf(
    prepared
      .flatMap((row) =>
        row.item === undefined ? [] : `${row.source.kind}/${row.source.metadata.name}/${row.item.hash}`,
      )
      .join('\n'),
  ).slice(0, 16);

const unlistedFindings = (deps: StageDeps, { unlisted, selected }: Collected): Finding[] =>
  unlisted.map(({ pair, side, reason }): Finding => {
    const what = `Context ${side === 'source' ? deps.source.context : deps.dest.context}: ${pair.name} cannot be listed (${reason})`;
    const about = { id: 'type-not-listed', subject: pair.name };
    return selected.includes(pair)
      ? {
          ...about,
          level: 'refuse',
          message: `${what}, so the copy would be incomplete; grant the permission, or leave the type out with --exclude-resource-types ${pair.name}.`,
        }
      : { ...about, level: 'warn', message: `${what}; it is not copied, but would have given more detail.` };
  });

const orphanedManifests = (
  options: StageOptions,
  collected: Collected,
  prepared: readonly Prepared[],
): Orphan[] =>
  staleManifests(options, collected, prepared).flatMap(({ object, about, reason, isOrphan }) =>
    isOrphan ? [{ object, about, reason: `${SAID[reason]}; its manifest was kept until now` }] : [],
  );
