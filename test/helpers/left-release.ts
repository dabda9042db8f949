import { applyObject, type Json, listJson, type Side } from '../cluster/client.ts';

/** What the chart of the mover makes for the side that is read, as far as it is told from others. */
export const makeRelease = async (
  side: Side,
  namespace: string,
  release: string,
  replicas = 1,
): Promise<void> => {
  const labels = { 'app.kubernetes.io/name': 'pv-migrate', 'app.kubernetes.io/instance': release };
  const metadata = { name: release, labels };
  const object = (apiVersion: string, kind: string, more: Json = {}): Json => ({
    apiVersion,
    kind,
    metadata,
    ...more,
  });
  const pod = {
    metadata: { labels },
    spec: {
      containers: [{ name: 'sshd', image: 'example.invalid/a' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'files' } }],
    },
  };
  for (const part of [
    object('apps/v1', 'Deployment', { spec: { replicas, selector: { matchLabels: labels }, template: pod } }),
    object('v1', 'Secret'),
    object('v1', 'ServiceAccount'),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `sh.helm.release.v1.${release}.v1`, labels: { owner: 'helm', name: release } },
      type: 'helm.sh/release.v1',
    },
  ])
    await applyObject(side, part, namespace);
};

/** The names of what is there of a release. */
export const partsOf = async (side: Side, namespace: string, release: string): Promise<string[]> => {
  const kinds = ['Deployment', 'Secret', 'ServiceAccount'];
  const lists = await Promise.all(kinds.map((kind) => listJson(side, kind, namespace)));
  return lists.flat().flatMap(({ metadata }) => (metadata.name.includes(release) ? [metadata.name] : []));
};
