import type { RunProcess } from '../verbs/runtime.ts';
import type { ControllerLog } from './controller-log.ts';

/** How a controller runs, by its flags. Durations are ms. */
export interface ControllerOptions {
  readonly metricsAddress: string;
  readonly probeAddress: string;
  readonly leaderElect: boolean;
  readonly leaderElectionId: string;
  /** Where the Lease is; default: the pod's own namespace. */
  readonly leaderElectionNamespace: string;
  /** Empty: the custom resources of all namespaces. */
  readonly watchNamespaces: readonly string[];
  readonly maxConcurrentSyncs: number;
  readonly resyncMs: number;
  readonly allowCrossNamespaceRefs: boolean;
  readonly allowKubeconfigExec: boolean;
  readonly allowInsecureTls: boolean;
  readonly allowLoopbackServers: boolean;
  /** For RemoteClusters that name none of their own. */
  readonly defaultSchedule?: string | undefined;
  readonly defaultResourceTypes?: readonly string[] | undefined;
  /** Plan and measure, and write nothing but statuses. */
  readonly observe: boolean;
}

/** What a controller works with. */
export interface ControllerDeps {
  /** The name of this pod, or of this process. */
  readonly instance: string;
  readonly version: string;
  readonly process: RunProcess;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: ControllerLog;
  readonly signal: AbortSignal;
}
