import { createHash } from 'node:crypto';
import {
  APPLIED_HASH,
  CONTENT_MANAGER,
  MANAGED,
  PARK_MANAGER,
  SOURCE_CLUSTER,
} from '../common/annotations.ts';
import type { JsonObject, KubeObject, ResourceType } from '../kube/api-types.ts';
import { stableStringify } from '../kube/raw-json.ts';
import { tierOf } from './apply-order.ts';
import { differences, pathText } from './compare-owned.ts';
import { fitLive } from './fit-live.ts';
import { keptByServer } from './kept-by-server.ts';
import { appliedFields, isManagedBy, ownsPath } from './owned-fields.ts';
import type { Note } from './pipeline-types.ts';

/** The bodies that make one object at the destination. */
export interface Bodies {
  /** The copied content, with the park fields at their parked values: what a creation sends. */
  readonly parked: KubeObject;
  /** The copied content without the park fields: what an update sends once the park manager owns them. */
  readonly content: KubeObject;
  /** The park fields alone, for the park manager; undefined for kinds that run nothing. */
  readonly park: KubeObject | undefined;
}

/** What is to be done about one object, decided before anything is written. */
export interface PlanItem {
  readonly type: ResourceType;
  readonly tier: number;
  readonly action: 'create' | 'update' | 'unchanged';
  /** The content body to apply; undefined when the content is there already. */
  readonly content: KubeObject | undefined;
  /** The park body to apply; undefined when there is none or it is there already. */
  readonly park: KubeObject | undefined;
  /** All of the object with its park fields parked: what makes it anew or replaces it, whatever is there already. */
  readonly whole: KubeObject;
  /** The park body that belongs to `whole`; undefined for kinds that run nothing. */
  readonly wholePark: KubeObject | undefined;
  readonly live: KubeObject | undefined;
  /** Paths that differ at the destination, at most 20. */
  readonly paths: readonly string[];
  /** The source did not change since the last stage; somebody changed the destination. */
  readonly drift: boolean;
  /** The object was there before, and dr-syncer did not make it. */
  readonly adopted: boolean;
  readonly notes: readonly Note[];
  /** Hash of the content that is wanted. */
  readonly hash: string;
}

const MOST_PATHS = 20;

/**
 * Compares what should be with what is. An object is unchanged when the hash of its content is the one that was
 * applied last, and the live object still has every field of it; a field that differs but still belongs to our
 * manager was put into another form by the server and is left alone. Pure.
 */
export const planObject = (type: ResourceType, bodies: Bodies, live: KubeObject | undefined): PlanItem => {
  const plan = comparePlan(type, bodies, live);
  const known = live?.metadata.annotations?.[SOURCE_CLUSTER];
  if (known === undefined || known === bodies.content.metadata.annotations?.[SOURCE_CLUSTER]) return plan;
  // The name of a context is the operator's own: another one for the same cluster is no reason to write.
  const same = comparePlan(type, namingSource(bodies, known), live);
  return same.action === 'unchanged' ? same : { ...plan, drift: same.drift };
};

const namingSource = (bodies: Bodies, cluster: string): Bodies => {
  const named = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { ...object.metadata.annotations, [SOURCE_CLUSTER]: cluster },
    },
  });
  return { ...bodies, parked: named(bodies.parked), content: named(bodies.content) };
};

const comparePlan = (type: ResourceType, bodies: Bodies, live: KubeObject | undefined): PlanItem => {
  const hash = contentHash(bodies.content);
  const tier = tierOf(bodies.parked);
  const wholePark = bodies.park;
  if (live === undefined) {
    const whole = withHash(bodies.parked, hash);
    const nothing = { paths: [], drift: false, adopted: false, notes: [] };
    return {
      type,
      tier,
      action: 'create',
      content: whole,
      park: wholePark,
      whole,
      wholePark,
      live,
      hash,
      ...nothing,
    };
  }
  // A move parks and starts with patches, a stage by apply; both are ours.
  const parkOwned = bodies.park === undefined || isManagedBy(live, PARK_MANAGER);
  const { desired, notes } = fitLive(parkOwned ? bodies.content : bodies.parked, live);
  const kept = keptByServer(desired, live);
  const contentPaths = [
    ...realDifferences(desired, live, CONTENT_MANAGER),
    ...(kept === undefined ? [] : [kept.path]),
  ];
  const park = bodies.park === undefined ? NO_PARK : comparePark(bodies.park, live);
  const sameHash = live.metadata.annotations?.[APPLIED_HASH] === hash;
  const contentSame = sameHash && contentPaths.length === 0;
  const parkSame = bodies.park === undefined || (parkOwned && park.paths.length === 0);
  return {
    type,
    tier,
    action: contentSame && parkSame ? 'unchanged' : 'update',
    content: contentSame ? undefined : withHash(desired, hash),
    park: parkSame ? undefined : wholePark,
    whole: withHash(bodies.park === undefined ? desired : bodies.parked, hash),
    wholePark,
    live,
    paths: [...contentPaths, ...park.paths].slice(0, MOST_PATHS),
    drift: sameHash && !(contentSame && parkSame) && parkOwned && !park.sourceChanged,
    adopted: live.metadata.labels?.[MANAGED] !== 'true',
    notes,
    hash,
  };
};

/** A short hash of the content of an object, the same whatever the order of its fields. */
export const contentHash = (content: KubeObject): string =>
  createHash('sha256').update(stableStringify(content)).digest('hex').slice(0, 16);

const realDifferences = (desired: KubeObject, live: KubeObject, manager: string): string[] => {
  const found = differences(withoutHash(desired), live);
  if (found.length === 0) return [];
  const fields = appliedFields(live, manager);
  return found.filter((path) => !ownsPath(fields, path)).map(pathText);
};

const NO_PARK = { paths: [], sourceChanged: false };

// The marks of a parked object are its running values as text, which no server puts into another form: where they
// differ and are still ours, the source has changed since.
const comparePark = (park: KubeObject, live: KubeObject): { paths: string[]; sourceChanged: boolean } => {
  const found = differences(park, live);
  const fields = appliedFields(live, PARK_MANAGER);
  const sourceChanged = found.some((path) => path[0] === 'metadata' && ownsPath(fields, path));
  const paths = sourceChanged ? found : found.filter((path) => !ownsPath(fields, path));
  return { paths: paths.map(pathText), sourceChanged };
};

const withHash = (object: KubeObject, hash: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [APPLIED_HASH]: hash } },
});

const withoutHash = (object: KubeObject): JsonObject => {
  const { [APPLIED_HASH]: _hash, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
};
