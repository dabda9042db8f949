import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { survey } from '../sides/baseline.ts';
import { whereIs } from '../sides/side.ts';
import type { BaselineEntry, MoveDeps, MoveOptions, MoveSide } from '../sides/side-types.ts';
import { fieldAt, recordedFields, recordedReplicas } from '../workloads/parked-annotation.ts';
import type { Step } from './run-steps.ts';
import { emptyStep, endCopiesStep, stopSideStep } from './shared-steps.ts';

export interface FenceInput {
  readonly source: MoveSide;
  readonly options: MoveOptions;
  readonly deps: MoveDeps;
  readonly state: {
    /** Writes on both sides that the source is stopped and marked, and takes the pending fence away. */
    markFenced(): Promise<void>;
  };
  /** Ends copies of volume data that were cut off, and removes what they left. Returns a clause. */
  endCopies(): Promise<string>;
}

/**
 * The steps of a fence: a source that came back is stopped before anything else is looked at, seen empty, and marked,
 * so that a failback can bring the application home with the counts that it has now.
 */
export const fenceSteps = ({ source, options, deps, state, endCopies }: FenceInput): Step[] => {
  const where = whereIs(source);
  return [
    stopSideStep('stop', `Stop the workloads in ${where}`, source, options, deps, {
      entriesOf: (objects) => withRecorded(survey(source, objects).entries, objects),
    }),
    emptyStep('empty', source, { ...options, ignoreJobs: false }, deps),
    endCopiesStep(where, endCopies),
    {
      id: 'mark',
      title: 'Record that the source is fenced',
      plan: async () => ['write the records on both sides'],
      run: async () => {
        await state.markFenced();
        return 'no pending fence';
      },
    },
  ];
};

/**
 * What a parked side ran with is on its objects. Whatever has started them again since, with whatever count, is being
 * undone here, so the record stays what it was. Pure.
 */
export const withRecorded = (
  entries: readonly BaselineEntry[],
  objects: readonly KubeObject[],
): BaselineEntry[] => {
  const live = new Map(objects.map((object) => [objectKey(object), object]));
  return entries.map((entry) => {
    const object = live.get(refKey(entry));
    const recorded = object === undefined ? undefined : recordedFields(object);
    if (object === undefined || recorded === undefined) return entry;
    const fields = entry.plan.fields.map((field) => fieldAt(recorded, field.path) ?? field);
    const replicas = recordedReplicas(object) ?? entry.plan.replicas;
    return { ...entry, plan: { ...entry.plan, fields, replicas } };
  });
};
