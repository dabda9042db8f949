import { isDrError } from '../common/errors.ts';
import { silentReporter } from '../common/reporter.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import type { Finding } from '../needs/findings.ts';
import { finding } from '../needs/findings.ts';
import type { TriedNeed } from '../stage/cluster-needs/bring-types.ts';
import { tryNeeds } from '../stage/cluster-needs/create-needs.ts';
import { findDefinitions } from '../stage/cluster-needs/definitions.ts';
import { copyNames, findClusterNeeds } from '../stage/cluster-needs/find-needs.ts';
import { type Collected, collect } from '../stage/collect-objects.ts';
import type { Connected } from '../stage/connect-sides.ts';
import { dryRunPlan } from '../stage/dry-run-plan.ts';
import { prepare } from '../stage/prepare-plan.ts';
import { guardDestination } from '../stage/refuse-live-dest.ts';
import type { StageDeps, StageOptions } from '../stage/stage-types.ts';
import type { Copy, PreflightInput, SideView } from './preflight-types.ts';

/**
 * Works out what a cutover would stage, and asks the destination's server about every write in a dry run. Writes
 * nothing. What stands in the way of that is returned as checks. Throws KubeApiError when a cluster does not answer.
 */
export const planCopy = async (
  input: PreflightInput,
  source: SideView,
  dest: SideView,
): Promise<{ readonly copy: Copy | undefined; readonly problems: readonly Finding[] }> => {
  const { stageOptions: options } = input;
  if (options === undefined) return { copy: undefined, problems: [] };
  const deps: StageDeps = {
    source: source.side.cluster,
    dest: dest.side.cluster,
    reporter: silentReporter,
    signal: input.signal,
    // Nothing is written here, so there is no lock to take.
    lock: 'held',
  };
  const connected: Connected = {
    sourceDiscovery: source.side.discovery,
    destDiscovery: dest.side.discovery,
    sourceUid: source.clusterUid,
    destUid: dest.clusterUid,
    sourceNamespace: source.namespace ?? namelessNamespace(source.side.namespace),
    destNamespace:
      dest.namespaceState === 'absent'
        ? undefined
        : (dest.namespace ?? namelessNamespace(dest.side.namespace)),
  };
  try {
    const collected = await collect(deps, options, connected);
    const prepared = await prepare(deps, options, collected, source.side.scalePaths);
    const items = prepared.flatMap((item) => item.item ?? []);
    const dryRun = await dryRunPlan(deps, options, items, connected.destNamespace !== undefined);
    const clusterNeeds =
      options.clusterNeeds === true
        ? await triedNeeds(deps, options, { connected, collected }, source)
        : undefined;
    const guarded = guard(deps, input, collected);
    return {
      copy: {
        connected,
        collected,
        prepared,
        dryRun,
        findings: [...collected.findings, ...guarded.findings],
        clusterNeeds,
      },
      problems: guarded.problems,
    };
  } catch (error) {
    if (!isDrError(error) || error.type === 'kubernetes-api') throw error;
    // What the server does not understand of the command line is no finding about the namespace.
    if (error.exit === 'usage' && isKubeApiError(error.cause)) throw error;
    return {
      copy: undefined,
      problems: [finding('copy', 'refuse', dest.side.namespace, error.message, error.hint)],
    };
  }
};

// The plan of a stage that brings them; that of the move, which does not, is another one.
const triedNeeds = async (
  deps: StageDeps,
  options: StageOptions,
  { connected, collected }: Pick<Copy, 'connected' | 'collected'>,
  { side }: SideView,
): Promise<TriedNeed[]> => {
  const definitions = await findDefinitions(deps, options, collected, copyNames(deps, options));
  const prepared = await prepare(deps, options, definitions.collected, side.scalePaths);
  const { needs } = await findClusterNeeds(deps, options, { connected, definitions, prepared });
  return tryNeeds(deps, needs);
};

const guard = (
  deps: StageDeps,
  input: PreflightInput,
  collected: Collected,
): { readonly findings: readonly Finding[]; readonly problems: readonly Finding[] } => {
  const { stageOptions: options } = input;
  if (options === undefined) return { findings: [], problems: [] };
  try {
    return {
      findings: guardDestination({ ...deps, lock: 'held' }, options, collected.dest, input.record),
      problems: [],
    };
  } catch (error) {
    if (!isDrError(error) || error.exit !== 'unsafe') throw error;
    return {
      findings: [],
      problems: [finding('destination-in-use', 'unsafe', options.destNamespace, error.message, error.hint)],
    };
  }
};

// Where the namespace may not be read, its labels are not known; that right is reported as missing.
const namelessNamespace = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});
