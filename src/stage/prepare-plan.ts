import { RECORD } from '../common/annotations.ts';
import { RefusedError, UsageError } from '../common/errors.ts';
import { clause } from '../common/sentences.ts';
import { mapInSlices } from '../common/slices.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, groupOf, objectKey, refKey } from '../kube/object-names.ts';
import { isObject } from '../kube/raw-json.ts';
import { isBuiltinGroup } from '../pipeline/api-groups.ts';
import { kindOfPair, type TypePair } from '../pipeline/choose-types.ts';
import { createObjectIndex } from '../pipeline/object-index.ts';
import type { FilterContext, TransformContext } from '../pipeline/pipeline-types.ts';
import { nameOfStash } from '../pipeline/stash.ts';
import { parkableKinds } from '../workloads/kinds.ts';
import { where } from '../workloads/parked-annotation.ts';
import { podsOfWorkloads } from '../workloads/pods-under.ts';
import type { ScalePaths } from '../workloads/workload-types.ts';
import type { Collected } from './collect-objects.ts';
import type { StashInput } from './held-back.ts';
import { type LiveObjects, type Preparing, prepareObject } from './prepare-object.ts';
import { type Prepared, refusedObject } from './prepared-objects.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

export type { Prepared } from './prepared-objects.ts';

/**
 * Runs filter -> transform -> park -> compare over everything that was listed. Pure but for the scale paths, which
 * are read from the source's CRDs by the caller. An object with a label or annotation of ours that cannot be right is
 * refused by name. Other work goes on in between.
 */
export const prepare = async (
  deps: Pick<StageDeps, 'source'>,
  options: StageOptions,
  collected: Collected,
  scalePaths: ScalePaths,
): Promise<Prepared[]> => {
  const run = preparingOf(deps, options, collected, scalePaths);
  const objects = collected.source.filter(
    (object) => run.pairOf(object) !== undefined || isBarePodKind(object),
  );
  return mapInSlices(objects, (object) => {
    try {
      return prepareObject(object, run);
    } catch (error) {
      return unreadable(object, error);
    }
  });
};

const preparingOf = (
  deps: Pick<StageDeps, 'source'>,
  options: StageOptions,
  collected: Collected,
  scalePaths: ScalePaths,
): Preparing => {
  const pairs = new Map(collected.selected.map((pair) => [kindOfPair(pair), pair]));
  const live = liveObjects(collected.dest);
  const parkable = parkableKinds();
  const isLasting = (kind: string): boolean => parkable.has(kind) || scalePaths.has(kind);
  return {
    destNamespace: options.destNamespace,
    filter: filterOf(options, collected, isLasting),
    transform: transformOf(deps, options, collected),
    stash: stashInputOf(options, collected, live, isLasting),
    scalePaths,
    unlisted: new Set(
      collected.unlisted.filter((item) => item.side === 'dest').map((item) => item.pair.name),
    ),
    configMaps: collected.pairs.find((pair) => pair.name === 'configmaps')?.dest,
    live,
    pairOf: (object): TypePair | undefined => pairs.get(groupKind(object)),
  };
};

const filterOf = (
  options: StageOptions,
  { source, pairs }: Collected,
  isLasting: FilterContext['isLasting'],
): FilterContext => ({
  sourceNamespace: options.sourceNamespace,
  destNamespace: options.destNamespace,
  index: createObjectIndex(source),
  isBuiltinGroup,
  includeCustomResources: options.types.customResources,
  destServes: (group, kind) =>
    pairs.some((pair) => pair.dest !== undefined && pair.source.group === group && pair.source.kind === kind),
  isLasting,
  oneShotKinds: options.oneShotKinds,
});

const transformOf = (
  deps: Pick<StageDeps, 'source'>,
  options: StageOptions,
  { hasArgoCd, destInjectsCa }: Collected,
): TransformContext => ({
  ...options,
  sourceContext: deps.source.context,
  hasArgoCd,
  destInjectsCa,
  namespaceMap: new Map([[options.sourceNamespace, options.destNamespace]]),
});

const stashInputOf = (
  options: StageOptions,
  { source }: Collected,
  live: LiveObjects,
  isLasting: StashInput['isLasting'],
): StashInput => ({
  podOwners: customRootsOfPods(source),
  isLasting,
  kinds: options.oneShotKinds,
  present: (object) => live(object.apiVersion, object.kind, object.metadata.name),
  keptIn: (object) => live('v1', 'ConfigMap', nameOfStash(object)),
});

// A label or an annotation that says nothing that can be done: one object is refused by name, and whoever may edit it has
// no say about the others (S12).
const unreadable = (object: KubeObject, error: unknown): Prepared => {
  if (!(error instanceof UsageError || error instanceof RefusedError)) throw error;
  const said = clause(error.message.replace(`${where(object)} has`, 'it has'));
  return refusedObject(object, error.hint === undefined ? said : `${said}: ${clause(error.hint)}`);
};

const liveObjects = (objects: readonly KubeObject[]): LiveObjects => {
  const byName = new Map(objects.map((object) => [objectKey(object), object]));
  return (apiVersion, kind, name) => byName.get(refKey({ apiVersion, kind, name }));
};

// Custom resources that something in the namespace runs pods for, found by the owners of the pods that run now.
const customRootsOfPods = (objects: readonly KubeObject[]): Set<string> => {
  const pods = objects.filter((object) => object.kind === 'Pod' && object.apiVersion === 'v1');
  const roots = podsOfWorkloads(pods, objects).map((group) => group.root);
  const isCustom = (root: { apiVersion: string }): boolean => !isBuiltinGroup(groupOf(root.apiVersion));
  const uidOf = (root: { apiVersion: string; kind: string; name: string }): string | undefined =>
    objects.find((object) => groupKind(object) === groupKind(root) && object.metadata.name === root.name)
      ?.metadata.uid;
  return new Set(roots.filter(isCustom).flatMap((root) => uidOf(root) ?? []));
};

// Pods without an owner are named in the report although pods are no selected type: they are not in the copy.
const isBarePodKind = (object: KubeObject): boolean =>
  object.kind === 'Pod' && object.apiVersion === 'v1' && (object.metadata.ownerReferences ?? []).length === 0;

/** Whether a ConfigMap of the destination is one of our own records. */
export const isRecord = (object: KubeObject): boolean =>
  isObject(object.metadata.labels) && RECORD in object.metadata.labels;
