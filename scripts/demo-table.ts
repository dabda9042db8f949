import type { Api } from '../test/cluster/api.ts';
import { createFinder, pathOf } from '../test/cluster/discovery.ts';

/**
 * Counts the objects of a namespace on two sides, per kind, and for kinds that run something how many replicas are
 * wanted, and returns the table as text. What Kubernetes itself puts into every namespace is not counted.
 */
export async function compareSides(source: Api, dest: Api, namespace: string): Promise<string> {
  const [left, right] = await Promise.all([source, dest].map((api) => countSide(api, namespace)));
  const rows = KINDS.map(({ kind }) => [kind, ...(left?.get(kind) ?? []), ...(right?.get(kind) ?? [])]);
  return align([HEADER, ...rows]);
}

const HEADER = ['KIND', 'SOURCE', 'REPLICAS', 'DESTINATION', 'REPLICAS'];

// biome-ignore lint/suspicious/noExplicitAny: raw Kubernetes JSON
type Json = any;

interface Row {
  readonly kind: string;
  /** How many Pods (or the like) this object asks for. */
  readonly replicas?: (object: Json) => number;
}

const KINDS: readonly Row[] = [
  { kind: 'Deployment', replicas: ({ spec }) => spec.replicas },
  { kind: 'StatefulSet', replicas: ({ spec }) => spec.replicas },
  { kind: 'DaemonSet', replicas: ({ status }) => status.desiredNumberScheduled },
  { kind: 'Job', replicas: ({ status }) => status.active ?? 0 },
  { kind: 'CronJob' },
  { kind: 'Pod', replicas: ({ status }) => Number(status.phase === 'Running') },
  { kind: 'HorizontalPodAutoscaler' },
  { kind: 'PodDisruptionBudget' },
  { kind: 'Service' },
  { kind: 'Ingress' },
  { kind: 'NetworkPolicy' },
  { kind: 'ConfigMap' },
  { kind: 'Secret' },
  { kind: 'PersistentVolumeClaim' },
  { kind: 'ServiceAccount' },
  { kind: 'Role' },
  { kind: 'RoleBinding' },
  { kind: 'ResourceQuota' },
  { kind: 'LimitRange' },
  { kind: 'Widget', replicas: ({ spec }) => spec.replicas },
];

const EVERYWHERE: readonly string[] = ['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default'];

async function countSide(api: Api, namespace: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const find = createFinder(api);
  const counted = await Promise.all(
    KINDS.map(async ({ kind, replicas }): Promise<[string, string[]]> => {
      const { body } = await api('GET', pathOf(await find(kind), namespace));
      const items: Json[] = body.items.filter(
        ({ metadata }: Json) => !EVERYWHERE.includes(`${kind}/${metadata.name}`),
      );
      const sum = items.reduce((total, item) => total + (replicas?.(item) ?? 0), 0);
      return [kind, [String(items.length), replicas ? String(sum) : '']];
    }),
  );
  return new Map(counted);
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
