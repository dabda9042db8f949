import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { clone, isObject, objectAt, objectsAt, own, setAt, valueAt } from '../kube/raw-json.ts';

// Fields that the destination's own servers and controllers fill, by kind: a PUT that leaves them out would be
// refused, or would take them away.
const RETAINED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Service: [
    ['spec', 'clusterIP'],
    ['spec', 'clusterIPs'],
    ['spec', 'ipFamilies'],
    ['spec', 'ipFamilyPolicy'],
    ['spec', 'healthCheckNodePort'],
  ],
  PersistentVolumeClaim: [['spec', 'volumeName']],
  ServiceAccount: [['secrets'], ['imagePullSecrets']],
  'Job.batch': [
    ['spec', 'selector'],
    ['spec', 'template', 'metadata', 'labels'],
  ],
};

/**
 * The body of a PUT that replaces `live` by `desired` and keeps what belongs to the destination: its version,
 * finalizers, owners, other tools' labels and annotations, and the fields its controllers fill. For objects that
 * server-side apply cannot take. Pure.
 */
export const retainLive = (desired: KubeObject, live: KubeObject): KubeObject => {
  const { managedFields: _managed, ...metadata } = live.metadata;
  const body: KubeObject = {
    ...clone(desired),
    metadata: {
      ...clone(metadata),
      labels: { ...live.metadata.labels, ...desired.metadata.labels },
      annotations: { ...live.metadata.annotations, ...desired.metadata.annotations },
    },
  };
  for (const path of own(RETAINED, groupKind(desired)) ?? []) {
    const present = valueAt(live, ...path);
    if (present !== undefined && valueAt(desired, ...path) === undefined) setAt(body, path, clone(present));
  }
  if (desired.kind === 'Service') retainNodePorts(body, live);
  if (live.status !== undefined) body.status = clone(live.status);
  return body;
};

const retainNodePorts = (body: KubeObject, live: KubeObject): void => {
  const present = objectsAt(live, 'spec', 'ports');
  for (const port of objectsAt(objectAt(body, 'spec'), 'ports')) {
    const same = present.find(
      (item) => item.port === port.port && (item.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    );
    if (isObject(same) && same.nodePort !== undefined && port.nodePort === undefined)
      port.nodePort = same.nodePort;
  }
};
