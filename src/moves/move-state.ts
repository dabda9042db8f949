import type { SideRole } from '../common/side-role.ts';
import type { Baseline, BaselineEntry } from '../sides/side-types.ts';
import type { StepJournal } from './run-steps.ts';

/** What the records of an operation offer to its steps. */
export interface MoveState extends StepJournal {
  /** Whether a step has ever been begun, in this run or an earlier one. */
  hasBegun(id: string): boolean;
  /** What runs on the side that is stopped. */
  baseline(): Baseline | undefined;
  /** What the other side is to be started with, as it is recorded there; empty where the baseline says it. */
  starts(): readonly BaselineEntry[];
  /** Stores both, in place of earlier ones: what was stopped already must be in it as it was. */
  setBaseline(baseline: Baseline, starts?: readonly BaselineEntry[]): Promise<void>;
  /** Records the server's time of the first stop; what an earlier run has recorded stays. */
  noteStopped(): Promise<void>;
  /** Records the server's time at which everything was seen ready. */
  noteReady(): Promise<void>;
  /** Writes on both sides that the namespace is on the move. */
  markMoving(): Promise<void>;
  /** Writes on both sides where the application lives now, one epoch later. Returns the new epoch. */
  markActive(side: SideRole): Promise<number>;
}
