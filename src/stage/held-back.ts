import { ONE_SHOT } from '../common/annotations.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, groupOf } from '../kube/object-names.ts';
import { type ActsAlone, actsAlone } from '../pipeline/acts-alone.ts';
import { type OneShotKinds, oneShotMark, oneShotOf } from '../pipeline/one-shot.ts';
import type { Note } from '../pipeline/pipeline-types.ts';
import { isKeptAs } from '../pipeline/stash.ts';

/** What is known besides the object itself. */
export interface StashInput extends OneShotKinds {
  /** UIDs of custom resources that something in the namespace runs pods for. */
  readonly podOwners: ReadonlySet<string>;
  /** The object of that kind and name at the destination. */
  present(object: KubeObject): KubeObject | undefined;
  /** The ConfigMap at the destination in which an earlier stage has kept its manifest. */
  keptIn(object: KubeObject): KubeObject | undefined;
}

/**
 * Whether a custom resource that nothing parks is kept as a manifest until the application is started, with what to report
 * of it: it runs pods, would be run once more by its operator, acts by itself wherever it is found, or is of a kind that
 * runs pods as soon as it is made.
 * What an earlier stage has kept stays so, whether it has pods just now or not. Undefined: it is made as it is. Pure.
 */
export const stashNotes = (object: KubeObject, input: StashInput): readonly Note[] | undefined => {
  const run = oneShotOf(object, input);
  const alone = actsBeside(object);
  const isStashed =
    run !== undefined ||
    alone !== undefined ||
    input.podOwners.has(object.metadata.uid ?? '') ||
    STARTS_PODS.has(groupKind(object)) ||
    STARTS_PODS.has(`*.${groupOf(object.apiVersion)}`) ||
    isKept(object, input);
  if (!isStashed) return undefined;
  const notes: Note[] = [];
  if (run?.state === 'looks-over') notes.push(warning(doubt(run.sign)));
  if (alone !== undefined)
    notes.push(
      warning(
        `As soon as it is created it ${alone.does}, so it is kept as a manifest until the start; mark it ${ONE_SHOT}=false to create it at once.`,
      ),
    );
  if (input.present(object) !== undefined)
    notes.push(
      warning('A copy of it is at the destination, where its operator may act on it; delete it there.'),
    );
  return notes;
};

/** What a custom resource does by itself, unless its mark says that its copy may do so at once. Pure. */
export const actsBeside = (object: KubeObject): ActsAlone | undefined =>
  oneShotMark(object) === 'false' ? undefined : actsAlone(object);

const isKept = (object: KubeObject, input: StashInput): boolean => {
  const kept = input.keptIn(object);
  return kept !== undefined && isKeptAs(kept, object) && input.present(object) === undefined;
};

const doubt = (sign: string): string =>
  `It may be a failed run (${sign}), which would run again at the start; mark it ${ONE_SHOT}=true to leave it out, or ${ONE_SHOT}=false to create it at once.`;

const warning = (message: string): Note => ({ level: 'warn', path: '', message });

/** Kinds, or all kinds of a group, of which the operator starts a pod for a new object, whatever runs at the source. */
const STARTS_PODS: ReadonlySet<string> = new Set([
  '*.serving.knative.dev',
  'InferenceService.serving.kserve.io',
  'PingSource.sources.knative.dev',
  'ContainerSource.sources.knative.dev',
  'ApiServerSource.sources.knative.dev',
]);
