import type { SideRole } from '../common/side-role.ts';
import type { ClusterReader, Discovery, JsonObject, KubeObject } from '../kube/api-types.ts';
import type { Finding } from './findings.ts';

/** What the checks look at: both clusters, and the objects of the namespace on both sides. */
export interface CheckInput {
  readonly source: ClusterReader;
  readonly dest: ClusterReader;
  readonly sourceNamespace: string;
  readonly destNamespace: string;
  /** What is to be written to the destination: transformed and parked. */
  readonly desired: readonly KubeObject[];
  /** Live objects of the source namespace. */
  readonly sourceObjects: readonly KubeObject[];
  /** Live objects of the destination namespace. */
  readonly destObjects: readonly KubeObject[];
  readonly sourceDiscovery: Discovery;
  readonly destDiscovery: Discovery;
  readonly sourceNamespaceObject: KubeObject;
  /** Undefined when the namespace does not exist at the destination yet. */
  readonly destNamespaceObject: KubeObject | undefined;
  /** Source class -> destination class, as it was applied to `desired`. */
  readonly storageClassMap: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** ClusterRoles that may mean more at the destination; see checkWiderRoles. */
  readonly acceptedClusterRoles?: readonly string[] | undefined;
  /** The copy is about to run: what keeps its pods from being created refuses instead of warning. */
  readonly strict?: boolean | undefined;
}

/** A pod spec of the copy as it will run, with the parked fields at their running values. */
export interface PodTemplate {
  /** The object that the pods come from. */
  readonly object: KubeObject;
  readonly spec: JsonObject;
}

/** CheckInput with what the checks share. `desired` includes the manifests in stash ConfigMaps. */
export interface CheckContext extends CheckInput {
  readonly lister: Lister;
  readonly templates: readonly PodTemplate[];
}

/**
 * One question about the clusters. Returns what the operator should know. A missing right to look gives no finding
 * here, since the lister reports it. Throws KubeApiError when a cluster cannot be reached.
 */
export type Check = (context: CheckContext) => Promise<Finding[]> | Finding[];

/**
 * Reads what checks ask for, each thing once however many checks ask. Types are named as typeName() names them;
 * `question` is a clause that begins with "whether" and says what stays open if we may not look.
 */
export interface Lister {
  /** All objects of a type in the whole cluster. Throws KubeApiError when there is no usable answer at all. */
  list(side: SideRole, type: string, question: string): Promise<Listed>;
  /** One object, cluster-scoped when `namespace` is undefined. Throws as list() does. */
  get(
    side: SideRole,
    type: string,
    namespace: string | undefined,
    name: string,
    question: string,
  ): Promise<Found>;
  /** What could not be looked at so far, one finding per side, type and namespace. */
  findings(): Finding[];
}

/** What a list came to. `not-served`: the cluster has no such type. `unknown`: we may not look. */
export type Listed =
  | { readonly state: 'listed'; readonly objects: readonly KubeObject[] }
  | { readonly state: 'not-served' | 'unknown' };

/** What a look at one object came to. */
export type Found =
  | { readonly state: 'found'; readonly object: KubeObject }
  | { readonly state: 'absent' | 'unknown' };
