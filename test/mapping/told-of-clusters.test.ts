import { expect, test } from 'vitest';
import { clusterMappingOf, remoteClusterOf } from '../../src/mapping/custom-resources.ts';
import { clusterMappingWarnings, remoteClusterWarnings } from '../../src/mapping/told-of-clusters.ts';

const metadata = { name: 'a', namespace: 'dr' };
const apiVersion = 'dr-syncer.io/v1alpha1';

test.each([
  [{}, []],
  [{ enabled: true }, ['pvcSync.enabled: true is not supported yet']],
  [{ ssh: { keySecretRef: { name: 'ca' } } }, ['pvcSync.ssh.keySecretRef is ignored']],
  [{ rsyncDaemonSet: { enabled: true } }, ['pvcSync.rsyncDaemonSet is ignored']],
  [
    { deployment: { hostNetwork: true, privileged: true } },
    ['more than they need: hostNetwork and privileged'],
  ],
  [{ deployment: { hostNetwork: false } }, []],
])('of a RemoteCluster with pvcSync %j is told %j', (pvcSync, sentences) => {
  const { spec } = remoteClusterOf({
    apiVersion,
    kind: 'RemoteCluster',
    metadata,
    spec: { inCluster: true, pvcSync },
  });
  expect(remoteClusterWarnings(spec)).toEqual(sentences.map((text) => expect.stringContaining(text)));
});

test('of a ClusterMapping its keys are told', () => {
  const clusters = { sourceCluster: 'a', targetCluster: 'b' };
  const told = (spec: typeof clusters & { sshKeySecretRef?: { name: string } }) =>
    clusterMappingWarnings(clusterMappingOf({ apiVersion, kind: 'ClusterMapping', metadata, spec }).spec);
  expect(told(clusters)).toEqual([]);
  expect(told({ ...clusters, sshKeySecretRef: { name: 'keys' } })).toEqual([
    'sshKeySecretRef is ignored; keys are made for each copy.',
  ]);
});
