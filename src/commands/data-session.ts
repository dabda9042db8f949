import { whyLeftAlone } from '../data/claim-checks.ts';
import { systemClock } from '../data/defaults.ts';
import { endCopies } from '../data/end-copies.ts';
import { findMover, type Mover } from '../data/find-mover.ts';
import { preflightMover } from '../data/preflight.ts';
import type { MoverRecord } from '../data/types.ts';
import { isDrError, PartialError, UsageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { hasStatus } from '../kube/errors.ts';
import type { WriteGate } from '../kube/gate.ts';
import { stringAt } from '../kube/json.ts';
import { CLAIMS } from '../kube/well-known.ts';
import { MOVER_SELECTOR } from '../mover-labels.ts';
import { checkData } from '../operations/data/check-data.ts';
import { copyData, MOVER_PODS_MS } from '../operations/data/copy-data.ts';
import { planData } from '../operations/data/plan-data.ts';
import type { CopyDataResult, DataOptions, DataSide, DataWork } from '../operations/data/types.ts';
import type { DataStep } from '../operations/move/run-move.ts';
import type { MoveSide } from '../operations/move/types.ts';
import { count, nameList } from '../sentences.ts';
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
 * Checks the mover before anything is stopped and returns the data copy as the steps of a move use it. Throws
 * RefusedError when the program is missing or does not take the options.
 */
export const dataStep = async (input: DataStepInput): Promise<DataStep> => {
  const { io, session, from, to, options } = input;
  const work: DataWork = {
    from: sideOf(session, from),
    to: sideOf(session, to),
    mover: await readyMover(io, session, options),
    options,
    preCopy: false,
    isStaging: to.role === 'dest',
    storageClassMap: input.storageClassMap,
    control: io.process,
    tempDir: io.env['TMPDIR'],
    runtimeDir: io.env['XDG_RUNTIME_DIR'],
    reporter: session.reporter,
  };
  const { signal } = session;
  return {
    plan: (isStaged) => planData(work, isStaged ? 'running' : 'unstaged', signal),
    check: (isStaged) => checkData(work, isStaged ? 'running' : 'unstaged', signal),
    copy: async (state, mark, stop) => {
      await state.markMixedData(to.role);
      const { operationId, data: journal, gate } = state;
      const gated = { from: writtenThrough(work.from, gate), to: writtenThrough(work.to, gate) };
      const result = await copyData({ ...work, ...gated, operationId, journal, mark, signal: stop });
      await state.markDataCopy(result.copied, result.verified);
      return summaryOf(result);
    },
    end: endStep({ io, session, sides: [from, to], path: options.mover.path }),
  };
};

/** Finds the program and lets it judge the options; tells its warnings. Throws RefusedError. */
export const readyMover = async (io: Io, session: Session, options: DataOptions): Promise<Mover> => {
  const { mover, warnings } = await preflightMover(options.mover, io.env);
  for (const warning of warnings) session.reporter.warning(warning);
  return mover;
};

/**
 * How copies that were cut off are ended when their operation is undone or given up. `starting`: the side that is
 * about to start; a copy that still writes there then is an error, elsewhere it only reads and is a warning.
 */
export const endStep =
  (input: {
    readonly io: Io;
    readonly session: Session;
    readonly sides: readonly (MoveSide | undefined)[];
    readonly path: string | undefined;
    readonly starting?: MoveSide;
  }) =>
  async (records: readonly MoverRecord[], gate: WriteGate): Promise<string> => {
    const { io, session, starting } = input;
    const { reporter, signal } = session;
    const sides = input.sides.flatMap((side) => side ?? []);
    const { ended, left } = await endCopies(
      {
        records,
        sides: sides.map((side) => ({
          cluster: side.cluster.through(gate, { signal }),
          namespace: side.namespace,
          access: session.access(side.cluster),
          isStarting: side === starting,
        })),
        mover: records.length === 0 ? undefined : await moverIfAny(io, input.path),
        graceMs: END_GRACE_MS,
        podsMs: MOVER_PODS_MS,
      },
      {
        reporter,
        clock: systemClock,
        control: io.process,
        signal,
        tempDir: io.env['TMPDIR'],
        runtimeDir: io.env['XDG_RUNTIME_DIR'],
      },
    );
    if (left.length === 0) return ENDED[ended] ?? `${ended} copies ended`;
    const text = `Pods of a data copy are still there: ${nameList(left)}`;
    if (starting !== undefined) {
      throw new PartialError(`${text}; they write to PVCs that are about to be used.`, {
        hint: `Delete their Jobs and Deployments (label ${MOVER_SELECTOR}), then resume.`,
      });
    }
    reporter.warning(`${text}.`);
    return `${count(left.length, 'pod')} ${left.length === 1 ? 'is' : 'are'} left`;
  };

const ENDED: Readonly<Record<number, string>> = { 0: 'none was left', 1: '1 copy ended' };

// Its own clean-up is worth a moment; what it leaves is removed by us.
const END_GRACE_MS = 20_000;

// What runs in the clusters can be ended without the program, so its absence is no reason to stop here.
const moverIfAny = async (io: Io, path: string | undefined): Promise<Mover | undefined> => {
  try {
    return await findMover({ path, env: io.env });
  } catch (error) {
    if (!isDrError(error)) throw error;
    return undefined;
  }
};

/**
 * Says so when a move leaves data behind: claims hold some and no copy is asked for, so the other side starts with
 * what its volumes hold. Where claims may not be listed nothing is said. Throws KubeApiError.
 */
export const tellUncopied = async (
  session: Session,
  from: MoveSide,
  to: MoveSide,
  flag: string,
): Promise<void> => {
  const { signal } = session;
  const claims = await from.cluster.list(CLAIMS, from.namespace, { signal }).catch((error: unknown) => {
    if (hasStatus(error, 403)) return [];
    throw error;
  });
  const names = claims
    .filter((claim) => stringAt(claim, 'status', 'phase') === 'Bound' && whyLeftAlone(claim) === undefined)
    .map(({ metadata }) => metadata.name);
  if (names.length === 0) return;
  session.reporter.warning(
    `Volume data is not copied: namespace ${to.namespace} of context ${to.cluster.context} keeps the current content of its volumes, without what was written to ${nameList(names)} in namespace ${from.namespace} of context ${from.cluster.context}. Add ${flag} unless something else copies these volumes.`,
  );
};

/** Refuses flags of `stage` that belong together and were given apart. */
export const checkPreCopyFlags = (flags: {
  readonly migratePvcData?: boolean;
  readonly preCopy?: boolean;
  readonly verify: string;
}): void => {
  if (flags.migratePvcData === true && flags.preCopy !== true) {
    throw new UsageError('stage copies data only while the source runs, which is not consistent.', {
      hint: 'Add --pre-copy if that is what you want; the consistent copy is made by cutover --migrate-pvc-data.',
    });
  }
  if (flags.preCopy === true && flags.migratePvcData !== true)
    throw new UsageError('--pre-copy requires --migrate-pvc-data.');
  if (flags.preCopy === true && flags.verify !== 'none') {
    throw new UsageError(
      'A pre-copy cannot be verified: stage creates no pods at the source, and its files change.',
      {
        hint: 'Use --verify with cutover --migrate-pvc-data instead.',
      },
    );
  }
};

/** What a copy came to, as a clause. */
export const summaryOf = (result: CopyDataResult): string => {
  const left = result.skipped.length === 0 ? '' : `, ${result.skipped.length} without data skipped`;
  if (result.copied === 0) return `no PVC holds data, so nothing was copied${left}`;
  const verified = result.verified > 0 ? `, ${result.verified} verified` : '';
  return `${count(result.copied, 'PVC')} copied${verified}${left} in ${result.seconds} s`;
};

const writtenThrough = (side: DataSide, gate: WriteGate): DataSide => ({
  ...side,
  writer: side.writer?.through(gate),
});

const sideOf = (session: Session, side: MoveSide): DataSide => ({
  cluster: side.cluster,
  writer: side.cluster,
  namespace: side.namespace,
  access: session.access(side.cluster),
});
