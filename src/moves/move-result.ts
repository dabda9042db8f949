import type { ExitName } from '../common/exit-codes.ts';
import type { PreflightResult } from '../needs/preflight-result.ts';
import type { OperationKind } from '../state/record-types.ts';
import type { ClaimReport } from '../volumes/data-types.ts';

export interface StepReport {
  readonly id: string;
  readonly title: string;
  readonly state: 'done' | 'skipped' | 'failed' | 'earlier' | 'planned';
  readonly seconds: number;
  readonly detail: string;
  /** What a dry run would send or do, one line each. */
  readonly plan?: readonly string[];
}

/** The result of a move; `--output json` is this value. */
export interface MoveResult {
  readonly schema: 'dr-syncer.io/move-result/v1';
  readonly kind: OperationKind;
  readonly operationId: string;
  readonly outcome: ExitName;
  readonly exitCode: number;
  readonly summary: string;
  readonly hint: string | undefined;
  readonly dryRun: boolean;
  readonly source: { readonly context: string; readonly namespace: string } | undefined;
  readonly dest: { readonly context: string; readonly namespace: string };
  readonly epoch: number;
  readonly startedAt: string;
  readonly seconds: number;
  /** Seconds from the first stop of a workload to the other side ready; undefined when it did not get there. */
  readonly rtoSeconds: number | undefined;
  /**
   * Seconds of writes that may be lost: 0 when the data was copied while both sides were stopped, the age of the last
   * copy for a failover, undefined when no data was copied.
   */
  readonly rpoSeconds: number | undefined;
  /** What the preflight found; undefined for operations without one, and for a resumed one. */
  readonly preflight: PreflightResult | undefined;
  readonly steps: readonly StepReport[];
  readonly workloads: readonly {
    readonly kind: string;
    readonly name: string;
    readonly replicas: number | undefined;
  }[];
  /** How the copy of each claim ended, with its verification; undefined when no data was copied. */
  readonly claims: readonly ClaimReport[] | undefined;
  readonly warnings: readonly string[];
}
