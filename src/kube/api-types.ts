import type { MappedCluster } from '../common/command-line.ts';
import type { WriteGate } from './write-gate.ts';

/** A JSON value as parsed from the wire. Integers beyond 2^53 are kept as raw JSON numbers (see json.ts). */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [field: string]: Json | undefined };

export interface OwnerReference extends JsonObject {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean | undefined;
}

export interface ObjectMeta extends JsonObject {
  name: string;
  namespace?: string | undefined;
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  generation?: number | undefined;
  creationTimestamp?: string | undefined;
  deletionTimestamp?: string | undefined;
  labels?: { [key: string]: string } | undefined;
  annotations?: { [key: string]: string } | undefined;
  ownerReferences?: OwnerReference[] | undefined;
  finalizers?: string[] | undefined;
  managedFields?: JsonObject[] | undefined;
}

/** A Kubernetes object as raw JSON: every field the server sent is there, known to us or not. */
export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A type of object: group ("" for core) and plural name, which together identify it. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** One type as a server serves it, in one version. */
export interface ResourceType extends GroupResource {
  readonly version: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly singular: string;
  readonly categories: readonly string[];
  /** Names of subresources, such as `status` and `scale`. */
  readonly subresources: readonly string[];
}

/** What a server serves: every type in every version, the preferred version first. */
export interface Discovery {
  readonly types: readonly ResourceType[];
  /** Group/versions that could not be discovered (a dead aggregated API), with the reason. */
  readonly failed: readonly { readonly groupVersion: string; readonly reason: string }[];
}

/** Where a namespaced or cluster-scoped request goes. */
export interface ObjectRef {
  readonly type: ResourceType;
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface ListOptions {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects per page; the default is 500. */
  readonly pageSize?: number | undefined;
  /** Only the metadata of the objects is sent, and nothing else is taken: for what must not read the values of Secrets. */
  readonly metadataOnly?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is made of the objects of a list, one after the other. */
export interface Fold<T> {
  start(): T;
  add(result: T, object: KubeObject): void;
  /** Told at the end: the resourceVersion of the list, from which a watch can go on. */
  end?(result: T, resourceVersion: string): void;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

/** One question to SelfSubjectAccessReview. */
export interface AccessQuestion {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** How long the server is asked to keep a watch open, and for how long its end is then waited for. */
export interface WatchLimits {
  readonly seconds: number;
  /** Up to this much is added at random, so that many watches do not end at once. */
  readonly jitterSeconds: number;
  readonly graceMs: number;
}

export interface WatchOptions extends ListOptions {
  /** Changes after this version are told. */
  readonly resourceVersion: string;
  /** Default: less than a minute in all. */
  readonly limits?: WatchLimits | undefined;
}

/** A watch event; `opened`: the server takes the watch; `error` ends the watch and the caller lists again. */
export type WatchEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'added' | 'modified' | 'deleted' | 'bookmark'; readonly object: KubeObject }
  | { readonly type: 'error'; readonly reason: string; readonly status?: number | undefined };

/** The counts of requests a cluster object has sent, for benchmarks and for the report. */
export interface RequestCounts {
  readonly total: number;
  readonly lists: number;
  readonly gets: number;
  readonly discovery: number;
  readonly dryRuns: number;
  readonly writes: number;
  readonly reviews: number;
  readonly retries: number;
}

/**
 * A cluster that can only be read. `stage` and `plan` get the source as a ClusterReader, so a write to the source
 * does not compile, and createReader builds an object that has no write methods at run time either.
 */
export interface ClusterReader {
  /** The kubeconfig context. */
  readonly context: string;
  /** The kubeconfig that a flag named for this side, absolute. */
  readonly kubeconfig?: string | undefined;
  /** The mapping that names the cluster, where one does. */
  readonly mapping?: MappedCluster | undefined;
  readonly server: string;
  /** The user's default namespace of the context, if it names one. */
  readonly defaultNamespace: string | undefined;
  discover(options?: RequestOptions): Promise<Discovery>;
  /** Major and minor version of the server, such as `1.34`. Throws KubeApiError. */
  version(options?: RequestOptions): Promise<string>;
  /** UID of the kube-system namespace, which identifies the cluster; undefined when we may not read it. */
  clusterUid(options?: RequestOptions): Promise<string | undefined>;
  /** All objects of a type, paged; an expired page restarts the list. Throws KubeApiError. */
  list(type: ResourceType, namespace: string | undefined, options?: ListOptions): Promise<KubeObject[]>;
  /** All objects of a type with the resourceVersion of the list, from which a watch can go on. Throws KubeApiError. */
  snapshot(
    type: ResourceType,
    namespace: string | undefined,
    options?: ListOptions,
  ): Promise<{ readonly objects: KubeObject[]; readonly resourceVersion: string }>;
  /** Goes through all objects of a type, one page in memory at a time. Throws KubeApiError. */
  fold<T>(type: ResourceType, namespace: string | undefined, options: ListOptions, fold: Fold<T>): Promise<T>;
  /** How many objects of a type there are, by a list with limit 1. Throws KubeApiError. */
  count(type: ResourceType, namespace: string | undefined, options?: RequestOptions): Promise<number>;
  /** One object, or undefined when it does not exist. Throws KubeApiError. */
  get(ref: ObjectRef, options?: RequestOptions): Promise<KubeObject | undefined>;
  /** Whether we may do this, by SelfSubjectAccessReview. Throws KubeApiError. */
  can(question: AccessQuestion, options?: RequestOptions): Promise<{ allowed: boolean; reason: string }>;
  /** Changes of a type after resourceVersion, until the signal aborts or the server ends the stream. */
  watch(type: ResourceType, namespace: string | undefined, options: WatchOptions): AsyncIterable<WatchEvent>;
  /** The server's clock in ms since the epoch, from the Date headers of its answers; good to half a second. */
  now(): number;
  /**
   * From now on, a server that does not answer is asked again for so many ms instead of a few times: in the middle of a
   * move it is worth waiting for one that is being restarted.
   */
  endure(ms: number): void;
  /** Logs of one container, the last `tailLines` lines. Throws KubeApiError. */
  logs(
    namespace: string,
    pod: string,
    options: RequestOptions & { container?: string; tailLines?: number },
  ): Promise<string>;
  counts(): RequestCounts;
  /**
   * How many writes have changed this cluster, or may have: the Lease of the lock is left out, and so is what the
   * server refused. 0 for a cluster that is only read.
   */
  written(): number;
  /** Warning headers the server has sent, each once. */
  warnings(): readonly string[];
  /** Closes idle connections. */
  close(): Promise<void>;
}

export interface WriteOptions extends RequestOptions {
  readonly fieldManager: string;
  /** Server-side dry run: everything is checked, nothing is stored. */
  readonly dryRun?: boolean | undefined;
  /** The whole objects that a body is a part of: what a server quotes of them is hidden like what it quotes of the body. */
  readonly about?: readonly (KubeObject | undefined)[] | undefined;
}

/** A write and how it went: the stored object, the attempts it took, and what the server warned of. */
export interface WriteResult {
  readonly object: KubeObject;
  readonly attempts: number;
  readonly warnings: readonly string[];
}

/** On what terms a cluster is written. */
export interface WriteTerms {
  /** Asked before every attempt of every write. */
  readonly gate: WriteGate;
  /** Ends reads at once; after it no further attempt of a write is sent, and the one under way ends by itself. */
  readonly signal?: AbortSignal | undefined;
  /** Requests do not wait in the queue of the connection. */
  readonly urgent?: boolean | undefined;
}

/**
 * A cluster that may be written. Every write of dr-syncer goes through one of these methods, and each asks a gate before
 * every attempt; as opened the gate is closed for all but dry runs.
 */
export interface ClusterWriter extends ClusterReader {
  /** The same connection with another gate. Reads of it that name no signal end with this one's. */
  through(gate: WriteGate, terms?: Omit<WriteTerms, 'gate'>): ClusterWriter;
  /**
   * Server-side apply. Creates or updates; takes fields over from other managers unless `force` is false. A
   * resourceVersion in the object must be the live one's. Throws KubeApiError.
   */
  apply(
    type: ResourceType,
    object: KubeObject,
    options: WriteOptions & { readonly force?: boolean },
  ): Promise<WriteResult>;
  create(type: ResourceType, object: KubeObject, options: WriteOptions): Promise<WriteResult>;
  /** PUT; the object carries the resourceVersion it replaces. */
  replace(type: ResourceType, object: KubeObject, options: WriteOptions): Promise<WriteResult>;
  /** JSON merge patch (RFC 7386) of an object or of one of its subresources. */
  patch(
    ref: ObjectRef & { readonly subresource?: string | undefined },
    patch: JsonObject,
    options: WriteOptions,
  ): Promise<WriteResult>;
  /** Deletes with a UID precondition. Returns false when the object was already gone. */
  delete(
    ref: ObjectRef,
    options: RequestOptions & {
      readonly uid?: string | undefined;
      readonly propagation?: 'Orphan' | 'Background' | 'Foreground' | undefined;
      readonly gracePeriodSeconds?: number | undefined;
      readonly dryRun?: boolean | undefined;
    },
  ): Promise<boolean>;
}
