import { nameList } from '../common/sentences.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { numberAt, objectAt, objectsAt, stringAt } from '../kube/raw-json.ts';
import { conditionOf } from './is-finished.ts';
import { withMessage } from './one-line.ts';

/**
 * The first cause that keeps a pod from running, as a sentence without a final stop, or undefined while nothing is
 * known to be wrong. It is there as soon as the kubelet or the scheduler reports it. Init containers come first, as
 * they run first. A pod that is being deleted has no failure.
 */
export const podFailure = (pod: KubeObject): string | undefined => {
  if (pod.metadata.deletionTimestamp !== undefined) return undefined;
  const cause = phaseFailure(pod) ?? schedulingFailure(pod) ?? containerFailure(pod);
  return cause === undefined ? undefined : `Pod ${pod.metadata.name}: ${cause}`;
};

const phaseFailure = (pod: KubeObject): string | undefined => {
  if (stringAt(pod, 'status', 'phase') !== 'Failed') return undefined;
  const reason = stringAt(pod, 'status', 'reason');
  const message = stringAt(pod, 'status', 'message');
  // Without a reason of its own the pod failed because a container did, and that one knows more.
  if (reason === undefined) return containerFailure(pod) ?? 'the pod has failed';
  return withMessage(reason === 'Evicted' ? 'evicted' : `the pod has failed (${reason})`, message);
};

const schedulingFailure = (pod: KubeObject): string | undefined => {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  if (scheduled.reason === 'SchedulingGated') return gated(pod);
  return scheduled.reason === 'Unschedulable'
    ? withMessage('cannot be scheduled', scheduled.message)
    : undefined;
};

// The message of the server does not name them.
const gated = (pod: KubeObject): string => {
  const gates = gatesOf(objectAt(pod, 'spec'));
  return gates.length === 0
    ? 'is held back by a scheduling gate'
    : `is held back by the scheduling ${gates.length === 1 ? 'gate' : 'gates'} ${nameList(gates)}`;
};

/** The names of the scheduling gates of a pod spec. Pure. */
export const gatesOf = (spec: JsonObject | undefined): string[] =>
  objectsAt(spec, 'schedulingGates').flatMap((gate) => stringAt(gate, 'name') ?? []);

const containerFailure = (pod: KubeObject): string | undefined =>
  [
    ...statuses(pod, 'initContainerStatuses', 'init container'),
    ...statuses(pod, 'containerStatuses', 'container'),
  ]
    .map(({ status, role }) => statusFailure(status, `${role} ${stringAt(status, 'name') ?? ''}`, pod))
    .find((cause) => cause !== undefined);

const statuses = (pod: KubeObject, list: string, role: string): { status: JsonObject; role: string }[] =>
  objectsAt(pod, 'status', list).map((status) => ({ status, role }));

const statusFailure = (status: JsonObject, name: string, pod: KubeObject): string | undefined => {
  const waiting = objectAt(status, 'state', 'waiting');
  const reason = stringAt(waiting, 'reason') ?? '';
  if (IMAGE_REASONS.has(reason)) {
    const image = imageOf(status, pod);
    return withMessage(`${name} cannot get image ${image} (${reason})`, stringAt(waiting, 'message'));
  }
  if (reason === 'CrashLoopBackOff') {
    return `${name} keeps crashing (CrashLoopBackOff)${lastEnd(objectAt(status, 'lastState', 'terminated'))}`;
  }
  if (START_REASONS.has(reason)) {
    return withMessage(`${name} cannot be started (${reason})`, stringAt(waiting, 'message'));
  }
  const ended = objectAt(status, 'state', 'terminated');
  return (numberAt(ended, 'exitCode') ?? 0) === 0 ? undefined : `${name} has ended${lastEnd(ended)}`;
};

const IMAGE_REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

const START_REASONS = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'PreCreateHookError',
  'PreStartHookError',
  'PostStartHookError',
]);

// The message of a terminated state is the container's own output, which may hold anything: it is never shown.
const lastEnd = (ended: JsonObject | undefined): string => {
  if (ended === undefined) return '';
  return ` with exit code ${numberAt(ended, 'exitCode') ?? '?'} (${stringAt(ended, 'reason') ?? 'no reason given'})`;
};

// The status names the image as the runtime resolved it; the spec, as the operator wrote it.
const imageOf = (status: JsonObject, pod: KubeObject): string => {
  const name = stringAt(status, 'name');
  const specs = [...objectsAt(pod, 'spec', 'initContainers'), ...objectsAt(pod, 'spec', 'containers')];
  const spec = specs.find((container) => container['name'] === name);
  return stringAt(spec, 'image') ?? stringAt(status, 'image') ?? 'unknown';
};
