import type { JsonObject, KubeObject } from '../kube/api-types.ts';

/** An object that will run pods on the side that starts. */
export interface Starter {
  /** As it will be when it runs. */
  readonly object: KubeObject;
  /** As it is there now; undefined when the stage is to create it. */
  readonly live: KubeObject | undefined;
  readonly template: Template;
  /** How many pods it will run at once, as far as that is known before. */
  readonly pods: number;
  /** How many of them run there already (a warm standby). */
  readonly running: number;
  /** Its pods end by themselves (Jobs). */
  readonly ends: boolean;
}

/** A pod template with what its pods ask for. */
interface Template {
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
}
