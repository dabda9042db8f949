import { SOURCE_CLUSTER } from '../common/annotations.ts';
import type { Verdict } from '../common/verdict.ts';
import type { KubeObject, ResourceType } from '../kube/api-types.ts';
import { groupKind, groupOf } from '../kube/object-names.ts';
import { isBuiltinGroup } from '../pipeline/api-groups.ts';
import type { TypePair } from '../pipeline/choose-types.ts';
import { judgeObject } from '../pipeline/filter-objects.ts';
import type { FilterContext, Note, TransformContext } from '../pipeline/pipeline-types.ts';
import { type Bodies, planObject } from '../pipeline/plan-object.ts';
import { stashBody } from '../pipeline/stash.ts';
import { transformObject } from '../pipeline/transform-object.ts';
import { applyPark, parkBody, planPark, stripParkFields } from '../workloads/park.ts';
import type { ParkPlan, ScalePath, ScalePaths } from '../workloads/workload-types.ts';
import { type StashInput, stashNotes } from './held-back.ts';
import { leavingObject, type Prepared, refusedObject, unwritten } from './prepared-objects.ts';

/** What the objects of a namespace have in common while they are prepared. */
export interface Preparing {
  readonly destNamespace: string;
  readonly filter: FilterContext;
  readonly transform: TransformContext;
  readonly stash: StashInput;
  readonly scalePaths: ScalePaths;
  /** Names of the types that could not be listed at the destination. */
  readonly unlisted: ReadonlySet<string>;
  /** The destination's type of ConfigMaps. */
  readonly configMaps: ResourceType | undefined;
  readonly live: LiveObjects;
  /** The type of an object, when it is copied. */
  pairOf(object: KubeObject): TypePair | undefined;
}

/** Finds an object of the destination namespace. */
export type LiveObjects = (apiVersion: string, kind: string, name: string) => KubeObject | undefined;

/**
 * Filter -> transform -> park -> compare for one source object. Pure. Throws UsageError or RefusedError for a label or
 * annotation of ours that cannot be right.
 */
export const prepareObject = (object: KubeObject, run: Preparing): Prepared => {
  const { verdict } = judgeObject(object, run.filter);
  if (verdict.kind === 'skip' || verdict.kind === 'refuse') return unwritten(object, verdict);
  const pair = run.pairOf(object);
  if (pair === undefined) return unwritten(object, { kind: 'skip', reason: 'its type is not selected' });
  if (pair.dest === undefined)
    return refusedObject(object, pair.unsupported ?? 'the destination does not serve its type');
  if (run.unlisted.has(pair.name))
    return refusedObject(object, `the destination's ${pair.name} cannot be listed`);
  const { desired, notes } = transformObject(object, run.transform);
  const scalePath = run.scalePaths.get(groupKind(object));
  const plan = planPark(object, { scalePath });
  if (plan !== undefined)
    return written({ object, verdict, type: pair.dest, notes }, parkedBodies(desired, plan), run, plan);
  const isCustom = !isBuiltinGroup(groupOf(object.apiVersion));
  const kept = isCustom ? stashNotes(object, run.stash) : undefined;
  const unparked = [...notes, ...unparkedNotes(object, scalePath)];
  if (kept !== undefined || scalePath === 'never-zero')
    return stash({ object, verdict, notes: [...unparked, ...(kept ?? [])] }, desired, run);
  const bodies: Bodies = { parked: desired, content: desired, park: undefined };
  return written({ object, verdict, type: pair.dest, notes: unparked }, bodies, run);
};

interface Judged {
  readonly object: KubeObject;
  readonly verdict: Verdict;
  readonly notes: readonly Note[];
}

const parkedBodies = (desired: KubeObject, plan: ParkPlan): Bodies => ({
  parked: applyPark(desired, plan),
  content: stripParkFields(desired, plan),
  park: parkBody(desired, plan),
});

const written = (
  { object, verdict, type, notes }: Judged & { readonly type: ResourceType },
  bodies: Bodies,
  run: Preparing,
  plan?: ParkPlan,
): Prepared => {
  const present = run.live(object.apiVersion, object.kind, object.metadata.name);
  if (present?.metadata.deletionTimestamp !== undefined)
    return leavingObject(object, present, run.destNamespace);
  const item = planObject(type, bodies, present);
  const parkNotes = (plan?.notes ?? []).map((message): Note => ({ level: 'warn', path: '', message }));
  return {
    source: object,
    verdict,
    notes: [...notes, ...parkNotes, ...item.notes],
    item,
    stashed: false,
    parkReplicas: plan?.replicas,
  };
};

const unparkedNotes = ({ kind, metadata }: KubeObject, scalePath: ScalePath | undefined): Note[] => {
  const name = `${kind} ${metadata.name}`;
  if (scalePath === 'never-zero')
    return [
      {
        level: 'warn',
        path: '',
        message: `${name} cannot be scaled to 0, because its definition requires at least 1: a move does not stop it at the source, so stop it there by hand, or pause its operator.`,
      },
    ];
  if (scalePath !== 'no-pods') return [];
  return [
    {
      level: 'warn',
      path: '',
      message: `The scale of ${name} is not a number of pods, so it is neither parked nor stopped by itself; it stops with the workload that runs it.`,
    },
  ];
};

const stash = ({ object, verdict, notes }: Judged, desired: KubeObject, run: Preparing): Prepared => {
  const body = stashBody(withoutSourceMark(desired));
  if (body === 'too-large') {
    const reason =
      'dr-syncer does not know how to pause it, and its manifest is too large to be kept in a ConfigMap until the cutover; leave it out with the label dr-syncer.io/ignore=true and create it by hand';
    return refusedObject(object, reason, notes);
  }
  const present = run.live('v1', 'ConfigMap', body.metadata.name);
  if (present?.metadata.deletionTimestamp !== undefined)
    return leavingObject(object, present, run.destNamespace);
  const type = run.configMaps as ResourceType;
  const item = planObject(type, { parked: body, content: body, park: undefined }, present);
  return { source: object, verdict, notes, item, stashed: true, parkReplicas: undefined };
};

// The manifest has to be the same whoever stages, and by what name they know the source.
const withoutSourceMark = (desired: KubeObject): KubeObject => {
  const { [SOURCE_CLUSTER]: _cluster, ...annotations } = desired.metadata.annotations ?? {};
  return { ...desired, metadata: { ...desired.metadata, annotations } };
};
