import type { Json, KubeObject } from '../kube/api-types.ts';

/** A field that is changed to keep a workload from running pods, with both of its values. */
export interface ParkField {
  readonly path: readonly string[];
  /** The value that parks: 0 replicas, suspend true, an impossible nodeSelector. */
  readonly parked: Json;
  /** The value in the running application; undefined when the field was absent. */
  readonly original: Json | undefined;
}

/** How one object is parked, and what brings it back. */
export interface ParkPlan {
  /** groupKind() of the object. */
  readonly kind: string;
  readonly fields: readonly ParkField[];
  /** The replica count of the running application; undefined for kinds without one (CronJob, DaemonSet). */
  readonly replicas: number | undefined;
  /** Sentences for the report (missed runs of a CronJob, claims deleted on scale-down). */
  readonly notes: readonly string[];
}

/**
 * Where the scale subresource of a type keeps its count, `spec.replicas` as steps. Or why a count of 0 there does not
 * park it: `never-zero` when its schema asks for at least one, `no-pods` when the number counts something else.
 */
export type ScalePath = readonly string[] | 'never-zero' | 'no-pods';

/** The scale paths of types, by groupKind. */
export type ScalePaths = ReadonlyMap<string, ScalePath>;

/** What the parking table may know besides the object. */
export interface ParkOptions {
  /** Of the type, as its CRD says it; undefined when it has no scale subresource. */
  readonly scalePath?: ScalePath | undefined;
  /**
   * True when the plan stops a live application (the losing side of a cutover) instead of describing a parked copy:
   * scale-override is not honoured, since a warm standby next to the new side would be a second writer, and objects
   * that have finished are left alone.
   */
  readonly stop?: boolean | undefined;
}

/** What a kind needs to be parked, as the table of kinds says it of one object. */
export interface Parking {
  readonly fields: readonly ParkField[];
  /** Path of the field that is the replica count; undefined for kinds without one. */
  readonly countPath: readonly string[] | undefined;
  readonly notes: readonly string[];
}

/** What the operation decides at the moment of restoring. */
export interface RestoreOverrides {
  /** Replica count to start with instead of the recorded one. Ignored by kinds without a count. */
  readonly replicas?: number | undefined;
}

/** A park field on its way back: the value it has now, and the one it gets; undefined is an absent field. */
export interface RestoreField {
  readonly path: readonly string[];
  readonly from: Json | undefined;
  readonly to: Json | undefined;
}

/** How one parked object is brought back. */
export interface RestorePlan {
  /** groupKind() of the object. */
  readonly kind: string;
  readonly fields: readonly RestoreField[];
  /** The replica count that the object gets; undefined for kinds without one. */
  readonly replicas: number | undefined;
}

/** The custom resource, workload or GitOps object that an object belongs to. */
export interface OwnerName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** Whether an object is up, by its kind's own rules. */
export type Readiness =
  | { readonly state: 'ready' }
  | { readonly state: 'progressing' | 'failed'; readonly reason: string };

/** A pod-running root (Deployment, bare Pod, custom resource...) and the pods that descend from it. */
export interface WorkloadPods {
  readonly root: OwnerName;
  readonly pods: readonly KubeObject[];
}
