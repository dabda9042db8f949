import {
  applyYaml,
  createNamespace,
  freshNamespace,
  getJson,
  type Json,
  patchJson,
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { stageWell } from './stage.ts';

/** A pod template's spec without anything special; `extra` is YAML in flow style, with a comma in front. */
export const POD = 'terminationGracePeriodSeconds: 1, containers: [{ name: main, image: example.invalid/a }]';

/** A Deployment with pods labelled `app: <name>`, as a YAML document. */
export const deployment = (name: string, replicas: number, metadata = ''): string => `
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}${metadata === '' ? '' : `, ${metadata}`} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template: { metadata: { labels: { app: ${name} } }, spec: { ${POD} } }
`;

/** A Job whose pod runs until it is deleted, as a YAML document. */
export const endlessJob = (name: string): string => `
---
apiVersion: batch/v1
kind: Job
metadata: { name: ${name} }
spec:
  template:
    metadata: { labels: { testbed/hold: running } }
    spec: { restartPolicy: Never, ${POD} }
`;

/** Creates a namespace at the source with these objects, waits until they run, and stages it. */
export const installYaml = async (
  prefix: string,
  yaml: string,
  { custom = false, staged = true } = {},
): Promise<string> => {
  const namespace = freshNamespace(prefix);
  await createNamespace('source', namespace);
  const objects = await applyYaml('source', namespace, yaml);
  await runs('source', namespace, objects);
  if (staged) await stageWell(namespace, { custom });
  return namespace;
};

/** A namespace with Deployment `web`, two pods. */
export const installSmall = (prefix: string): Promise<string> => installYaml(prefix, deployment('web', 2));

/** Resolves when these objects have the pods they ask for. */
export const runs = async (side: Side, namespace: string, objects: readonly Json[]): Promise<void> => {
  for (const { kind, metadata } of objects) {
    const isUp = UP[kind];
    if (isUp === undefined) continue;
    await waitUntil(
      `${kind} ${metadata.name} to run`,
      async () => isUp(await getJson(side, kind, metadata.name, namespace)),
      40_000,
    );
  }
};

const full = ({ spec, status }: Json): boolean => (status?.readyReplicas ?? 0) === (spec.replicas ?? 1);
const UP: Readonly<Record<string, (object: Json) => boolean>> = {
  Deployment: full,
  StatefulSet: full,
  ReplicaSet: full,
  ReplicationController: full,
  DaemonSet: ({ status }) => (status?.numberReady ?? 0) > 0,
  Job: ({ spec, status }) => spec.suspend === true || (status?.active ?? 0) > 0,
};

/** The YAML of a Service of type LoadBalancer for the pods of `web`. */
export const loadBalancer = (name: string): string => `
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
`;

/** Gives such a Service an address, as a cloud would; nothing in these clusters does. */
export const giveAddress = (side: Side, name: string, namespace: string): Promise<Json> =>
  patchJson(
    side,
    'Service',
    name,
    namespace,
    { status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } } },
    'status',
  );
