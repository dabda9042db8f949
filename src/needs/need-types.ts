import type { ClusterReader, Discovery, JsonObject, KubeObject } from '../kube/api-types.ts';
import type { Finding } from '../stage/stage-types.ts';
import type { Lister } from './lister.ts';

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
