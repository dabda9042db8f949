import { groupKind, typeName } from '../../kube/object-names.ts';
import { withStashed } from '../../needs/check-needs.ts';
import { createLister } from '../../needs/lister.ts';
import { templatesOf } from '../../needs/pod-templates-of.ts';
import { kindOfPair, preferredTypes } from '../../pipeline/choose-types.ts';
import type { Connected } from '../connect-sides.ts';
import type { Prepared } from '../prepare-plan.ts';
import type { StageDeps, StageOptions } from '../stage-types.ts';
import type { ClusterNeeds, CopyNames, NeedsContext } from './bring-types.ts';
import { findClasses } from './class-copies.ts';
import type { Definitions } from './definitions.ts';
import { findRoles } from './role-copies.ts';

/**
 * Finds what the planned copy needs outside its namespace, and what of it the destination lacks: the definitions of its
 * custom resources, the ClusterRoles of its RoleBindings, the grants of its ServiceAccounts, the classes that it names.
 * Only reads, and only what the destination has not is ever among the needs. What may not be looked at is a finding.
 * Throws KubeApiError when a cluster does not answer.
 */
export const findClusterNeeds = async (
  deps: StageDeps,
  options: StageOptions,
  { connected, definitions, prepared }: Found,
): Promise<ClusterNeeds> => {
  const written = prepared.flatMap(({ item, source }) => (item === undefined ? [] : [{ item, source }]));
  const desired = withStashed(written.map(({ item }) => item.whole));
  const { source } = definitions.collected;
  const lister = createLister({
    source: deps.source,
    dest: deps.dest,
    sourceDiscovery: connected.sourceDiscovery,
    destDiscovery: connected.destDiscovery,
    signal: deps.signal,
  });
  const context: NeedsContext = {
    names: copyNames(deps, options),
    destContext: deps.dest.context,
    desired,
    templates: templatesOf(desired, source),
    accounts: accountsOf(prepared),
    types: preferredTypes(connected.destDiscovery),
    ingressClassMap: options.ingressClassMap,
    acceptClusterRoles: options.acceptClusterRoles,
    lister,
  };
  const used = new Set(written.map((row) => groupKind(row.source)));
  const { pairs } = definitions.collected;
  const defined = [...definitions.byType].flatMap(([name, need]) =>
    pairs.some((pair) => typeName(pair.source) === name && used.has(kindOfPair(pair))) ? [need] : [],
  );
  const [roles, classes] = await Promise.all([findRoles(context), findClasses(context)]);
  return {
    needs: [...defined, ...roles.needs.filter(isRole), ...classes.needs, ...roles.needs.filter(isNoRole)],
    findings: [...roles.findings, ...classes.findings, ...lister.findings()],
  };
};

interface Found {
  readonly connected: Connected;
  readonly definitions: Definitions;
  readonly prepared: readonly Prepared[];
}

/** The names that every copy takes with it. Pure. */
export const copyNames = (
  { source }: Pick<StageDeps, 'source'>,
  { sourceNamespace, destNamespace }: Pick<StageOptions, 'sourceNamespace' | 'destNamespace'>,
): CopyNames => ({ sourceContext: source.context, sourceNamespace, destNamespace });

/**
 * The ServiceAccounts that the destination has after the stage: those that are copied, and `default`, which every namespace
 * gets. A grant to another one would be for whoever makes it. Pure.
 */
export const accountsOf = (prepared: readonly Pick<Prepared, 'source' | 'item'>[]): ReadonlySet<string> =>
  new Set(
    prepared.flatMap(({ source: { apiVersion, kind, metadata }, item }) =>
      apiVersion === 'v1' && kind === 'ServiceAccount' && (item !== undefined || metadata.name === 'default')
        ? [metadata.name]
        : [],
    ),
  );

const isRole = ({ body }: ClusterNeeds['needs'][number]): boolean => body.kind === 'ClusterRole';
const isNoRole = ({ body }: ClusterNeeds['needs'][number]): boolean => body.kind !== 'ClusterRole';
