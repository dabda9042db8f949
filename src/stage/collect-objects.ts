import { kubectl } from '../common/command-line.ts';
import { RefusedError, UsageError } from '../common/errors.ts';
import type { SideRole } from '../common/side-role.ts';
import { hasStatus, isKubeApiError } from '../kube/api-errors.ts';
import type { ClusterReader, Discovery, KubeObject, ResourceType } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import type { Finding } from '../needs/findings.ts';
import { chooseTypes, type TypePair } from '../pipeline/choose-types.ts';
import { refuseUnknownKinds, type SelectedTypes, selectTypes } from '../pipeline/select-types.ts';
import { uniqueByUid } from '../pipeline/unique-names.ts';
import type { Connected } from './connect-sides.ts';
import { withServingTemplates } from './serving-copies.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

/** Everything that was listed on both sides, and what could not be. */
export interface Collected extends SelectedTypes {
  readonly pairs: readonly TypePair[];
  readonly source: readonly KubeObject[];
  /** Live objects of the destination namespace; empty when it does not exist yet. */
  readonly dest: readonly KubeObject[];
  /** Types whose objects could not be listed: they are not part of the copy. */
  readonly unlisted: readonly {
    readonly pair: TypePair;
    readonly side: SideRole;
    readonly reason: string;
  }[];
  readonly leftOutCounts: readonly { readonly type: string; readonly objects: number }[];
  readonly findings: readonly Finding[];
  /** Whether one of the two clusters serves Argo CD's Applications. */
  readonly hasArgoCd: boolean;
  /** Whether the destination is an OpenShift, which fills its certificate authorities in. */
  readonly destInjectsCa: boolean;
}

/**
 * Chooses the types and lists them on both sides, in parallel with a bound. A type that may not be listed is
 * collected, not thrown; a run in which nothing may be listed throws RefusedError.
 */
export const collect = async (
  deps: StageDeps,
  options: StageOptions,
  connected: Connected,
): Promise<Collected> => {
  const pairs = chooseTypes(connected.sourceDiscovery, connected.destDiscovery);
  const selection = selectTypes(pairs, options.types);
  refuseUnknownKinds(pairs, options.oneShotKinds);
  const work: { pair: TypePair; side: SideRole; type: ResourceType }[] = [];
  for (const pair of listedTypes(pairs, selection.selected)) {
    work.push({ pair, side: 'source', type: pair.source });
    if (connected.destNamespace !== undefined && pair.dest !== undefined)
      work.push({ pair, side: 'dest', type: pair.dest });
  }
  const unlisted: { pair: TypePair; side: SideRole; reason: string }[] = [];
  let done = 0;
  const list = async ({ pair, side, type }: (typeof work)[number]): Promise<KubeObject[]> => {
    const cluster: ClusterReader = side === 'source' ? deps.source : deps.dest;
    const namespace = side === 'source' ? options.sourceNamespace : options.destNamespace;
    try {
      const labelSelector =
        side === 'source' && selection.selected.includes(pair) ? options.selector : undefined;
      return await cluster.list(type, namespace, { labelSelector, signal: deps.signal });
    } catch (error) {
      if (options.selector !== undefined && side === 'source' && hasStatus(error, 400)) {
        throw new UsageError(
          `"${options.selector}" is not a valid label selector: ${error.failure.detail}.`,
          {
            hint: 'Use the syntax of kubectl: -l app=shop,tier!=cache.',
            cause: error,
          },
        );
      }
      if (!isKubeApiError(error) || ![403, 404, 405].includes(error.failure.status)) throw error;
      unlisted.push({ pair, side, reason: error.failure.detail });
      return [];
    } finally {
      done++;
      deps.reporter.progress(done, work.length, 'types listed');
    }
  };
  const [lists, leftOutCounts] = await Promise.all([
    mapBounded(work, options.concurrency, list, deps.signal),
    countLeftOut(deps, options, selection.leftOutCustom),
  ]);
  const sourceWork = work.filter((item) => item.side === 'source').length;
  if (unlisted.filter((item) => item.side === 'source').length === sourceWork)
    throw nothingListed(deps, options, unlisted);
  const source = uniqueByUid(
    lists.flatMap((objects, index) => (work[index]?.side === 'source' ? objects : [])),
  );
  return {
    ...selection,
    pairs,
    source: await withServingTemplates(deps, options, source),
    dest: uniqueByUid(lists.flatMap((objects, index) => (work[index]?.side === 'dest' ? objects : []))),
    unlisted,
    leftOutCounts,
    findings: findingsOf(connected),
    hasArgoCd: [connected.sourceDiscovery, connected.destDiscovery].some(servesArgoCd),
    destInjectsCa: connected.destDiscovery.types.some(({ group }) => group === 'config.openshift.io'),
  };
};

const servesArgoCd = ({ types }: Discovery): boolean =>
  types.some(({ group, kind }) => group === 'argoproj.io' && kind === 'Application');

/**
 * Types that a stage lists whether they are copied or not: pods show what runs, Services decide about the Endpoints of
 * the same name.
 */
export const ALWAYS_LISTED: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'replicasets.apps',
  'jobs.batch',
]);

const listedTypes = (pairs: readonly TypePair[], selected: readonly TypePair[]): TypePair[] => {
  const names = new Set(selected.map((pair) => pair.name));
  const listed = pairs.filter((pair) => names.has(pair.name) || ALWAYS_LISTED.has(pair.name));
  return [...listed.filter((pair) => pair.builtin), ...listed.filter((pair) => !pair.builtin)];
};

const countLeftOut = (
  deps: StageDeps,
  options: StageOptions,
  pairs: readonly TypePair[],
): Promise<{ type: string; objects: number }[]> =>
  mapBounded(
    pairs,
    options.concurrency,
    async (pair) => {
      try {
        return {
          type: pair.name,
          objects: await deps.source.count(pair.source, options.sourceNamespace, { signal: deps.signal }),
        };
      } catch (error) {
        if (!isKubeApiError(error)) throw error;
        return { type: pair.name, objects: -1 };
      }
    },
    deps.signal,
  );

const findingsOf = (connected: Connected): Finding[] =>
  (['source', 'dest'] as const).flatMap((side) =>
    (side === 'source' ? connected.sourceDiscovery : connected.destDiscovery).failed.map((failed) => ({
      level: 'warn' as const,
      id: 'api-group-unavailable',
      subject: failed.groupVersion,
      message: `The ${side === 'source' ? 'source' : 'destination'} could not report what it serves in ${failed.groupVersion}: ${failed.reason}. Objects of that group, if any, are not part of this copy.`,
    })),
  );

const nothingListed = (
  deps: StageDeps,
  options: StageOptions,
  unlisted: readonly { readonly reason: string }[],
): RefusedError =>
  new RefusedError(
    `Context ${deps.source.context}: cannot list anything in namespace ${options.sourceNamespace}: ${unlisted[0]?.reason ?? 'no permissions'}.`,
    {
      hint: `Check the permissions with: ${kubectl({ cluster: deps.source, namespace: options.sourceNamespace }, 'auth', 'can-i', '--list')}`,
    },
  );
