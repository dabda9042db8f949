import type { Reporter } from '../common/reporter.ts';
import type { SideRole } from '../common/side-role.ts';
import type { ClusterWriter, Discovery, Json, ResourceType } from '../kube/api-types.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import type { ParkPlan, ScalePaths } from '../workloads/workload-types.ts';

/** One of the two namespaces of a move, open for writing. */
export interface MoveSide {
  readonly role: SideRole;
  readonly cluster: ClusterWriter;
  readonly namespace: string;
  readonly discovery: Discovery;
  /** Types that run pods or decide about those that do, as this side serves them. */
  readonly types: readonly ResourceType[];
  readonly scalePaths: ScalePaths;
}

/** A command to run at a point of a move, with its environment described in docs/hooks.md. */
export interface Hooks {
  readonly preStop: string | undefined;
  readonly postStop: string | undefined;
  readonly preStart: string | undefined;
  readonly postStart: string | undefined;
  readonly timeoutMs: number;
  /** `fail`: a failing hook stops the move; `warn`: it is told and the move goes on. */
  readonly onFailure: 'fail' | 'warn';
}

/** What must answer before the move counts as done. */
export interface Smoke {
  readonly url: string | undefined;
  readonly command: string | undefined;
  readonly attempts: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface MoveOptions {
  readonly dryRun: boolean;
  /** ms to wait for pods to end, and for each wave to be ready. */
  readonly waitTimeoutMs: number;
  /** ms that the stopped side must stay empty before the other one starts. */
  readonly holdMs: number;
  readonly concurrency: number;
  /** What to do about Jobs that run: wait for their end, refuse, suspend them, or leave them running. */
  readonly jobs: 'wait' | 'fail' | 'suspend' | 'leave';
  readonly ignoreBarePods: boolean;
  /** Go on although pods of an older revision run, which no start brings back. */
  readonly ignoreRevisions: boolean;
  /** Start the older revision of which pods serve on the other side, where that can be done. Cutover only. */
  readonly servingRevisions: boolean;
  readonly pauseGitops: boolean;
  readonly ignoreGitops: boolean;
  readonly forceDeletePods: boolean;
  readonly rollbackOnFailure: boolean;
  readonly hooks: Hooks;
  readonly smoke: Smoke;
}

export interface MoveDeps {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Asked before every step, as not every effect of one is a write that meets the gate; a dry run has none. */
  readonly gate?: WriteGate | undefined;
}

/** One workload as it ran before a move; immutable once it is in the journal. */
export interface BaselineEntry {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly plan: ParkPlan;
  /** It was not ready when the baseline was taken, so nobody waits for more than was. */
  readonly unready?: true;
  /** How many of its pods were ready then; only with `unready`, and absent counts as none. */
  readonly readyPods?: number;
}

/** What ran on the side that is stopped. */
export interface Baseline {
  readonly side: SideRole;
  readonly takenAt: string;
  readonly entries: readonly BaselineEntry[];
}

/** A parked object that is to be started, with the count to start it with. */
export interface StartTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly wave: number;
  /** Undefined: the recorded values as they are. */
  readonly replicas: number | undefined;
  /** What it is to run with by a record beside it; undefined where only its own mark says that. */
  readonly wanted: readonly WantedField[] | undefined;
  /** An autoscaler decides about its replicas. */
  readonly autoscaled: boolean;
  /** So many ready pods are enough, as it was not all ready before; undefined: it is to be ready. */
  readonly enough: number | undefined;
  /** Suspended objects (CronJobs) are resumed when everything else is up. */
  readonly last: boolean;
}

/** A field of a workload that is to run: the value that parks it, and the one it is to have. */
export interface WantedField {
  readonly path: readonly string[];
  readonly parked: Json;
  readonly wanted: Json | undefined;
  /** It is the replica count. */
  readonly isCount: boolean;
}
