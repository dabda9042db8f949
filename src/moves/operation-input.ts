import type { NamedSide } from '../common/command-line.ts';
import type { Reporter } from '../common/reporter.ts';
import type { JsonObject } from '../kube/api-types.ts';
import type { MoveOptions, MoveSide } from '../sides/side-types.ts';
import type { LockProcess } from '../state/lock.ts';
import type { OperationKind } from '../state/record-types.ts';

/** What every operation on the pair needs, whatever its kind. */
export interface OperationInput {
  readonly kind: OperationKind;
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
  /** How the record names the source when it does not answer. */
  readonly sourceName: NamedSide | undefined;
  readonly uids: { readonly source: string | undefined; readonly dest: string | undefined };
  readonly options: MoveOptions;
  /** Everything that a resumed run needs to build the same steps; goes into the journal, so no secrets. */
  readonly journalOptions: JsonObject;
  readonly operator: string;
  readonly commandLine: string;
  readonly version: string;
  readonly takeOver: boolean;
  /** This process, so that a resume does not take the lock of one that is still at work. */
  readonly process: LockProcess;
  /** Hides what could be a secret in texts that are stored. */
  redact(text: string): string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** A fence of the destination instead of the source. */
  readonly fencesDest?: boolean;
  /** Acknowledges, for a failover, that the source runs or may run. */
  readonly sourceGivenUp?: boolean;
  /** An unfinished operation to go on with, instead of a new one. */
  readonly resume: { readonly operationId: string } | undefined;
}
