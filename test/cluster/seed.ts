import type { Api } from './api.ts';

/** The label of everything cluster-wide that the harness made. */
export const SEEDED = 'testbed/seeded';

/** Puts three nodes, the storage classes `standard` (default) and `fast`, and volumes of both into a cluster. */
export async function seed(api: Api, cluster: string): Promise<void> {
  await Promise.all([
    ...[1, 2, 3].map((number) => create(api, '/api/v1/nodes', node(`${cluster}-node-${number}`))),
    ...STORAGE_CLASSES.map((item) => create(api, '/apis/storage.k8s.io/v1/storageclasses', item)),
    ...volumes().map((item) => create(api, '/api/v1/persistentvolumes', item)),
  ]);
}

/** Resolves when the seeded objects are usable: nodes Ready, volumes Available, service accounts are being made. */
export async function seeded(api: Api): Promise<boolean> {
  const select = `labelSelector=${encodeURIComponent(SEEDED)}`;
  const [nodes, items, account] = await Promise.all([
    api('GET', `/api/v1/nodes?${select}`),
    api('GET', `/api/v1/persistentvolumes?${select}`),
    api('GET', '/api/v1/namespaces/default/serviceaccounts/default'),
  ]);
  const ready = nodes.body.items.filter(
    // The not-ready taint goes away only after the controller manager has seen the node.
    ({ spec, status }: Json) => isReady(status) && !spec.taints?.length,
  );
  const available = items.body.items.filter(({ status }: Json) => status?.phase === 'Available');
  return account.status === 200 && ready.length === 3 && available.length === items.body.items.length;
}

/**
 * Volumes per storage class and access mode: enough for a whole test run, whose namespaces keep theirs. A released one
 * becomes Available again (kwok.yaml).
 */
const VOLUMES_PER_CLASS = { ReadWriteOnce: 40, ReadWriteMany: 4 } as const;

const STORAGE_CLASSES = [storageClass('standard', true), storageClass('fast', false)];

// biome-ignore lint/suspicious/noExplicitAny: raw Kubernetes JSON
type Json = any;

function isReady(status: Json): boolean {
  return status?.conditions?.some(({ type, status: value }: Json) => type === 'Ready' && value === 'True');
}

async function create(api: Api, path: string, body: unknown): Promise<void> {
  const answer = await api('POST', path, { body });
  if (answer.status !== 201) {
    throw new Error(`The test cluster refused POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}

function node(name: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        [SEEDED]: 'true',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      },
    },
  };
}

function storageClass(name: string, isDefault: boolean): unknown {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name,
      labels: { [SEEDED]: 'true' },
      ...(isDefault ? { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : {}),
    },
    provisioner: 'kubernetes.io/no-provisioner',
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'Immediate',
    allowVolumeExpansion: !isDefault,
  };
}

function volumes(): unknown[] {
  return ['standard', 'fast'].flatMap((storageClassName) =>
    Object.entries(VOLUMES_PER_CLASS).flatMap(([mode, count]) =>
      Array.from({ length: count }, (_, index) => volume(storageClassName, mode, index + 1)),
    ),
  );
}

function volume(storageClassName: string, mode: string, number: number): unknown {
  const name = `${storageClassName}-${mode === 'ReadWriteOnce' ? 'rwo' : 'rwx'}-${number}`;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels: { [SEEDED]: 'true' } },
    spec: {
      storageClassName,
      capacity: { storage: '10Gi' },
      accessModes: [mode],
      persistentVolumeReclaimPolicy: 'Retain',
      // No kubelet runs, so nothing is ever mounted or written there.
      hostPath: { path: `/nonexistent/testbed/${name}` },
    },
  };
}
