import { isDrError, PartialError } from '../common/errors.ts';
import { count, nameList } from '../common/sentences.ts';
import { hasStatus } from '../kube/api-errors.ts';
import { stringAt } from '../kube/raw-json.ts';
import { CLAIMS } from '../kube/well-known.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import type { DataStep, EndCopies } from '../moves/data-step.ts';
import { MOVER_SELECTOR } from '../pipeline/mover-labels.ts';
import type { MoveSide } from '../sides/side-types.ts';
import { checkData } from '../volumes/check-data.ts';
import { preflightMover } from '../volumes/check-mover.ts';
import { copyData, MOVER_PODS_MS } from '../volumes/copy-data.ts';
import type { CopyDataResult, DataOptions, DataSide, DataWork } from '../volumes/data-types.ts';
import { endCopies } from '../volumes/end-copies.ts';
import { findMover, type Mover } from '../volumes/find-mover.ts';
import { systemClock } from '../volumes/mover-defaults.ts';
import { planData } from '../volumes/plan-data.ts';
import { whyLeftAlone } from '../volumes/pvc-checks.ts';
import { accessOf, type OpenSides } from './open-sides.ts';
import type { Runtime } from './runtime.ts';

export interface VolumeCopyInput {
  readonly sides: OpenSides;
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
export const volumeCopy = async (input: VolumeCopyInput, runtime: Runtime): Promise<DataStep> => {
  const { sides, from, to, options } = input;
  const { signal } = runtime;
  const work: DataWork = {
    from: dataSide(sides, from),
    to: dataSide(sides, to),
    mover: await readyMover(options, runtime),
    options,
    preCopy: false,
    isStaging: to.role === 'dest',
    storageClassMap: input.storageClassMap,
    ...moverHost(runtime),
    reporter: runtime.reporter,
  };
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
    end: endingCopies({ sides, ends: [from, to], path: options.mover.path }, runtime),
  };
};

/** Finds the program and lets it judge the options; reports its warnings. Throws RefusedError. */
export const readyMover = async (options: DataOptions, { env, reporter }: Runtime): Promise<Mover> => {
  const { mover, warnings } = await preflightMover(options.mover, env);
  for (const warning of warnings) reporter.warning(warning);
  return mover;
};

/** What the host gives to a copy: folders for private files, and a way to end processes. */
export const moverHost = ({ process, env }: Runtime) => ({
  control: process,
  tempDir: env['TMPDIR'],
  runtimeDir: env['XDG_RUNTIME_DIR'],
});

/**
 * How copies that were cut off are ended when their operation is undone or given up. `starting`: the side that is
 * about to start; a copy that still writes there then is an error, elsewhere it only reads and is a warning.
 */
export const endingCopies = (
  input: {
    readonly sides: OpenSides;
    readonly ends: readonly (MoveSide | undefined)[];
    readonly path: string | undefined;
    readonly starting?: MoveSide;
  },
  runtime: Runtime,
): EndCopies => {
  const { reporter, signal } = runtime;
  const ends = input.ends.flatMap((side) => side ?? []);
  return async (records, gate) => {
    const { ended, left } = await endCopies(
      {
        records,
        sides: ends.map((side) => ({
          cluster: side.cluster.through(gate, { signal }),
          namespace: side.namespace,
          access: accessOf(input.sides, side),
          isStarting: side === input.starting,
        })),
        mover: records.length === 0 ? undefined : await moverIfAny(input.path, runtime),
        graceMs: END_GRACE_MS,
        podsMs: MOVER_PODS_MS,
      },
      { reporter, clock: systemClock, signal, ...moverHost(runtime) },
    );
    if (left.length === 0) return ENDED[ended] ?? `${ended} copies ended`;
    const text = `Pods of a data copy are still there: ${nameList(left)}`;
    if (input.starting !== undefined) {
      throw new PartialError(`${text}; they write to PVCs that the application is about to use.`, {
        hint: `Delete their Jobs and Deployments (label ${MOVER_SELECTOR}), then resume.`,
      });
    }
    reporter.warning(`${text}.`);
    return `${count(left.length, 'pod')} ${left.length === 1 ? 'is' : 'are'} left`;
  };
};

const ENDED: Readonly<Record<number, string>> = { 0: 'none left', 1: '1 copy ended' };

// Its own clean-up is worth a moment; what it leaves is removed by us.
const END_GRACE_MS = 20_000;

// What runs in the clusters can be ended without the program, so its absence is no reason to stop here.
const moverIfAny = async (path: string | undefined, { env }: Runtime): Promise<Mover | undefined> => {
  try {
    return await findMover({ path, env });
  } catch (error) {
    if (!isDrError(error)) throw error;
    return undefined;
  }
};

/**
 * Warns when a move leaves data behind: PVCs hold some and no copy is asked for, so the other side starts with what its
 * volumes hold. `flag` asks for a copy. Where PVCs may not be listed nothing is said. Throws KubeApiError.
 */
export const warnUncopied = async (
  from: MoveSide,
  to: MoveSide,
  flag: string,
  { reporter, signal }: Runtime,
): Promise<void> => {
  const claims = await from.cluster.list(CLAIMS, from.namespace, { signal }).catch((error: unknown) => {
    if (hasStatus(error, 403)) return [];
    throw error;
  });
  const names = claims
    .filter((claim) => stringAt(claim, 'status', 'phase') === 'Bound' && whyLeftAlone(claim) === undefined)
    .map(({ metadata }) => metadata.name);
  if (names.length === 0) return;
  reporter.warning(
    `Volume data is not copied: namespace ${to.namespace} of context ${to.cluster.context} keeps the current content of its volumes, without what was written to ${nameList(names)} in namespace ${from.namespace} of context ${from.cluster.context}. Add ${flag} unless something else copies these volumes.`,
  );
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

const dataSide = (sides: OpenSides, side: MoveSide): DataSide => ({
  cluster: side.cluster,
  writer: side.cluster,
  namespace: side.namespace,
  access: accessOf(sides, side),
});
