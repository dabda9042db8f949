import { preflightMover } from '../data/preflight.ts';
import { UsageError } from '../errors.ts';
import type { Io } from '../io.ts';
import {
  type CopyDataResult,
  copyData,
  type DataJournal,
  type DataOptions,
  type DataSide,
  pairNow,
} from '../operations/data/copy-data.ts';
import type { OperationState } from '../operations/move/records.ts';
import type { MoveSide } from '../operations/move/types.ts';
import type { Session } from './session.ts';

export interface DataStepInput {
  readonly io: Io;
  readonly session: Session;
  /** The side that has the data now. */
  readonly from: MoveSide;
  readonly to: MoveSide;
  readonly options: DataOptions;
  readonly storageClassMap: ReadonlyMap<string, string>;
}

/**
 * Checks the mover before anything is stopped and returns the step that copies the data. Throws RefusedError when the
 * program is missing or does not take the options.
 */
export const dataStep = async (input: DataStepInput) => {
  const { io, session, from, to, options } = input;
  const { mover, warnings } = await preflightMover(options.mover, io.env);
  for (const warning of warnings) session.reporter.warning(warning);
  const sides = { from: sideOf(session, from), to: sideOf(session, to) };
  return async (state: OperationState | undefined): Promise<string> => {
    if (state === undefined) {
      const paired = await pairNow({
        ...sides,
        options,
        preCopy: false,
        storageClassMap: input.storageClassMap,
        signal: session.signal,
      });
      return paired.map(({ pair, verdict }) => `${pair.name}: ${verdict.kind}`).join(', ');
    }
    const result = await copyData({
      ...sides,
      operationId: state.operationId,
      mover,
      options,
      preCopy: false,
      storageClassMap: input.storageClassMap,
      journal: state.data,
      control: io.process,
      reporter: session.reporter,
      signal: session.signal,
    });
    await state.markDataCopy(result.copied, result.verified);
    return summaryOf(result);
  };
};

/** Copies data while the source runs, after a stage: not consistent, and no copy of record. */
export const preCopyStep = async (input: {
  readonly io: Io;
  readonly session: Session;
  readonly from: Omit<DataSide, 'access' | 'writer'>;
  readonly to: Omit<DataSide, 'access' | 'writer'>;
  readonly options: DataOptions;
  readonly storageClassMap: ReadonlyMap<string, string>;
}): Promise<CopyDataResult> => {
  const { io, session, options } = input;
  const { mover, warnings } = await preflightMover(options.mover, io.env);
  for (const warning of warnings) session.reporter.warning(warning);
  session.reporter.warning(
    'The source runs while its data is copied: this pre-copy is not consistent. The copy of record is made by cutover.',
  );
  const nothing: DataJournal = { read: () => ({}), write: async () => undefined };
  const side = (part: Omit<DataSide, 'access' | 'writer'>): DataSide => ({
    ...part,
    writer: undefined,
    access: session.access(part.cluster),
  });
  return copyData({
    from: side(input.from),
    to: side(input.to),
    operationId: `precopy-${Date.now().toString(36)}`,
    mover,
    options,
    preCopy: true,
    storageClassMap: input.storageClassMap,
    journal: nothing,
    control: io.process,
    reporter: session.reporter,
    signal: session.signal,
  });
};

/** Refuses flags that belong together and were given apart. */
export const checkDataFlags = (flags: {
  readonly migratePvcData?: boolean;
  readonly preCopy?: boolean;
}): void => {
  if (flags.migratePvcData === true && flags.preCopy !== true) {
    throw new UsageError('stage copies data only while the source runs, which is not consistent.', {
      hint: 'Add --pre-copy if that is what you want; the consistent copy is made by cutover --migrate-pvc-data.',
    });
  }
  if (flags.preCopy === true && flags.migratePvcData !== true)
    throw new UsageError('--pre-copy goes with --migrate-pvc-data.');
};

export const summaryOf = (result: CopyDataResult): string => {
  const verified = result.verified > 0 ? `, ${result.verified} verified` : '';
  return `${result.copied} claims copied${verified} in ${result.seconds} s`;
};

const sideOf = (session: Session, side: MoveSide): DataSide => ({
  cluster: side.cluster,
  writer: side.cluster,
  namespace: side.namespace,
  access: session.access(side.cluster),
});
