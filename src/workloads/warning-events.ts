import type { KubeObject } from '../kube/api-types.ts';
import { stringAt, valueAt } from '../kube/raw-json.ts';
import { withReason } from './one-line.ts';

/** The latest Warning event about the object or one of its pods: quota, admission, volumes that do not attach. Undefined where there is none. */
export const warningOf = (
  object: KubeObject,
  pods: readonly KubeObject[],
  events: readonly KubeObject[],
): string | undefined => {
  const about = [object, ...pods];
  const latest = events
    .filter((event) => event['type'] === 'Warning' && about.some((item) => regards(event, item)))
    .sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1))[0];
  if (latest === undefined) return undefined;
  const message = stringAt(latest, 'message') ?? stringAt(latest, 'note') ?? '';
  return withReason('event', stringAt(latest, 'reason') ?? '', message);
};

const regards = (event: KubeObject, object: KubeObject): boolean => {
  const subject = ['involvedObject', 'regarding'].find((name) => valueAt(event, name) !== undefined);
  if (subject === undefined) return false;
  const uid = stringAt(event, subject, 'uid');
  if (uid !== undefined && object.metadata.uid !== undefined) return uid === object.metadata.uid;
  return (
    stringAt(event, subject, 'kind') === object.kind &&
    stringAt(event, subject, 'name') === object.metadata.name
  );
};

const timeOf = (event: KubeObject): string =>
  stringAt(event, 'series', 'lastObservedTime') ??
  stringAt(event, 'lastTimestamp') ??
  stringAt(event, 'eventTime') ??
  event.metadata.creationTimestamp ??
  '';
