import type { ExitName } from '../common/exit-codes.ts';
import type { SideRole } from '../common/side-role.ts';
import type { Json, JsonObject } from '../kube/api-types.ts';

/** The schema of every record; the number is the major version. */
export const SCHEMA = 'dr-syncer.io/state/v1';

/**
 * A namespace of the pair as one side sees itself. `standby`: parked, ready to take over; `active`: the application
 * runs here; `moving`: an operation is between the two; `fenced`: stopped and marked after it came back from the dead.
 */
export const PHASES = ['standby', 'active', 'moving', 'fenced'] as const;
export type Phase = (typeof PHASES)[number];

export const OPERATION_KINDS = ['cutover', 'failback', 'failover', 'rollback', 'fence'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** A namespace in a cluster. `clusterUid` is the UID of kube-system, absent where we may not read it. */
export interface Site {
  context: string;
  clusterUid?: string;
  namespace: string;
}

/** Where the application is live, and how the pair stands. Times are RFC 3339 by the destination's clock. */
export interface StateRecord {
  schema: string;
  /** Whose view `phase` is; absent counts as `dest`. */
  role?: SideRole;
  /** Counts the changes of the live side; never goes down. */
  epoch: number;
  phase: Phase;
  since: string;
  /** `user@host`. */
  by: string;
  source: Site;
  dest: Site;
  /**
   * The mapping of a controller that keeps the copy: `namespace/name@uid`, where `uid` is that of the cluster in which the
   * mapping is. Absent where only people stage.
   */
  managedBy?: string;
  lastStage?: { at: string; objects: number; hash: string };
  /** The last copy that left both sides with the same data. */
  lastDataCopy?: { at: string; claims: number; verified: number };
  /** Volumes of this side were written to since then by a copy that did not come to its end, or not consistently. */
  mixedData?: { since: string; side: SideRole; by: string };
  /** The source was declared lost without proof that it stopped. */
  pendingFence?: { since: string; epoch: number; reason: string };
  /** In the source's copy alone: the destination was declared lost, and the source started, without proof that it stopped. */
  destGivenUp?: { since: string; epoch: number; reason: string };
  operation?: {
    id: string;
    kind: OperationKind;
    startedAt: string;
    state: 'running' | 'stopped' /** It was given hooks, checks or images, which are not kept. */;
    asks?: true;
  };
}

/** A field that an operation changes to stop a workload; `original` is absent where the field was. */
export interface BaselineField {
  path: string[];
  parked: Json;
  original?: Json;
}

/** What one workload ran with before the operation touched it. */
export interface BaselineWorkload {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  /** The side it runs on; absent counts as `source`. */
  side?: SideRole;
  replicas?: number;
  /** It was not ready when this was recorded. */
  unready?: boolean;
  /** How many of its pods were ready then; only with `unready`. */
  readyPods?: number;
  fields: BaselineField[];
  /** Its autoscaler as it was: name, bounds, current count. */
  hpa?: JsonObject;
}

export const STEP_STATES = ['started', 'done', 'failed', 'undone', 'skipped'] as const;
export type StepState = (typeof STEP_STATES)[number];

export interface JournalStep {
  id: string;
  title: string;
  state: StepState;
  /** The latest start; a step that was interrupted and resumed has started more than once. */
  startedAt: string;
  starts?: number;
  endedAt?: string;
  detail?: string;
  error?: string;
}

/** What an unfinished operation had done to the two sides, kept by the failover that closed it. */
export interface ClosedOperation {
  operationId: string;
  kind: OperationKind;
  stopped: SideRole[];
  started: SideRole[];
}

/** One operation from its first step to its result. */
export interface Journal {
  schema: string;
  operationId: string;
  kind: OperationKind;
  /** The resolved options, without secrets. */
  options: JsonObject;
  planHash: string;
  by: string;
  host: string;
  /** Version of dr-syncer that started it. */
  version: string;
  startedAt: string;
  /** The command that goes on from here, ready to be typed. */
  resumeCommand: string;
  state: 'running' | 'stopped' | 'finished';
  /** Why it stopped, while `stopped`. */
  reason?: string;
  endedAt?: string;
  result?: ExitName;
  /** The server's time of the first patch that stopped something, whichever run sent it. */
  stoppedAt?: string;
  /** The server's time at which everything that was started was seen ready. */
  readyAt?: string;
  /** The unfinished operation that this failover closed. */
  over?: ClosedOperation;
  /**
   * What ran on the side that is stopped, and, for a failback and a failover, what the other side is to be started
   * with (`side` tells them apart).
   */
  baseline?: BaselineWorkload[];
  steps: JournalStep[];
  /** Results of the data copy by claim name. */
  data?: { [claim: string]: Json };
  /** What GitOps objects and autoscalers held before they were paused, by `Kind.group/namespace/name`. */
  gitops?: { [object: string]: Json };
}

/** What the caller knows when an operation begins. */
export type NewOperation = Pick<
  Journal,
  'operationId' | 'kind' | 'options' | 'planHash' | 'by' | 'version' | 'resumeCommand'
>;

/** One line of the audit record. */
export interface HistoryEntry {
  operationId: string;
  kind: string;
  who: string;
  /** Host that the command was typed on. */
  from: string;
  when: string;
  command: string;
  planHash: string;
  result: ExitName;
  seconds: number;
  perStepSeconds: { [step: string]: number };
  /** Seconds without a running application. */
  rtoSeconds?: number;
  /** Seconds of writes that may be lost. */
  rpoSeconds?: number;
}

export interface HistoryRecord {
  schema: string;
  entries: HistoryEntry[];
}
