import { MANAGED, SCALE_OVERRIDE } from '../common/annotations.ts';
import { PartialError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { SideRole } from '../common/side-role.ts';
import { sleep } from '../common/sleep.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { awakeWorkloads } from '../sides/awake-workloads.ts';
import { survey } from '../sides/baseline.ts';
import { whereIs } from '../sides/side.ts';
import type { BaselineEntry, MoveDeps, MoveOptions, MoveSide } from '../sides/side-types.ts';
import type { StateRecord } from '../state/record-types.ts';
import { readState } from '../state/state-record.ts';
import { runningWorkloads } from '../workloads/running-workloads.ts';
import { withRecorded } from './fence-steps.ts';
import { holdStep } from './hold-again-step.ts';
import type { Step } from './run-steps.ts';
import { endCopiesStep, stopSideStep } from './shared-steps.ts';

/** Why the destination is the side to be fenced. */
export type DestFence =
  /** Its parked workloads run although the source is the live side. */
  | 'awake'
  /** It was declared lost, the source was started without it, and it is back. */
  | 'given-up';

/** Whether a fence has to stop the destination instead of the source; undefined when not. Throws KubeApiError. */
export const destToFence = async (
  source: MoveSide,
  dest: MoveSide,
  record: StateRecord | undefined,
  signal: AbortSignal,
): Promise<DestFence | undefined> => {
  const copy = (await readState(source.cluster, source.namespace, 'source', { signal }))?.record;
  if (isGivenUp(copy, record)) return 'given-up';
  if (record?.phase !== 'standby' || record.pendingFence !== undefined) return undefined;
  return (await awakeAt(dest, signal)).length > 0 ? 'awake' : undefined;
};

/** Whether the source's copy says that it was started without the destination, since the destination's last record. Pure. */
export const isGivenUp = (copy: StateRecord | undefined, record: StateRecord | undefined): boolean =>
  copy?.destGivenUp !== undefined && copy.epoch > (record?.epoch ?? 0);

/** The steps that stop a destination that must not run and see its pods gone; the source is left alone. */
export const fenceDestSteps = (input: {
  readonly why: DestFence;
  readonly dest: MoveSide;
  readonly options: MoveOptions;
  readonly deps: MoveDeps;
  readonly state: { markFenced(): Promise<void>; markActive(side: SideRole): Promise<number> };
  /** Ends copies of volume data that were cut off, and removes what they left. Returns a clause. */
  endCopies(): Promise<string>;
}): Step[] => {
  const { why, dest, options, deps, state } = input;
  const where = whereIs(dest);
  const entriesOf = (objects: readonly KubeObject[]): BaselineEntry[] => {
    const ours = new Set(objects.filter(isParkedCopy).map(objectKey));
    const entries = withRecorded(survey(dest, objects).entries, objects);
    return why === 'awake' ? entries.filter((entry) => ours.has(refKey(entry))) : entries;
  };
  return [
    stopSideStep('stop-dest', `Stop the workloads in ${where}`, dest, options, deps, { entriesOf }),
    {
      id: 'empty-dest',
      title: `Wait until all pods are gone from ${where}`,
      plan: async () => ['watch until no pod of the stopped workloads is left'],
      run: async () => {
        await waitEmpty(why, dest, options, deps);
        return 'no pods';
      },
    },
    endCopiesStep(where, input.endCopies),
    holdStep('hold-dest', dest, options, deps),
    {
      id: 'mark-dest',
      title: 'Record that the destination is a parked copy',
      plan: async () => ['write the records on both sides'],
      run: async () => {
        await state.markFenced();
        return `epoch ${await state.markActive('source')}`;
      },
    },
  ];
};

const isParkedCopy = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.[MANAGED] === 'true' &&
  (metadata.labels[SCALE_OVERRIDE] ?? metadata.annotations?.[SCALE_OVERRIDE]) === undefined;

const awakeAt = async ({ cluster, namespace }: MoveSide, signal: AbortSignal) =>
  awakeWorkloads(cluster, namespace, await runningWorkloads(cluster, namespace, signal), signal);

const LOOK_MS = 500;

const waitEmpty = async (
  why: DestFence,
  dest: MoveSide,
  { waitTimeoutMs }: MoveOptions,
  { signal }: MoveDeps,
): Promise<void> => {
  const until = performance.now() + waitTimeoutMs;
  for (;;) {
    const left =
      why === 'awake'
        ? await awakeAt(dest, signal)
        : await runningWorkloads(dest.cluster, dest.namespace, signal);
    if (left.length === 0) return;
    if (performance.now() > until) {
      const names = nameList(left.map(({ workload }) => workload));
      throw new PartialError(
        `Pods of ${names} are still there in ${whereIs(dest)} after ${waitTimeoutMs / 1000} s.`,
        {
          hint: 'Find what keeps or starts them (an autoscaler, an operator, Argo CD or Flux), then resume.',
        },
      );
    }
    await sleep(LOOK_MS, signal);
  }
};
