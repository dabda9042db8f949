import { createHash } from 'node:crypto';

/** One object to create: the path of its type below the server's URL, and the body. */
export interface NewObject {
  readonly path: string;
  readonly body: object;
}

/** The types that mixedObjects() makes, as kubectl names them. */
export const MIXED_TYPES =
  'configmaps,secrets,services,deployments,serviceaccounts,roles,rolebindings,cronjobs';

/**
 * `count` objects as a namespace of an ordinary application has them: 40 % ConfigMaps of 1 to 4 KiB, 20 % Secrets of
 * 1 KiB, 15 % Deployments (few run a pod), 10 % Services, 5 % each ServiceAccounts, Roles with RoleBindings,
 * and CronJobs. The same count always gives the same objects.
 */
export const mixedObjects = (count: number, namespace: string): NewObject[] =>
  Array.from({ length: count }, (_, index) => {
    const make = MIX[index % MIX.length] ?? configMap;
    return make(`item-${String(index).padStart(5, '0')}`, index, namespace);
  });

/** `count` small objects (ConfigMaps, Secrets, ServiceAccounts, about 1 KiB each) for tests of size. */
export const smallObjects = (count: number, namespace: string): NewObject[] =>
  Array.from({ length: count }, (_, index) => {
    const make = [configMapOf(700), secret, configMapOf(700), secret, serviceAccount][index % 5] ?? secret;
    return make(`item-${String(index).padStart(5, '0')}`, index, namespace);
  });

type Make = (name: string, index: number, namespace: string) => NewObject;

const meta = (name: string, namespace: string): object => ({
  name,
  namespace,
  labels: { app: name, 'app.kubernetes.io/part-of': 'bench' },
  annotations: { 'example.com/owner': 'team-a' },
});

// Text that looks like configuration and does not repeat.
const text = (seed: string, length: number): string => {
  let made = '';
  for (let line = 0; made.length < length; line++) {
    const value = createHash('sha256').update(`${seed} ${line}`).digest('base64');
    made += `setting.${line} = ${value}\n`;
  }
  return made.slice(0, length);
};

const configMapOf =
  (length: number | undefined): Make =>
  (name, index, namespace) => ({
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    body: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: meta(name, namespace),
      data: { mode: 'standard', 'app.conf': text(name, length ?? 1024 * (1 + (index % 4))) },
    },
  });

const configMap = configMapOf(undefined);

const secret: Make = (name, _index, namespace) => ({
  path: `/api/v1/namespaces/${namespace}/secrets`,
  body: {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: meta(name, namespace),
    type: 'Opaque',
    stringData: { user: 'app', password: text(`${name} password`, 24), 'tls.pem': text(name, 700) },
  },
});

const service: Make = (name, _index, namespace) => ({
  path: `/api/v1/namespaces/${namespace}/services`,
  body: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(name, namespace),
    spec: {
      selector: { app: name },
      ports: [
        { name: 'http', port: 80, targetPort: 8080 },
        { name: 'metrics', port: 9090 },
      ],
    },
  },
});

const podSpec = (name: string): object => ({
  containers: [
    {
      name: 'main',
      image: `example.invalid/team/${name}:1.4.2`,
      args: ['--port=8080', '--config=/etc/app/app.conf'],
      ports: [{ name: 'http', containerPort: 8080 }],
      env: [
        { name: 'LOG_LEVEL', value: 'info' },
        {
          name: 'PASSWORD',
          valueFrom: { secretKeyRef: { name: 'shared', key: 'password', optional: true } },
        },
      ],
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } },
      readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
      volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
    },
  ],
  volumes: [{ name: 'config', configMap: { name: 'shared', optional: true } }],
});

const deployment: Make = (name, index, namespace) => ({
  path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  body: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(name, namespace),
    spec: {
      // Few pods: what is measured is the copying, not the controllers.
      replicas: index % 200 === 12 ? 1 : 0,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: podSpec(name) },
    },
  },
});

const serviceAccount: Make = (name, _index, namespace) => ({
  path: `/api/v1/namespaces/${namespace}/serviceaccounts`,
  body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta(name, namespace) },
});

const RBAC = 'rbac.authorization.k8s.io';

const role: Make = (name, _index, namespace) => ({
  path: `/apis/${RBAC}/v1/namespaces/${namespace}/roles`,
  body: {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: meta(name, namespace),
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }],
  },
});

const roleBinding: Make = (name, _index, namespace) => ({
  path: `/apis/${RBAC}/v1/namespaces/${namespace}/rolebindings`,
  body: {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: meta(name, namespace),
    roleRef: { apiGroup: RBAC, kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  },
});

const rights: Make = (name, index, namespace) =>
  (Math.floor(index / MIX.length) % 2 === 0 ? role : roleBinding)(name, index, namespace);

const cronJob: Make = (name, _index, namespace) => ({
  path: `/apis/batch/v1/namespaces/${namespace}/cronjobs`,
  body: {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: meta(name, namespace),
    spec: {
      schedule: '0 0 1 1 *',
      jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', ...podSpec(name) } } } },
    },
  },
});

// Twenty slots of five per cent.
const MIX: readonly Make[] = [
  ...Array.from({ length: 8 }, () => configMap),
  ...Array.from({ length: 4 }, () => secret),
  ...Array.from({ length: 3 }, () => deployment),
  ...Array.from({ length: 2 }, () => service),
  serviceAccount,
  rights,
  cronJob,
];
