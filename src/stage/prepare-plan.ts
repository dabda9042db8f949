import { RECORD, SOURCE_CLUSTER } from '../common/annotations.ts';
import { RefusedError, UsageError } from '../common/errors.ts';
import { mapInSlices } from '../common/slices.ts';
import type { Verdict } from '../common/verdict.ts';
import type { KubeObject, ResourceType } from '../kube/api-types.ts';
import { groupKind, groupOf, objectKey } from '../kube/object-names.ts';
import { isObject } from '../kube/raw-json.ts';
import { isBuiltinGroup } from '../pipeline/api-groups.ts';
import type { TypePair } from '../pipeline/choose-types.ts';
import { judgeObject } from '../pipeline/filter-objects.ts';
import { createObjectIndex } from '../pipeline/object-index.ts';
import type { FilterContext, Note, TransformContext } from '../pipeline/pipeline-types.ts';
import { type Bodies, type PlanItem, planObject } from '../pipeline/plan-object.ts';
import { nameOfStash, stashBody } from '../pipeline/stash.ts';
import { transformObject } from '../pipeline/transform-object.ts';
import { deletionOf } from '../workloads/deletion-text.ts';
import { parkableKinds } from '../workloads/kinds.ts';
import { applyPark, parkBody, planPark, stripParkFields } from '../workloads/park.ts';
import { where } from '../workloads/parked-annotation.ts';
import { podsOfWorkloads } from '../workloads/pods-under.ts';
import type { ScalePath, ScalePaths } from '../workloads/workload-types.ts';
import type { Collected } from './collect-objects.ts';
import { type HoldInput, heldBack } from './held-back.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

/** One source object with what becomes of it. */
export interface Prepared {
  readonly source: KubeObject;
  readonly verdict: Verdict;
  readonly notes: readonly Note[];
  /** What is to be written; undefined when the object is left out or refused. */
  readonly item: PlanItem | undefined;
  /** The object is kept as a manifest in a ConfigMap: created, it would start pods that nothing here can park. */
  readonly stashed: boolean;
  readonly parkReplicas: number | undefined;
  /** The object of that name at the destination, when it is being deleted there: nothing can be written to it. */
  readonly leaving?: KubeObject;
}

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
  const pairs = new Map(collected.selected.map((pair) => [`${pair.source.group}/${pair.source.kind}`, pair]));
  const pairOf = (object: KubeObject): TypePair | undefined =>
    pairs.get(`${groupOf(object.apiVersion)}/${object.kind}`);
  const unlisted = new Set(
    collected.unlisted.filter((item) => item.side === 'dest').map((item) => item.pair.name),
  );
  const live = liveIndex(collected.dest);
  const podOwners = customRootsOfPods(collected.source);
  const objects = collected.source.filter((object) => pairOf(object) !== undefined || isBarePodKind(object));
  const parkable = parkableKinds();
  const isLasting = (kind: string): boolean => parkable.has(kind) || scalePaths.has(kind);
  const filtering: FilterContext = {
    sourceNamespace: options.sourceNamespace,
    destNamespace: options.destNamespace,
    index: createObjectIndex(collected.source),
    isBuiltinGroup,
    includeCustomResources: options.types.customResources,
    destServes: (group, kind) =>
      collected.pairs.some(
        (pair) => pair.dest !== undefined && pair.source.group === group && pair.source.kind === kind,
      ),
    isLasting,
    oneShotKinds: options.oneShotKinds,
  };
  const holding: HoldInput = {
    podOwners,
    isLasting,
    kinds: options.oneShotKinds,
    present: (object) => live(object.apiVersion, object.kind, object.metadata.name),
    keptIn: (object) => live('v1', 'ConfigMap', nameOfStash(object)),
  };
  const context: TransformContext = {
    ...options,
    sourceContext: deps.source.context,
    hasArgoCd: collected.hasArgoCd,
    destInjectsCa: collected.destInjectsCa,
    namespaceMap: new Map([[options.sourceNamespace, options.destNamespace]]),
  };
  const prepareOne = (object: KubeObject): Prepared => {
    const { verdict } = judgeObject(object, filtering);
    const left = { source: object, notes: [], item: undefined, stashed: false, parkReplicas: undefined };
    if (verdict.kind === 'skip' || verdict.kind === 'refuse') return { ...left, verdict };
    const pair = pairOf(object);
    if (pair === undefined) return { ...left, verdict: { kind: 'skip', reason: 'its type is not selected' } };
    if (pair.dest === undefined) {
      return {
        ...left,
        verdict: { kind: 'refuse', reason: pair.unsupported ?? 'the destination does not serve its type' },
      };
    }
    if (unlisted.has(pair.name)) {
      return {
        ...left,
        verdict: { kind: 'refuse', reason: `the destination's ${pair.name} may not be listed` },
      };
    }
    const { desired, notes } = transformObject(object, context);
    const scalePath = scalePaths.get(groupKind(object));
    const plan = planPark(object, { scalePath });
    const unparked = plan === undefined ? unparkedNotes(object, scalePath) : [];
    const isCustom = !isBuiltinGroup(groupOf(object.apiVersion));
    const held = plan === undefined && isCustom ? heldBack(object, holding) : undefined;
    if (held !== undefined || (plan === undefined && scalePath === 'never-zero')) {
      const all = [...notes, ...unparked, ...(held ?? [])];
      return stash(object, verdict, desired, all, { options, collected, live });
    }
    const bodies: Bodies =
      plan === undefined
        ? { parked: desired, content: desired, park: undefined }
        : {
            parked: applyPark(desired, plan),
            content: stripParkFields(desired, plan),
            park: parkBody(desired, plan),
          };
    const present = live(object.apiVersion, object.kind, object.metadata.name);
    if (present?.metadata.deletionTimestamp !== undefined) return leaving(object, present, options);
    const item = planObject(pair.dest, bodies, present);
    const parkNotes = (plan?.notes ?? []).map((message): Note => ({ level: 'warn', path: '', message }));
    return {
      source: object,
      verdict,
      notes: [...notes, ...unparked, ...parkNotes, ...item.notes],
      item,
      stashed: false,
      parkReplicas: plan?.replicas,
    };
  };
  return mapInSlices(objects, (object) => {
    try {
      return prepareOne(object);
    } catch (error) {
      return unreadable(object, error);
    }
  });
};

// A label or an annotation that says nothing that can be done: one object is refused by name, and whoever may edit it has
// no say about the others (S12).
const unreadable = (object: KubeObject, error: unknown): Prepared => {
  if (!(error instanceof UsageError || error instanceof RefusedError)) throw error;
  const said = error.message.replace(`${where(object)} has`, 'it has').replace(/\.$/, '');
  return {
    source: object,
    verdict: {
      kind: 'refuse',
      reason: error.hint === undefined ? said : `${said}: ${error.hint.replace(/\.$/, '')}`,
    },
    notes: [],
    item: undefined,
    stashed: false,
    parkReplicas: undefined,
  };
};

const unparkedNotes = ({ kind, metadata }: KubeObject, scalePath: ScalePath | undefined): Note[] => {
  const name = `${kind} ${metadata.name}`;
  if (scalePath === 'never-zero')
    return [
      {
        level: 'warn',
        path: '',
        message: `${name} cannot be scaled to 0, as its definition asks for at least 1: it is not stopped at the source by a move, so stop it there by hand, or pause its operator.`,
      },
    ];
  if (scalePath !== 'no-pods') return [];
  return [
    {
      level: 'warn',
      path: '',
      message: `The scale of ${name} is not a number of pods, so it is neither parked nor stopped by itself; it rests where what runs it rests.`,
    },
  ];
};

const stash = (
  object: KubeObject,
  verdict: Verdict,
  desired: KubeObject,
  notes: readonly Note[],
  run: { readonly options: StageOptions; readonly collected: Collected; readonly live: LiveIndex },
): Prepared => {
  const body = stashBody(withoutSourceMark(desired));
  if (body === 'too-large') {
    const reason =
      'nothing is known that pauses it, and its manifest is too large to be kept in a ConfigMap until the cutover; leave it out with the label dr-syncer.io/ignore=true and create it by hand';
    return {
      source: object,
      verdict: { kind: 'refuse', reason },
      notes,
      item: undefined,
      stashed: false,
      parkReplicas: undefined,
    };
  }
  const type = run.collected.pairs.find((pair) => pair.name === 'configmaps')?.dest as ResourceType;
  const present = run.live('v1', 'ConfigMap', body.metadata.name);
  if (present?.metadata.deletionTimestamp !== undefined) return leaving(object, present, run.options);
  const item = planObject(type, { parked: body, content: body, park: undefined }, present);
  return { source: object, verdict, notes, item, stashed: true, parkReplicas: undefined };
};

// The manifest has to be the same whoever stages, and by what name they know the source.
const withoutSourceMark = (desired: KubeObject): KubeObject => {
  const { [SOURCE_CLUSTER]: _cluster, ...annotations } = desired.metadata.annotations ?? {};
  return { ...desired, metadata: { ...desired.metadata, annotations } };
};

// Written to, it would be gone all the same as soon as its finalizers are, and the copy with it.
const leaving = (source: KubeObject, present: KubeObject, { destNamespace }: StageOptions): Prepared => ({
  source,
  verdict: {
    kind: 'refuse',
    reason: `its copy in namespace ${destNamespace} ${deletionOf(present)}; run the command again when that is gone`,
  },
  notes: [],
  item: undefined,
  stashed: false,
  parkReplicas: undefined,
  leaving: present,
});

type LiveIndex = (apiVersion: string, kind: string, name: string) => KubeObject | undefined;

const liveIndex = (objects: readonly KubeObject[]): LiveIndex => {
  const byName = new Map(objects.map((object) => [objectKey(object), object]));
  return (apiVersion, kind, name) => byName.get(`${groupKind({ apiVersion, kind })}/${name}`);
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
