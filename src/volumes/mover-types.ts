import type { Verdict } from '../common/verdict.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';

/** One end of a copy: a claim in a namespace of one cluster. */
export interface ClaimEnd {
  readonly namespace: string;
  readonly claim: string;
}

/** A PVC to copy. `source` is where the data is now, whichever cluster that is (failback swaps the two). */
export interface ClaimPair {
  /** Name of the source PVC; the key of results, events and journal records. */
  readonly name: string;
  readonly source: ClaimEnd;
  readonly dest: ClaimEnd;
  /** Capacity of the source PVC as a Kubernetes quantity (`10Gi`), for messages only. */
  readonly capacity?: string | undefined;
}

/** A pair and whether it may be copied; `warn` copies and tells the operator. */
export interface PairedClaim {
  readonly pair: ClaimPair;
  readonly verdict: Verdict;
}

/** The ways of the mover, by their names in its version 3. */
export type StrategyName = 'mount' | 'clusterip' | 'loadbalancer' | 'nodeport' | 'local';

/** How volumes are copied. Times are milliseconds. */
export interface MoverOptions {
  /** Path of the mover; undefined means `pv-migrate` on PATH. */
  readonly path?: string | undefined;
  /** `--pv-migrate-flags`, split by splitFlags(). */
  readonly extraFlags: readonly string[];
  /** Tried in this order until one succeeds. */
  readonly strategies: readonly StrategyName[];
  /** Image references (`registry/name:tag`) in place of the mover's own. */
  readonly images: { readonly rsync?: string | undefined; readonly sshd?: string | undefined };
  /** Names of image pull secrets that exist in both namespaces. */
  readonly pullSecrets: readonly string[];
  /** Run the mover pods without root; ownership of files is then not kept. */
  readonly nonRoot: boolean;
  readonly tolerations: readonly JsonObject[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** `resources` of the mover containers, for namespaces whose ResourceQuota asks for them. */
  readonly resources?: JsonObject | undefined;
  /** Create an allow policy for the mover pods, so that a default-deny policy does not cut them off. */
  readonly networkPolicies: boolean;
  /** Upper bound of the transfer rate per claim in KiB/s; undefined means none. */
  readonly bandwidthKBps?: number | undefined;
  /** Keep owner and group of files. */
  readonly chown: boolean;
  readonly compress: boolean;
  /** Overall time for one claim. */
  readonly deadlineMs: number;
  /** How long the mover may wait for its pods, and for a load balancer address. */
  readonly helmTimeoutMs: number;
  readonly loadBalancerTimeoutMs: number;
  /** Delete files at the destination that the source does not have. */
  readonly deleteExtraneous: boolean;
  /** Copy from a claim that pods are using (a pre-copy: not consistent). */
  readonly ignoreMounted: boolean;
  /** Copy into a claim that is smaller than the source. */
  readonly ignoreSizes: boolean;
  /** Claims copied at once. */
  readonly concurrency: number;
}

/** Something the mover said, in one form for all of its versions. Byte counts are numbers of bytes. */
export type MoverEvent =
  | ProgressEvent
  | { readonly type: 'identified'; readonly id: string }
  | { readonly type: 'strategy'; readonly strategy: string }
  | { readonly type: 'declined'; readonly strategy?: string | undefined; readonly reason: string }
  | {
      readonly type: 'strategy-failed';
      readonly strategy?: string | undefined;
      readonly error: string;
      readonly diagnostics?: string | undefined;
    }
  | { readonly type: 'pod-log'; readonly pod?: string | undefined; readonly text: string }
  | { readonly type: 'vanished'; readonly message: string }
  | { readonly type: 'cleaning-up'; readonly message: string }
  | { readonly type: 'cleanup-failed'; readonly message: string }
  | { readonly type: 'succeeded'; readonly strategy?: string | undefined }
  | { readonly type: 'failed'; readonly error: string }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'noise'; readonly text: string };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ProgressEvent {
  readonly type: 'progress';
  readonly bytes?: number | undefined;
  /** An estimate by the mover, which changes from record to record. */
  readonly total?: number | undefined;
  /** 0..100. */
  readonly percent: number;
  /** Bytes per second. */
  readonly rate?: number | undefined;
  /** Files left to look at and files in all, where the mover tells. */
  readonly filesLeft?: number | undefined;
  readonly files?: number | undefined;
  /** The percentage says nothing: a re-sync in which unchanged files are not counted. */
  readonly indeterminate: boolean;
  /** The last record: `bytes` is the size of the whole tree, not what was sent. */
  readonly summary: boolean;
}

/** What the journal keeps of one mover process, so that a later run can end it and remove what it left. */
export interface MoverRecord {
  readonly claim: string;
  readonly attempt: number;
  readonly id: string;
  /** Known once the process has started. */
  readonly pid?: number | undefined;
  /** Tells this very process from a later one with the same pid; see processIdentity(). */
  readonly identity?: string | undefined;
}

/** How one claim ended. */
export interface ClaimResult {
  readonly name: string;
  readonly status: 'copied' | 'failed' | 'skipped' | 'refused';
  /** A sentence; for `copied` only when there is something to tell. */
  readonly reason?: string | undefined;
  /** The reason in short, for a list of several claims; undefined where the reason is short itself. */
  readonly brief?: string | undefined;
  /** Size of the source tree where the mover told it, else the bytes last reported. */
  readonly bytes?: number | undefined;
  readonly seconds: number;
  readonly strategy?: string | undefined;
  /** Last lines of the mover, without progress records; for failures. */
  readonly tail: readonly string[];
  readonly verification?: Verification | undefined;
}

export type VerifyMode = 'none' | 'size' | 'checksum';

/** The comparison of both sides of one claim. */
export interface Verification {
  readonly mode: VerifyMode;
  /** `unknown`: one side could not be read in full. */
  readonly outcome: 'equal' | 'different' | 'unknown';
  readonly reason?: string | undefined;
  readonly source?: TreeSummary | undefined;
  readonly dest?: TreeSummary | undefined;
  /** The first differences by path, at most 20. */
  readonly differences: readonly string[];
}

export interface TreeSummary {
  readonly files: number;
  readonly bytes: number;
}

/** What is needed of the process and its system: passed in, as only the entry point may touch `process`. */
export interface ProcessControl {
  /** Pid of dr-syncer itself. */
  readonly pid: number;
  /** process.kill: sends a signal, a negative pid meaning the process group. Throws when there is no such process. */
  kill(pid: number, signal: 'SIGINT' | 'SIGKILL'): unknown;
}

/** Time, passed in so that tests need not wait. `sleep` resolves early, without an error, when the signal aborts. */
export interface Clock {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** One claim with everything its checks look at. */
export interface ClaimView {
  readonly input: ClaimsInput;
  readonly source: KubeObject;
  readonly dest: KubeObject | undefined;
  /** The storage class that the destination PVC names, or the default one; undefined when there is none. */
  readonly destClass: KubeObject | undefined;
  /** Pods that reference the claim, in any phase. */
  readonly sourceUsers: readonly KubeObject[];
  readonly destUsers: readonly KubeObject[];
}

/** Everything that decides about the claims of one namespace. `source` is the side that has the data now. */
export interface ClaimsInput {
  readonly sourceNamespace: string;
  readonly destNamespace: string;
  readonly sourceClaims: readonly KubeObject[];
  readonly destClaims: readonly KubeObject[];
  /** Undefined: they may not be read, so nothing is said about them. */
  readonly destClasses: readonly KubeObject[] | undefined;
  readonly sourcePods: readonly KubeObject[];
  readonly destPods: readonly KubeObject[];
  /** Source class -> destination class. */
  readonly storageClassMap: ReadonlyMap<string, string>;
  /** The source runs on while data is copied: its claims may be in use, and the copy is not consistent. */
  readonly preCopy?: boolean | undefined;
  /** Copy into claims that are smaller than the source. */
  readonly ignoreSizes?: boolean | undefined;
  /** False: the data goes back, and no stage makes claims on that side. */
  readonly isStaging?: boolean | undefined;
  /** False: claims that the destination lacks are still to be made by a stage. */
  readonly destIsStaged?: boolean | undefined;
}
