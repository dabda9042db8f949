import type { Json, KubeObject } from '../kube/types.ts';

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

/** What the parking table may know besides the object. */
export interface ParkOptions {
  /** `spec.replicas`-like path of the type's scale subresource in its CRD; undefined when it has none. */
  readonly scalePath?: readonly string[] | undefined;
  /** Name of the scale target of HPAs and ScaledObjects that are held at zero; for messages only. */
  readonly sourceParked?: boolean | undefined;
}

/** Whether an object is up, by its kind's own rules. */
export type Readiness =
  | { readonly state: 'ready' }
  | { readonly state: 'progressing' | 'failed'; readonly reason: string };

/** A pod-running root (Deployment, bare Pod, custom resource...) and the pods that descend from it. */
export interface WorkloadPods {
  readonly root: { readonly apiVersion: string; readonly kind: string; readonly name: string };
  readonly pods: readonly KubeObject[];
}
