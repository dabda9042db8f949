import { CLOSED_GATE } from '../kube/write-gate.ts';
import type { OperationState } from './operation-state.ts';

/** The records of a dry run: nothing is behind it, and what it would write goes nowhere. */
export const planState = (
  epoch: number,
): Pick<
  OperationState,
  | 'gate'
  | 'operationId'
  | 'isDone'
  | 'hasBegun'
  | 'advance'
  | 'fail'
  | 'baseline'
  | 'starts'
  | 'setBaseline'
  | 'noteStopped'
  | 'noteReady'
  | 'markMoving'
  | 'markActive'
  | 'markPendingFence'
  | 'markFenced'
> => ({
  gate: CLOSED_GATE,
  operationId: 'dry-run',
  isDone: () => false,
  hasBegun: () => false,
  advance: nothing,
  fail: nothing,
  baseline: () => undefined,
  starts: () => [],
  setBaseline: nothing,
  noteStopped: nothing,
  noteReady: nothing,
  markMoving: nothing,
  markActive: async () => epoch + 1,
  markPendingFence: nothing,
  markFenced: nothing,
});

const nothing = async (): Promise<void> => undefined;
