import { PartialError } from '../common/errors.ts';
import type { EmptyOptions } from '../sides/see-empty.ts';
import type { Baseline, MoveDeps, MoveOptions, MoveSide } from '../sides/side-types.ts';
import type { StartSource } from '../sides/start-targets.ts';
import type { StopsTaken } from '../sides/stops-taken.ts';
import type { Tried } from '../sides/try-patches.ts';
import { type Watched, watchRunning, watchStarting } from '../sides/watched.ts';
import { readState } from '../state/state-record.ts';
import type { MoveData } from './copy-step.ts';
import type { MoveState } from './move-state.ts';
import type { HookContext } from './run-hooks.ts';
import { createStop, type StopFrom } from './stop-from.ts';

export interface MoveInput {
  readonly kind: 'cutover' | 'failback';
  readonly source: MoveSide;
  readonly dest: MoveSide;
  readonly options: MoveOptions;
  readonly deps: MoveDeps;
  readonly state: MoveState;
  /** What the side that is left has taken in dry runs, before the first step. */
  readonly stops?: StopsTaken | undefined;
  /** Makes the destination converge while the source still runs; returns a clause. Cutover only. */
  readonly converge?: (() => Promise<string>) | undefined;
  /** Kinds of custom resources that are done once, as its stage was told. Cutover only. */
  readonly oneShotKinds?: readonly string[] | undefined;
  /** Copies the data of the PVCs from the stopped side to the other one; undefined: not asked for. */
  readonly data?: MoveData | undefined;
  /** What was deleted at the destination stays stopped at the source. Failback only. */
  readonly syncsConfig?: boolean | undefined;
  /** Reports what was changed at the destination since the cutover, and brings it home when asked. Failback only. */
  readonly config?: (() => Promise<string>) | undefined;
  /** What the source says, in dry runs, to what `config` would apply there. */
  readonly tryConfig?: (() => Promise<readonly Tried[]>) | undefined;
}

/** What the steps of one run of a move share. */
export interface MoveRun extends MoveInput {
  /** The side that is stopped. */
  readonly from: MoveSide;
  /** The side that is started. */
  readonly to: MoveSide;
  readonly empty: EmptyOptions;
  readonly hookContext: HookContext;
  readonly stop: StopFrom;
  /** A run that goes on from an earlier one has had no preflight, so its dry run asks the servers itself. */
  readonly isUnasked: boolean;
  /** What ran on the side that is stopped. Throws PartialError when the journal does not say it. */
  baseline(): Baseline;
  /** Watches the side that is stopped, from the first call to the end of the run. */
  watchFrom(): Promise<Watched>;
  watchTo(): Promise<Watched>;
  /** With `--sync-config`: what tells the workloads that were deleted at the destination. */
  keepsDeleted(): Promise<StartSource['keepsDeleted']>;
  /** What the records say of the side that is started. */
  startSource(): Promise<StartSource>;
  /** Ends the watches. */
  close(): void;
}

/** Makes what the steps share. To be made before the first step runs. Reads nothing yet. */
export const openMoveRun = (input: MoveInput): MoveRun => {
  const { kind, source, dest, options, deps, state } = input;
  const [from, to] = kind === 'cutover' ? [source, dest] : [dest, source];
  const watches: { from?: Watched; to?: Watched } = {};
  const baseline = (): Baseline => {
    const found = state.baseline();
    if (found === undefined)
      throw new PartialError('The journal has no baseline, so it is not known what to start.');
    return found;
  };
  const keepsDeleted = async (): Promise<StartSource['keepsDeleted']> => {
    if (kind !== 'failback' || input.syncsConfig !== true) return undefined;
    const stored = await readState(dest.cluster, dest.namespace, 'dest', { signal: deps.signal });
    return { stagedAt: stored?.record.lastStage?.at };
  };
  return {
    ...input,
    from,
    to,
    empty: { ...options, ignoreJobs: options.jobs === 'leave' },
    hookContext: {
      operation: kind,
      operationId: state.operationId,
      sourceContext: source.cluster.context,
      sourceNamespace: source.namespace,
      destContext: dest.cluster.context,
      destNamespace: dest.namespace,
    },
    stop: createStop({ ...input, from, to, copiesData: input.data !== undefined }),
    isUnasked: input.stops === undefined,
    baseline,
    watchFrom: async () => {
      watches.from ??= await watchRunning(from, deps.signal);
      return watches.from;
    },
    watchTo: async () => {
      watches.to ??= await watchStarting(to, deps.signal);
      return watches.to;
    },
    keepsDeleted,
    startSource: async () => ({
      kind,
      baseline: baseline(),
      starts: state.starts(),
      keepsDeleted: await keepsDeleted(),
      oneShotKinds: input.oneShotKinds,
    }),
    close: () => {
      watches.from?.informer.stop();
      watches.to?.informer.stop();
    },
  };
};
