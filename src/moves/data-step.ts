import type { WriteGate } from '../kube/write-gate.ts';
import type { MoverRecord } from '../volumes/mover-types.ts';
import type { OperationState } from './operation-state.ts';

/** The data copy of a move: what its steps ask for, with the records of the operation. */
export interface DataStep {
  /** `isStaged`: the claims at the destination are there already. */
  plan(isStaged: boolean): Promise<readonly string[]>;
  check(isStaged: boolean): Promise<string>;
  copy(state: OperationState, mark: string, signal: AbortSignal): Promise<string>;
  /** Ends what these copies may have left running. Returns a clause. */
  end: EndCopies;
}

/** Ends what copies of volume data may have left running in the clusters, through the gate of an operation. */
export type EndCopies = (records: readonly MoverRecord[], gate: WriteGate) => Promise<string>;
