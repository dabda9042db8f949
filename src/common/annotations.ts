/** The only place that spells a dr-syncer.io key. The first six keep the meaning they had in the older tool. */
export const PREFIX = 'dr-syncer.io/';

/** Annotation: the replica count of the running application, a decimal number. */
export const ORIGINAL_REPLICAS = `${PREFIX}original-replicas`;
/** Label or annotation: `true` leaves the object out. */
export const IGNORE = `${PREFIX}ignore`;
/** Label or annotation: park at this many replicas instead of 0 (warm standby). */
export const SCALE_OVERRIDE = `${PREFIX}scale-override`;
/** Label or annotation on a claim: the StorageClass at the destination. */
export const STORAGE_CLASS = `${PREFIX}storage-class`;
/** Label or annotation on a claim: the access mode at the destination. */
export const ACCESS_MODE = `${PREFIX}access-mode`;
/** Label or annotation: `patch`, `skip`, `recreate` or `fail` when the destination refuses an immutable change. */
export const IMMUTABLE_HANDLING = `${PREFIX}immutable-handling`;

/**
 * Label or annotation on a custom resource: `true` says that it is a run, a backup or a restore that is done once and must
 * not be done again, `false` that it is none.
 */
export const ONE_SHOT = `${PREFIX}one-shot`;

/** Annotation on a NamespaceMapping: a new value asks for one sync, in every mode; we never take it away. */
export const SYNC_NOW = `${PREFIX}sync-now`;
/** Annotation on a RemoteCluster: the UID by which it may answer although it was another cluster before. */
export const ACCEPT_CLUSTER_UID = `${PREFIX}accept-cluster-uid`;
/** Label: `true` on every object that dr-syncer made; only such objects are ever recreated or pruned. */
export const MANAGED = `${PREFIX}managed`;
/** Annotation: the source cluster's context name when the object was last written; nothing is decided by it. */
export const SOURCE_CLUSTER = `${PREFIX}source-cluster`;
/** Annotation: the namespace the object was copied from. */
export const SOURCE_NAMESPACE = `${PREFIX}source-namespace`;
/** Annotation: hash of the content last applied, for the cheap test that nothing changed. */
export const APPLIED_HASH = `${PREFIX}applied-hash`;
/** Annotation: JSON of the park fields of the object, with parked and original values. */
export const PARKED = `${PREFIX}parked`;
/**
 * Annotation on a copy: why the last stage would not have made it (`gone`, `finished`, `ignored`, `left-out`). A failover
 * leaves it parked.
 */
export const LEFT_OUT = `${PREFIX}left-out`;
/**
 * Annotation on a stopped workload: the ReplicaSet or ControllerRevision of which pods served although the template was a
 * newer one. It stays until the newer template is in place again.
 */
export const SERVING_REVISION = `${PREFIX}serving-revision`;
/** Annotation: the ReplicaSet or ControllerRevision with the template that is to be put in place again. */
export const NEWER_REVISION = `${PREFIX}newer-revision`;
/** Annotation on a copy: the source's revision whose template it has in place of a newer one (`--serving-revisions`). */
export const COPIED_REVISION = `${PREFIX}copied-revision`;
/** Label: set and taken off at once when an operation is taken over; it moves the version, see outdateWrites. */
export const TAKEN_OVER = `${PREFIX}taken-over`;
/** Label: names our own records (`state`, `journal`, `stash`) so that they are never copied. */
export const RECORD = `${PREFIX}record`;
/** Label: `true` on temporary objects of dr-syncer. */
export const TEMPORARY = `${PREFIX}temporary`;
/** Annotation: start-up wave of a workload, an integer; lower starts first, 0 where absent. */
export const WAVE = `${PREFIX}wave`;
/** Annotation: the type of a Service that is a ClusterIP while it is held (`--hold-load-balancers`). */
export const HELD_SERVICE_TYPE = `${PREFIX}held-service-type`;
/** Annotation: JSON of the spec fields of a held Service that only its own type may carry. */
export const HELD_SERVICE_SPEC = `${PREFIX}held-service-spec`;
/** Prefix of an annotation that is out of force while its object is held; the rest names the real annotation. */
export const HELD_PREFIX = `${PREFIX}held.`;
/**
 * Annotation: the object was held, and a move has released it; JSON of the spec fields that its hold had kept, so that it
 * can be held again in the same form.
 */
export const RELEASED = `${PREFIX}released`;
/** Node label in the impossible selector of a parked DaemonSet; no node ever carries it. */
export const PARKED_NODE = `${PREFIX}parked`;

/** Field manager of the content that is copied. */
export const CONTENT_MANAGER = 'dr-syncer';
/** Field manager of the parking fields (replicas, suspend...), so that content and scale never fight. */
export const PARK_MANAGER = 'dr-syncer-park';

// What the user writes. The rest is our own record of one direction.
const USER_SETTINGS: ReadonlySet<string> = new Set([
  IGNORE,
  SCALE_OVERRIDE,
  STORAGE_CLASS,
  ACCESS_MODE,
  IMMUTABLE_HANDLING,
  ONE_SHOT,
  WAVE,
]);

/** Whether a label or annotation is a record of dr-syncer's own, as opposed to a setting of the user's. Pure. */
export const isOwnMark = (key: string): boolean => key.startsWith(PREFIX) && !USER_SETTINGS.has(key);
