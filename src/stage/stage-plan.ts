import type { KubeObject } from '../kube/api-types.ts';
import type { Finding } from '../needs/findings.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import type { StateRecord } from '../state/record-types.ts';
import type { ClusterNeeds } from './cluster-needs/bring-types.ts';
import type { Collected } from './collect-objects.ts';
import type { Connected } from './connect-sides.ts';
import type { Orphan } from './find-orphans.ts';
import type { LeftOutMark } from './left-out.ts';
import type { Prepared } from './prepare-plan.ts';

/** What was seen on both sides, and what becomes of each source object. */
export interface PreparedStage {
  /** By performance.now(). */
  readonly started: number;
  readonly connected: Connected;
  readonly collected: Collected;
  /** In the order in which they are applied. */
  readonly prepared: readonly Prepared[];
  readonly record: StateRecord | undefined;
  /** Hash over the content of everything that is staged. */
  readonly stageHash: string;
}

/** All that a stage means to do, before the first request that could change something. */
export interface StagePlan extends PreparedStage {
  /** What of the source objects is to be written, or is as wanted already. */
  readonly items: readonly PlanItem[];
  readonly clusterNeeds: ClusterNeeds;
  /** typeName() of the types that the destination serves only when their definitions are brought. */
  readonly defined: ReadonlySet<string>;
  readonly findings: readonly Finding[];
  readonly orphans: readonly KubeObject[];
  /** Manifests at the destination whose object is no part of the copy any more. */
  readonly manifests: readonly Orphan[];
  readonly marks: readonly LeftOutMark[];
}
