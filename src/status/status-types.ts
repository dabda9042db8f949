import type { ExitName } from '../common/exit-codes.ts';
import type { SideRole } from '../common/side-role.ts';
import type { OperationKind, StateRecord } from '../state/record-types.ts';
import type { RunningWorkload } from '../workloads/running-workloads.ts';

export interface StatusSide {
  readonly context: string;
  readonly namespace: string;
  /** False when the side did not answer; then the rest is unknown. */
  readonly answers: boolean;
  /** Why it did not answer, or why its record or its pods could not be read. */
  readonly problem: string | undefined;
  readonly epoch: number | undefined;
  readonly phase: StateRecord['phase'] | undefined;
  /** Pods that run now, by workload; undefined when they could not be listed. */
  readonly pods: readonly RunningWorkload[] | undefined;
}

/** Where the application is and what is to be done; `--output json` is this value. Ages are seconds. */
export interface StatusResult {
  readonly schema: 'dr-syncer.io/status-result/v1';
  readonly outcome: ExitName;
  readonly exitCode: number;
  /** The row of docs/states.md. */
  readonly state: string;
  readonly summary: string;
  /** What cannot be known from here. */
  readonly unknown: string | undefined;
  /** The dr-syncer commands among `ways`, with `   or   ` in between; undefined when nothing is to be done. */
  readonly next: string | undefined;
  /** The commands that lead out of the state, each ready to be typed, and when it is the one. */
  readonly ways: readonly Way[];
  /** What only a person can decide. */
  readonly decide: string | undefined;
  readonly live: 'source' | 'dest' | 'moving' | 'unknown' | 'both';
  readonly since: string | undefined;
  readonly by: string | undefined;
  /** The mapping of a controller that keeps the copy: `namespace/name@uid`. */
  readonly managedBy?: string | undefined;
  readonly source: StatusSide | undefined;
  readonly dest: StatusSide;
  readonly lastStage:
    | { readonly at: string; readonly ageSeconds: number; readonly objects: number }
    | undefined;
  /** The recovery point: how old the last good copy of the volume data is. */
  readonly lastDataCopy:
    | { readonly at: string; readonly ageSeconds: number; readonly claims: number; readonly verified: number }
    | undefined;
  /** A later copy that was cut off, or a pre-copy, has written to the volumes of this side. */
  readonly mixedData: StateRecord['mixedData'] | undefined;
  readonly pendingFence: StateRecord['pendingFence'] | undefined;
  readonly operation:
    | (Pick<UnfinishedOperation, 'id' | 'kind' | 'startedAt' | 'step' | 'holder'> & {
        readonly running: boolean;
      })
    | undefined;
  readonly problems: readonly string[];
}

/** An unfinished operation as its journal tells it. */
export interface UnfinishedOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly startedAt: string;
  readonly step: string | undefined;
  readonly atWork: AtWork;
  readonly holder: string | undefined;
  /** A rollback of it has begun. */
  readonly isUndone: boolean;
  /** The sides that it, or what it closed, may have started. */
  readonly started: readonly SideRole[];
  /** Its rollback has to start the source. */
  readonly rollbackNeedsSource: boolean;
  /** What it needs on its command line to be resumed as it is. */
  readonly resumeWords: readonly string[];
}

/** A command that leads out of a state, and when it is the one to type. */
export interface Way {
  readonly when: string;
  readonly command: string;
}

/** Who is at work on an unfinished operation. */
export type AtWork =
  /** Its lock is held, and nothing says that its process is gone. */
  | 'running'
  /** Its lock has expired, and its process still runs on this host. */
  | 'stalled'
  /** Nobody: the lock is free, or its process on this host is gone. */
  | 'nobody'
  /** Nobody, as far as the lock says;  it has expired and is another operator's, who is asked for with --take-over. */
  | 'expired';
