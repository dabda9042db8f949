import { ONE_SHOT } from '../common/annotations.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, groupOf } from '../kube/object-names.ts';
import { objectsAt, own, stringAt } from '../kube/raw-json.ts';
import { isBuiltinGroup } from './api-groups.ts';

/**
 * What a custom resource that is done once (a run, a backup, a restore) has come to: its operator takes one without a
 * status, as every copy is, for work that is still to be done. `over` and `unfinished` are sure; `looks-over` is one whose
 * kind nobody has named and that reports a failure, which a service that goes on may do as well.
 */
export interface OneShot {
  readonly state: 'over' | 'unfinished' | 'looks-over';
  /** Whether its kind or its mark says that it is done once; otherwise its status alone does. */
  readonly isKnown: boolean;
  /** What its status says, as a clause such as `status.phase is Succeeded`; empty for an unfinished one. */
  readonly sign: string;
}

/** What is known of kinds besides the object itself. Kinds are named as groupKind() names them. */
export interface OneShotKinds {
  isLasting(groupKind: string): boolean;
  /** Kinds of which the user says that they are done once. */
  readonly kinds: readonly string[];
}

/**
 * Looks whether a custom resource is done once, and whether it is over. Its own mark counts first, then its kind, then
 * its status, unless its kind is scaled or paused (`isLasting`). Undefined for everything else. Pure.
 */
export const oneShotOf = (object: KubeObject, { isLasting, kinds }: OneShotKinds): OneShot | undefined => {
  const mark = oneShotMark(object);
  if (isBuiltinGroup(groupOf(object.apiVersion)) || mark === 'false') return undefined;
  const isKnown = mark === 'true' || kinds.includes(groupKind(object)) || isOneShotKind(object);
  if (!isKnown && isLasting(groupKind(object))) return undefined;
  const well = signOf(object, SUCCESS);
  const badly = well ?? signOf(object, FAILURE);
  if (well !== undefined || (isKnown && badly !== undefined))
    return { state: 'over', isKnown, sign: well ?? badly ?? '' };
  if (badly !== undefined) return { state: 'looks-over', isKnown, sign: badly };
  return isKnown ? { state: 'unfinished', isKnown, sign: '' } : undefined;
};

/** What the user says of an object, by label or annotation; undefined when that is nothing. Pure. */
export const oneShotMark = ({ metadata }: KubeObject): string | undefined =>
  metadata.labels?.[ONE_SHOT] ?? metadata.annotations?.[ONE_SHOT];

interface Signs {
  /** Conditions that say so, with their status. */
  readonly conditions: readonly (readonly [type: string, status: string])[];
  /** Fields of the status with the time of the end. */
  readonly times: readonly string[];
  /** Values of the fields that name a phase, in lower case. */
  readonly words: ReadonlySet<string>;
}

// The time of an end is there for a run that has failed as well; there is no doubt that it is one.
const SUCCESS: Signs = {
  conditions: [
    ['Succeeded', 'True'],
    ['Complete', 'True'],
    ['Completed', 'True'],
    ['Finished', 'True'],
  ],
  times: ['completionTime', 'completionTimestamp', 'completedAt', 'finishedAt', 'completed', 'stoppedAt'],
  words: new Set(['succeeded', 'successful', 'success', 'complete', 'completed', 'finished']),
};

const FAILURE: Signs = {
  conditions: [
    ['Failed', 'True'],
    ['Succeeded', 'False'],
  ],
  times: [],
  words: new Set([
    'failed',
    'failure',
    'error',
    'errored',
    'aborted',
    'cancelled',
    'canceled',
    'terminated',
    'timedout',
    'inconclusive',
    'partiallyfailed',
    'failedvalidation',
    'stopped',
  ]),
};

// Where operators write the phase of a run: RayJob has two, JobSet and Spark and Volcano one of their own.
const PHASES: readonly (readonly string[])[] = [
  ['phase'],
  ['state'],
  ['status'],
  ['jobStatus'],
  ['jobDeploymentStatus'],
  ['terminalState'],
  ['applicationState', 'state'],
  ['state', 'phase'],
];

const signOf = (object: KubeObject, { conditions, times, words }: Signs): string | undefined => {
  const extra = own(EXTRA_CONDITIONS, groupKind(object)) ?? [];
  const wanted = words === SUCCESS.words ? [...conditions, ...extra] : conditions;
  const condition = objectsAt(object, 'status', 'conditions').find((item) =>
    wanted.some(([type, status]) => item['type'] === type && item['status'] === status),
  );
  if (condition !== undefined) return `its condition ${condition['type']} is ${condition['status']}`;
  const time = times.find((name) => (stringAt(object, 'status', name) ?? '') !== '');
  if (time !== undefined) return `status.${time} is set`;
  const phase = PHASES.find((path) => words.has((stringAt(object, 'status', ...path) ?? '').toLowerCase()));
  return phase === undefined
    ? undefined
    : `status.${phase.join('.')} is ${stringAt(object, 'status', ...phase)}`;
};

// What means that it is over for this kind alone.
const EXTRA_CONDITIONS: Readonly<Record<string, Signs['conditions']>> = {
  'KafkaRebalance.kafka.strimzi.io': [
    ['Ready', 'True'],
    ['Stopped', 'True'],
    ['NotReady', 'True'],
  ],
};

const isOneShotKind = (object: KubeObject): boolean => {
  const kind = groupKind(object);
  if (ONE_SHOT_KINDS.has(kind)) return true;
  // Every database operator has its own; one with a schedule goes on.
  return (
    /(?:Backup|Restore|BackupJob|RestoreJob|BackupRun|RestoreRun)$/.test(object.kind) &&
    !/Schedule/.test(object.kind) &&
    (object.spec as { schedule?: unknown } | undefined)?.schedule === undefined
  );
};

/** Kinds of known operators that are done once, by groupKind(). */
const ONE_SHOT_KINDS: ReadonlySet<string> = new Set([
  ...['PipelineRun', 'TaskRun', 'CustomRun', 'Run'].map((kind) => `${kind}.tekton.dev`),
  ...['Workflow', 'AnalysisRun', 'Experiment'].map((kind) => `${kind}.argoproj.io`),
  'KafkaRebalance.kafka.strimzi.io',
  'RayJob.ray.io',
  'JobSet.jobset.x-k8s.io',
  'SparkApplication.sparkoperator.k8s.io',
  'Job.batch.volcano.sh',
  'BroadcastJob.apps.kruise.io',
  'ImagePullJob.apps.kruise.io',
  ...['TFJob', 'PyTorchJob', 'MPIJob', 'XGBoostJob', 'PaddleJob', 'JAXJob', 'Experiment', 'Trial'].map(
    (kind) => `${kind}.kubeflow.org`,
  ),
  'TrainJob.trainer.kubeflow.org',
  ...['BackupSession', 'RestoreSession'].flatMap((kind) => [
    `${kind}.stash.appscode.com`,
    `${kind}.core.kubestash.com`,
  ]),
  ...['Archive', 'Check', 'Prune'].map((kind) => `${kind}.k8up.io`),
  'SqlJob.k8s.mariadb.com',
  'PGUpgrade.postgres-operator.crunchydata.com',
  'TestRun.k6.io',
  'K6.k6.io',
  'Build.build.openshift.io',
  'BuildRun.shipwright.io',
  'VirtualMachineInstanceMigration.kubevirt.io',
  'DataVolume.cdi.kubevirt.io',
]);
