import { CONTENT_MANAGER, MANAGED, SOURCE_CLUSTER, SOURCE_NAMESPACE } from '../common/annotations.ts';
import type { ClusterReader, ClusterWriter, KubeObject, ResourceType } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { apiVersionOf, groupKind, objectKey, objectName, refKey } from '../kube/object-names.ts';
import { clone } from '../kube/raw-json.ts';
import type { TypePair } from '../pipeline/choose-types.ts';
import { transformObject } from '../pipeline/transform-object.ts';
import { releaseHeld } from '../pipeline/transforms/all-transforms.ts';
import { applyMergePatch } from '../pipeline/transforms/support/merge-patch.ts';
import type { MoveDeps } from '../sides/side-types.ts';
import { type Tried, tryWrite } from '../sides/try-patches.ts';
import { type Collected, collect } from '../stage/collect-objects.ts';
import { connect } from '../stage/connect-sides.ts';
import { type Prepared, prepare } from '../stage/prepare-plan.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import { planPark, stripParkFields } from '../workloads/park.ts';
import { readScalePaths } from '../workloads/scale-paths.ts';
import type { ScalePaths } from '../workloads/workload-types.ts';

/** An object whose configuration at the destination is not what the source would give it. */
interface ConfigChange {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Paths that differ, at most 20. */
  readonly paths: readonly string[];
}

/** What was found, and the destination's objects behind it. */
export interface ConfigDiff {
  readonly changes: readonly ConfigChange[];
  /** What the source has and the destination no longer has, as `Deployment web`; Jobs go by themselves. */
  readonly deleted: readonly string[];
  readonly scalePaths: ScalePaths;
  readonly live: readonly KubeObject[];
  /** The types of which both sides were asked for their objects. */
  readonly compared: readonly TypePair[];
}

/** The types that bringing configuration home is about. */
export interface SyncedTypes {
  readonly compared: readonly TypePair[];
  /** Of what is applied at the source, as the source serves them. */
  readonly written: readonly ResourceType[];
}

/**
 * Compares the destination with what the source would stage there now: what was changed at the destination since the
 * cutover. Replica counts and other park fields are not configuration. Reads both sides; writes nothing.
 * Throws as the connecting and listing of a stage do.
 */
export const diffConfig = async (
  source: ClusterReader,
  dest: ClusterWriter,
  options: StageOptions,
  deps: MoveDeps,
): Promise<ConfigDiff> => {
  const stageDeps = { source, dest, reporter: deps.reporter, signal: deps.signal, lock: 'held' as const };
  const connected = await connect(stageDeps, options);
  const collected = asReleased(await collect(stageDeps, options, connected));
  const types = collected.selected.map((pair) => pair.source);
  const scalePaths = await readScalePaths(source, types, deps.signal);
  const prepared = await prepare(stageDeps, { ...options, holdLoadBalancers: false }, collected, scalePaths);
  const deleted = prepared.flatMap(({ item, source, stashed }) =>
    item?.action === 'create' && !stashed && groupKind(source) !== 'Job.batch' ? [objectName(source)] : [],
  );
  return {
    changes: prepared.flatMap(changeOf),
    deleted,
    scalePaths,
    live: collected.dest,
    compared: collected.selected,
  };
};

/**
 * Brings changed configuration home: each changed object of the destination goes the way back through the transforms
 * and is applied at the source, without its park fields and without our marks. Returns how many were applied.
 */
export const syncConfig = async (
  source: ClusterWriter,
  dest: ClusterWriter,
  options: StageOptions,
  diff: ConfigDiff,
  deps: MoveDeps,
): Promise<number> => {
  const changed = await changedObjects(source, dest, options, diff, deps);
  await mapBounded(changed, options.concurrency, ({ type, object }) =>
    source.apply(type, object, { fieldManager: CONTENT_MANAGER }),
  );
  return changed.length;
};

/** Sends what syncConfig would apply as server-side dry runs: nothing is stored. Throws KubeApiError as tryWrite does. */
export const trySyncConfig = async (
  source: ClusterWriter,
  dest: ClusterWriter,
  options: StageOptions,
  diff: ConfigDiff,
  deps: MoveDeps,
): Promise<Tried[]> => {
  const changed = await changedObjects(source, dest, options, diff, deps);
  return mapBounded(changed, options.concurrency, ({ type, object }) =>
    tryWrite(objectName(object), [], () =>
      source.apply(type, object, { fieldManager: CONTENT_MANAGER, dryRun: true, signal: deps.signal }),
    ),
  );
};

/** What syncConfig reads and writes, by type, each once. Throws KubeApiError. */
export const syncedTypes = async (
  source: ClusterWriter,
  dest: ClusterWriter,
  options: StageOptions,
  diff: ConfigDiff,
  deps: Pick<MoveDeps, 'signal'>,
): Promise<SyncedTypes> => {
  const changed = await changedObjects(source, dest, options, diff, deps);
  return { compared: diff.compared, written: [...new Set(changed.map(({ type }) => type))] };
};

// Held or released is a matter of which side is live, and no change by anybody: both are compared as released.
const asReleased = (collected: Collected): Collected => ({
  ...collected,
  dest: collected.dest.map((object) => {
    const patch = releaseHeld(object);
    if (patch === undefined) return object;
    const released = clone(object);
    applyMergePatch(released, patch);
    return released;
  }),
});

const changedObjects = async (
  source: ClusterWriter,
  dest: ClusterWriter,
  options: StageOptions,
  diff: ConfigDiff,
  deps: Pick<MoveDeps, 'signal'>,
): Promise<{ readonly type: ResourceType; readonly object: KubeObject }[]> => {
  const discovery = await source.discover({ signal: deps.signal });
  const wanted = new Set(diff.changes.map(refKey));
  return diff.live
    .filter((object) => wanted.has(objectKey(object)))
    .flatMap((object) => {
      const type = discovery.types.find(
        (item) => item.kind === object.kind && object.apiVersion === apiVersionOf(item),
      );
      return type === undefined
        ? []
        : [{ type, object: homeward(object, dest.context, options, diff.scalePaths) }];
    });
};

const changeOf = ({ item, source }: Prepared): ConfigChange[] => {
  if (item === undefined || item.action !== 'update' || item.content === undefined || item.paths.length === 0)
    return [];
  const paths = item.paths.filter((path) => !PARK_PATHS.some((pattern) => pattern.test(path)));
  return paths.length === 0
    ? []
    : [{ apiVersion: source.apiVersion, kind: source.kind, name: source.metadata.name, paths }];
};

// Where a running copy differs from a parked one without anybody having changed its configuration.
const PARK_PATHS = [
  /^spec\.replicas$/,
  /^spec\.suspend$/,
  /^spec\.minReplicas$/,
  /^spec\.template\.spec\.nodeSelector/,
  /^spec\.persistentVolumeClaimRetentionPolicy\.whenScaled$/,
  /^metadata\.annotations\["dr-syncer\.io\//,
  /^metadata\.annotations\["autoscaling\.keda\.sh\/paused/,
];

const homeward = (
  object: KubeObject,
  destContext: string,
  options: StageOptions,
  scalePaths: ScalePaths,
): KubeObject => {
  const { desired } = transformObject(object, {
    ...options,
    storageClassMap: inverse(options.storageClassMap),
    accessModeMap: inverse(options.accessModeMap),
    imageMap: inverse(options.imageMap),
    hostMap: inverse(options.hostMap),
    ingressClassMap: inverse(options.ingressClassMap),
    holdLoadBalancers: false,
    sourceContext: destContext,
    hasArgoCd: false,
    destInjectsCa: true,
    sourceNamespace: options.destNamespace,
    destNamespace: options.sourceNamespace,
    namespaceMap: new Map([[options.destNamespace, options.sourceNamespace]]),
  });
  const plan = planPark(object, { scalePath: scalePaths.get(groupKind(object)) });
  const content = plan === undefined ? desired : stripParkFields(desired, plan);
  const { [MANAGED]: _managed, ...labels } = content.metadata.labels ?? {};
  const {
    [SOURCE_CLUSTER]: _cluster,
    [SOURCE_NAMESPACE]: _namespace,
    ...annotations
  } = content.metadata.annotations ?? {};
  return { ...content, metadata: { ...content.metadata, labels, annotations } };
};

const inverse = (map: ReadonlyMap<string, string>): Map<string, string> =>
  new Map([...map].map(([from, to]) => [to, from]));
