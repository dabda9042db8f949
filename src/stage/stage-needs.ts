import type { ClusterReader } from '../kube/api-types.ts';
import { type CheckInput, checkNeeds } from '../needs/check-needs.ts';
import type { Finding } from '../needs/findings.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import { isFresh } from './keep-record.ts';
import type { PreparedStage } from './stage-plan.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

/**
 * What the copy needs of the destination cluster. Every run reports it, also one that writes nothing: a warning that a
 * cron job gives once is soon forgotten. Only a run right after another one leaves out the checks that read much of both
 * clusters. What is not about to be written is refused nothing. Throws KubeApiError.
 */
export const findStageNeeds = async (
  deps: StageDeps,
  options: StageOptions,
  seen: PreparedStage,
): Promise<Finding[]> => {
  const items = seen.prepared.flatMap(({ item }) => item ?? []);
  const changing = items.filter(({ action }) => action !== 'unchanged');
  const isRepeated = changing.length === 0 && isFresh(deps, seen.record, seen.stageHash, REPEATED_MS);
  const all = await needsOf(deps, options, seen, items, isRepeated ? 'quick' : 'all');
  if (all.every(({ level }) => level !== 'refuse') || changing.length === items.length) return all;
  const refused = changing.length === 0 ? [] : await needsOf(deps, options, seen, changing, 'all');
  const isRefused = ({ id, subject }: Finding): boolean =>
    refused.some((other) => other.level === 'refuse' && other.id === id && other.subject === subject);
  return all.map((finding) =>
    finding.level === 'refuse' && !isRefused(finding) ? { ...finding, level: 'warn' } : finding,
  );
};

// For so long nobody needs to read again what belongs to the namespace and lies outside it.
const REPEATED_MS = 5 * 60_000;

const needsOf = (
  deps: StageDeps,
  options: StageOptions,
  seen: PreparedStage,
  items: readonly PlanItem[],
  scope: 'all' | 'quick',
): Promise<Finding[]> =>
  checkNeeds({ ...needsInput(deps, options, seen), desired: items.map(({ whole }) => whole) }, scope);

/** What the checks of needs look at, but for what is to be written. Pure. */
export const needsInput = (
  { source, dest, signal }: Pick<StageDeps, 'source' | 'signal'> & { readonly dest: ClusterReader },
  options: StageOptions,
  { connected, collected }: Pick<PreparedStage, 'connected' | 'collected'>,
): Omit<CheckInput, 'desired'> => ({
  source,
  dest,
  sourceNamespace: options.sourceNamespace,
  destNamespace: options.destNamespace,
  sourceObjects: collected.source,
  destObjects: collected.dest,
  sourceDiscovery: connected.sourceDiscovery,
  destDiscovery: connected.destDiscovery,
  sourceNamespaceObject: connected.sourceNamespace,
  destNamespaceObject: connected.destNamespace,
  storageClassMap: options.storageClassMap,
  acceptedClusterRoles: options.acceptClusterRoles,
  signal,
});
